"""One contract for all generators: seeded, the same for any rows, better than popularity on tastes."""

import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from scipy import sparse

from addressee.models.generators.blend import Blend, NotLinear, tuned_blend
from addressee.models.generators.content import Content, ContentFactors, NoTexts
from addressee.models.generators.ease import Ease, NotInvertible
from addressee.models.generators.factors import Als, PureSvd
from addressee.models.generators.frequency import PersonalFrequency
from addressee.models.generators.generator import About, Fitted, ItemModel, Recipe, dense
from addressee.models.generators.hidden import Hidden, hide, tune
from addressee.models.generators.lists import NONE, diverse, top_items
from addressee.models.generators.matrices import binary, purchase_matrix
from addressee.models.generators.neighbours import ItemItem, UserUser
from addressee.models.generators.pool import pool_of, spread
from addressee.models.generators.popularity import Popularity, TraitPopularity
from addressee.models.generators.stack import Stack, feature_names
from addressee.models.generators.walks import Rp3Beta
from tests.models.generated import AS_OF_DAY, generate
from tests.models.takes import ITEMS_PER_TASTE, TASTES, takes

BLEND = Blend((Ease(20.0), Rp3Beta(), Popularity()), (1.0, 0.5, 0.1))
LINEAR: list[Recipe] = [
    ItemItem(),
    ItemItem("jaccard", 0.0, 20),
    Ease(20.0),
    Ease(20.0, double=True),
    Rp3Beta(),
    PureSvd(4),
    Content(),
    ContentFactors(4),
    BLEND,
]
PERSONAL: list[Recipe] = [
    *LINEAR,
    UserUser(40, 2.0),
    Als(4, 1.0, 2.0, 5),
    Blend((Ease(20.0), UserUser(40)), (1.0, 1.0)),
    Stack(BLEND, rounds=20, least_in_leaf=20, folds=2, width=30),
    Stack(BLEND, objective="binary", rounds=20, least_in_leaf=20, folds=2, width=30),
]
ALL: list[Recipe] = [*PERSONAL, Popularity(), TraitPopularity(10.0), PersonalFrequency()]


@cache
def part() -> Hidden:
    """Return a hidden part of the generated takes."""
    matrix, about = takes()
    return hide(matrix, share=0.25, rng=np.random.default_rng(1), about=about)


@cache
def fitted(recipe: Recipe) -> Fitted:
    """Fit once for all tests."""
    return recipe.fit(part().kept, rng=np.random.default_rng(3), about=part().about)


def named(recipes: list[Recipe]) -> pytest.MarkDecorator:
    """Parametrise over recipes."""
    return pytest.mark.parametrize("recipe", recipes, ids=lambda each: f"{each.name}-{ALL.index(each)}")


@named(ALL)
def test_a_refit_with_the_same_seed_gives_the_same_scores(recipe):
    """Bit for bit: bundles are compared by hash."""
    again = recipe.fit(part().kept, rng=np.random.default_rng(3), about=part().about)
    assert np.array_equal(part().answers(again), part().answers(fitted(recipe)))


@named(ALL)
def test_scores_are_finite_float32_of_each_row_and_item(recipe):
    """The shape of the interface, for nobody and for one person without any take, too."""
    items = part().kept.shape[1]
    for rows in (part().rows, part().rows[:0], sparse.csr_matrix((1, items), dtype=np.float32)):
        scores = fitted(recipe).scores(rows)
        assert scores.dtype == np.float32
        assert scores.shape == (rows.shape[0], items)
        assert np.isfinite(scores).all()


@named(ALL)
def test_a_person_gets_the_same_scores_alone_and_among_others(recipe):
    """Scores depend on the row alone."""
    traits = part().about.traits
    alone = fitted(recipe).scores(part().kept[7], traits=traits[7])
    among = fitted(recipe).scores(part().kept[:20], traits=traits[:20])
    np.testing.assert_allclose(alone[0], among[7], rtol=1e-4, atol=1e-5)


@named(PERSONAL)
def test_what_knows_the_person_finds_more_than_popularity(recipe):
    """Tastes are planted; popularity cannot know them."""
    popular = part().ndcg(part().answers(fitted(Popularity()))).mean()
    assert part().ndcg(part().answers(fitted(recipe))).mean() > popular * 1.2


@named(LINEAR)
def test_item_weights_serve_the_same_scores(recipe):
    """With every neighbour kept, the sum over what was taken is the model, but for an item's weight for itself."""
    model = fitted(recipe)
    assert isinstance(model, ItemModel)
    kept = model.item_item(top=model.size)
    assert not kept.diagonal().any()
    square = model.block(0, model.size)
    np.fill_diagonal(square, 0.0)
    np.testing.assert_allclose(dense(kept), square, atol=1e-6)
    assert np.diff(model.item_item(top=5).indptr).max() <= 5


def test_a_blend_serves_from_item_weights_and_a_bias():
    """Popularity is no sum over takes; it stands apart."""
    model, rows = fitted(BLEND), part().rows
    served = dense(rows @ model.block(0, model.size)) + model.bias
    np.testing.assert_allclose(served, model.scores(rows), rtol=1e-4, atol=1e-4)
    assert fitted(Blend((Ease(20.0),), (1.0,))).bias is None


def test_a_blend_with_people_in_it_has_no_item_weights():
    """It is refused with the parts' names."""
    with pytest.raises(NotLinear, match="Neighbourhood"):
        fitted(Blend((Ease(20.0), UserUser(40)), (1.0, 1.0))).item_item(top=5)


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


def test_a_purchase_loses_half_its_worth_in_a_half_life():
    """Lines of one product add up; without a half-life each counts 1."""
    tables = generate(people=30)
    purchases = tables.interactions
    shape = (30, len(tables.items.ids))
    plain = purchase_matrix(purchases, shape, day=AS_OF_DAY)
    decayed = purchase_matrix(purchases, shape, day=AS_OF_DAY, half_life_days=30.0)
    assert plain.sum() == len(purchases.day)
    expected = (0.5 ** ((AS_OF_DAY - purchases.day) / 30.0)).sum()
    assert decayed.sum() == pytest.approx(expected, rel=1e-5)
    assert (binary(plain).data == 1.0).all()


def test_hiding_takes_the_share_of_each_row_and_leaves_one():
    """Kept and hidden together are the matrix; what was taken lately is hidden with it."""
    matrix, about = takes()
    about = About(about.texts, about.traits, lately=matrix * 0.5)
    parted = hide(matrix, share=0.25, rng=np.random.default_rng(0), about=about)
    assert abs(parted.kept + parted.hidden - matrix).sum() == 0
    sizes = np.diff(matrix.indptr)
    assert np.array_equal(np.diff(parted.hidden.indptr), np.minimum(np.rint(0.25 * sizes), sizes - 1))
    assert parted.about.lately.nnz == parted.kept.nnz
    all_of_it = hide(matrix, share=1.0, rng=np.random.default_rng(0))
    assert (np.diff(all_of_it.kept.indptr) == np.minimum(sizes, 1)).all()


def test_tuning_puts_the_better_recipe_first():
    """Even when it comes last in the list."""
    tuned = tune([Popularity(), Ease(20.0)], [part()], seed=0)
    assert [each.recipe.name for each in tuned] == ["ease", "popularity"]
    assert tuned[0].ndcg > tuned[1].ndcg


def test_a_tuned_blend_drops_what_does_not_help_and_finds_at_least_as_much():
    """On the parts on which it was tuned it is not worse than equal weights."""
    parts: list[Recipe] = [Ease(20.0), Popularity(), Rp3Beta()]
    tuned = tuned_blend(parts, [part()], seed=0)
    equal = Blend(tuple(parts), (1.0, 1.0, 1.0))
    found = [part().ndcg(part().answers(fitted(each))).mean() for each in (tuned, equal)]
    assert found[0] >= found[1] - 0.005
    assert set(tuned.used) <= set(parts)
    assert all(tuned.weights)


def test_a_blend_fits_no_part_without_weight():
    """A part of weight 0 costs nothing."""
    blend = Blend((Ease(20.0), Popularity()), (1.0, 0.0))
    assert blend.used == (Ease(20.0),)
    assert len(fitted(blend).parts) == 1


def test_a_pool_counts_only_what_is_in_it():
    """Short pools end in places that hit nothing; the candidates are what the weights choose."""
    models = [fitted(Ease(20.0)), fitted(Popularity())]
    pool = pool_of(part(), models, weights=[1.0, 0.0], width=500)
    assert pool.items.shape[1] == part().kept.shape[1]
    assert (pool.items == NONE).any()
    whole = part().ndcg(part().answers(models[0]))
    np.testing.assert_allclose(pool.ndcg([1.0, 0.0]).mean(), whole.mean(), atol=1e-3)


def test_constant_scores_have_the_spread_one():
    """Nothing is divided by 0."""
    empty = sparse.csr_matrix((4, 3), dtype=np.float32)
    assert spread(Popularity().fit(empty, rng=np.random.default_rng(0)), empty) == 1.0


def test_the_ranker_reads_the_features_that_it_names():
    """Names and columns are counted alike."""
    stack = Stack(BLEND, width=10)
    examples = stack.examples(part(), seed=0)
    assert examples.table.features.shape[2] == len(feature_names(stack, TASTES))
    assert examples.hits.any()


def test_lists_leave_out_what_was_taken_and_end_in_none():
    """Ties go by item."""
    scores = np.array([[1.0, 3.0, 3.0, 0.0]], np.float32)
    seen = sparse.csr_matrix(np.array([[0, 1, 0, 0]], np.float32))
    assert top_items(scores, k=2).tolist() == [[1, 2]]
    assert top_items(scores, k=5, seen=seen).tolist() == [[2, 0, 3, NONE, NONE]]
    assert top_items(scores, k=0).shape == (1, 0)


def test_marginal_relevance_trades_the_score_for_difference():
    """The second of a kind gives way; trade 1 changes nothing, and nothing chosen from nothing is nothing."""
    alike = np.eye(3)
    alike[0, 1] = alike[1, 0] = 1.0
    items, relevance = np.array([0, 1, 2], np.int32), np.array([1.0, 0.9, 0.5])
    assert diverse(items, relevance, alike, k=3, trade=1.0).tolist() == [0, 1, 2]
    assert diverse(items, relevance, alike, k=2, trade=0.5).tolist() == [0, 2]
    assert diverse(items, np.ones(3), alike, k=3, trade=0.5).tolist() == [0, 2, 1]
    assert diverse(items[:0], relevance[:0], alike, k=3, trade=0.5).tolist() == []


def test_the_package_loads_scipy_alone():
    """The learners come with the first fit."""
    modules = "blend content ease factors frequency hidden lists matrices neighbours popularity pool stack walks"
    names = ", ".join(f"addressee.models.generators.{each}" for each in modules.split())
    absent = ("sklearn", "lightgbm", "implicit")
    program = f"import sys, {names}; print([name for name in {absent!r} if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "layers/core/python"},
    )
    assert answer.stdout.strip() == "[]"
