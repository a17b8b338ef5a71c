"""How generators are compared on hidden takes, blended, pooled and ranked."""

import numpy as np
from scipy import sparse

from addressee.models.generators.blend import Blend, tuned_blend
from addressee.models.generators.ease import Ease
from addressee.models.generators.generator import About, Recipe
from addressee.models.generators.hidden import hide, tune
from addressee.models.generators.lists import NONE
from addressee.models.generators.pool import pool_of, spread
from addressee.models.generators.popularity import Popularity
from addressee.models.generators.stack import Stack, feature_names
from addressee.models.generators.walks import Rp3Beta
from tests.models.fitted_generators import BLEND, fitted, part
from tests.models.takes import TASTES, takes


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
