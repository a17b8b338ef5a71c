"""Each generator computes what its formula says and knows what it was made for."""

import numpy as np
import pytest
from scipy import sparse

from addressee.models.generators.content import Content, ContentFactors, NoTexts
from addressee.models.generators.ease import Ease, NotInvertible
from addressee.models.generators.factors import Als
from addressee.models.generators.frequency import PersonalFrequency
from addressee.models.generators.generator import About
from addressee.models.generators.lists import top_items
from addressee.models.generators.neighbours import ItemItem, UserUser
from addressee.models.generators.popularity import Popularity, TraitPopularity
from addressee.models.generators.threads import one_thread
from addressee.models.generators.walks import Rp3Beta
from tests.models.fitted_generators import fitted, part
from tests.models.takes import ITEMS_PER_TASTE, TASTES, takes


def test_ease_restores_what_its_closed_form_says():
    """B = I - P diag(1 / diag P), computed with numpy's general inverse."""
    matrix = part().kept.toarray().astype(np.float64)
    inverse = np.linalg.inv(matrix.T @ matrix + 20.0 * np.eye(matrix.shape[1]))
    expected = np.eye(matrix.shape[1]) - inverse / np.diag(inverse)
    np.testing.assert_allclose(fitted(Ease(20.0, double=True)).left, expected, atol=1e-9)
    np.testing.assert_allclose(fitted(Ease(20.0)).left, expected, atol=1e-4)


def test_ease_crosses_its_blocks():
    """More items than a block holds: the mirrored triangle is the inverse's."""
    rng = np.random.default_rng(0)
    matrix = sparse.random(300, 1_100, density=0.02, random_state=rng, format="csr", dtype=np.float64)
    weights = Ease(5.0, double=True).fit(matrix, rng=rng).left
    inverse = np.linalg.inv((matrix.T @ matrix).toarray() + 5.0 * np.eye(1_100))
    np.testing.assert_allclose(weights, np.eye(1_100) - inverse / np.diag(inverse), atol=1e-8)


def test_ease_without_regularisation_says_what_is_wrong():
    """Two items that nobody took make X'X singular."""
    with pytest.raises(NotInvertible, match="minor"):
        Ease(0.0).fit(sparse.csr_matrix((3, 2), dtype=np.float32), rng=np.random.default_rng(0))


def test_als_solves_for_a_person_as_the_library_does():
    """Folding in is `implicit`'s own `recalculate_user`, without the library."""
    from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415  # half a second that one test needs

    recipe = Als(4, 1.0, 2.0, 5)
    with one_thread():  # else the library warns of more
        library = AlternatingLeastSquares(factors=4, regularization=1.0, alpha=2.0, num_threads=1)
    library.item_factors = fitted(recipe).items
    asked = part().kept[:9].tocsr()
    people = library.recalculate_user(np.arange(9), asked)
    np.testing.assert_allclose(fitted(recipe).scores(asked), people @ fitted(recipe).items.T, atol=1e-3)


@pytest.mark.parametrize(("similarity", "expected"), [("cosine", 2 / (6**0.5 + 1)), ("jaccard", 2 / (2 + 3 - 2 + 1))])
def test_item_similarity_is_the_formula_shrunk(similarity, expected):
    """Items 0 and 1 have 2 and 3 takers, 2 of them in common; shrinkage 1."""
    matrix = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]], np.float32))
    weights = ItemItem(similarity, 1.0, 5).fit(matrix, rng=np.random.default_rng(0)).left
    assert weights[0, 1] == pytest.approx(expected)
    assert weights[0, 0] == 0.0


def test_a_walk_divides_by_degrees_and_popularity():
    """Two people, three items: item 0 -> person 0 (takes 2) -> item 1, taken by 2, to the power one half."""
    matrix = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32))
    weights = Rp3Beta(1.0, 0.5, 5).fit(matrix, rng=np.random.default_rng(0)).left
    assert weights[0, 1] == pytest.approx(1.0 * 0.5 / 2**0.5)
    assert weights[1, 0] == pytest.approx(0.5 * 0.5)


def test_somebodys_own_row_is_no_neighbour():
    """Otherwise everybody would be recommended what they took."""
    matrix = sparse.csr_matrix(np.array([[1, 1, 0], [1, 0, 1]], np.float32))
    scores = UserUser(5, 1.0).fit(matrix, rng=np.random.default_rng(0)).scores(matrix[0])
    np.testing.assert_allclose(scores, [[0.5, 0.0, 0.5]])


def test_traits_bring_cold_people_their_taste():
    """Nothing is known but a trait: the list is the taste's; without traits it is popularity."""
    nobody, taste = sparse.csr_matrix((TASTES, part().kept.shape[1])), sparse.identity(TASTES, format="csr")
    model = fitted(TraitPopularity(10.0))
    lists = top_items(model.scores(nobody, traits=taste), k=5)
    assert (lists // ITEMS_PER_TASTE == np.arange(TASTES)[:, None]).all()
    popular = top_items(fitted(Popularity()).scores(nobody), k=5)
    assert np.array_equal(top_items(model.scores(nobody), k=5), popular)


@pytest.mark.parametrize("recipe", [Content(), ContentFactors(4)], ids=lambda each: each.name)
def test_words_find_items_that_nobody_took_yet(recipe):
    """A column is emptied; people of its taste still get it scored above those of another taste."""
    matrix, about = takes()
    emptied = matrix.tolil()
    emptied[:, 0] = 0.0
    kept = emptied.tocsr()
    kept.eliminate_zeros()
    scores = recipe.fit(kept, rng=np.random.default_rng(0), about=about).scores(kept)[:, 0]
    liked = about.traits.toarray()[:, 0] > 0
    assert scores[liked].mean() > 2 * scores[~liked].mean()


@pytest.mark.parametrize("recipe", [Content(), ContentFactors(4)], ids=lambda each: each.name)
def test_items_without_words_are_refused(recipe):
    """Nothing can be compared."""
    with pytest.raises(NoTexts, match="no word"):
        recipe.fit(part().kept, rng=np.random.default_rng(0), about=About(texts=("",) * part().kept.shape[1]))


def test_popularity_looks_at_what_was_taken_lately():
    """Where decayed takes are given, they count."""
    matrix, _ = takes()
    lately = matrix.copy()
    lately.data *= np.where(lately.indices == 3, 100.0, 1.0).astype(np.float32)
    model = Popularity().fit(matrix, rng=np.random.default_rng(0), about=About(lately=lately))
    assert top_items(model.scores(matrix[:1]), k=1)[0, 0] == 3


def test_personal_frequency_ranks_own_takes_by_worth_and_the_rest_by_popularity():
    """What was taken twice comes first."""
    row = sparse.csr_matrix((np.array([1.0, 2.0], np.float32), ([0, 0], [5, 9])), (1, part().kept.shape[1]))
    lists = top_items(fitted(PersonalFrequency()).scores(row), k=3)
    assert lists[0, :2].tolist() == [9, 5]
