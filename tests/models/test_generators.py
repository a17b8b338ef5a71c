"""One contract for all generators: seeded, the same for any rows, better than popularity on tastes."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from addressee.models.generators.blend import Blend, NotLinear
from addressee.models.generators.ease import Ease
from addressee.models.generators.generator import ItemModel, dense
from addressee.models.generators.lists import NONE, diverse, top_items
from addressee.models.generators.matrices import binary, purchase_matrix
from addressee.models.generators.neighbours import UserUser
from addressee.models.generators.popularity import Popularity
from tests.models.fitted_generators import ALL, BLEND, LINEAR, PERSONAL, fitted, named, part
from tests.models.generated import AS_OF_DAY, generate


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
