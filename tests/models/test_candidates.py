"""Candidates of a propensity: what each learns, how rows are weighed, and that all are served as they were trained."""

import numpy as np
import pytest

from addressee.models.balance import DOUBTED, Weighted, class_weights, isolation_weights, smote, z_score_weights
from addressee.models.candidates import Lesson, learn
from addressee.models.metrics import roc_auc
from addressee.models.packed import pack, unpack
from addressee.models.propensity import RECIPES
from addressee.models.recipe_search import SPACES, search_recipes
from addressee.models.scored_rows import answer_rows, explain_rows
from addressee.models.serving import SCORERS
from addressee.models.tuning import Budget

TREES = {"model": "trees", "rate": 0.2, "leaves": 7, "least": 20}
FOREST = {"model": "forest", "trees": 10, "least": 5}
LOGISTIC = {"model": "logistic", "c": 0.1}


def lesson(rows=600, *, seed=0, missing=0.05, categorical=()):
    """Return rows whose label hangs on two features together, with a rare yes, gaps, and a category."""
    rng = np.random.default_rng(seed)
    features = np.column_stack([rng.normal(size=(rows, 4)), rng.integers(0, 5, rows)])
    logit = 2.0 * features[:, 0] - 1.5 + features[:, 1] + (features[:, 4] == 2)
    labels = rng.random(rows) < 1 / (1 + np.exp(-logit))
    features[rng.random(features.shape) < missing] = np.nan
    return Lesson(features, labels, np.ones(rows), categorical)


@pytest.mark.parametrize("recipe", [*RECIPES[:3], TREES, FOREST], ids=str)
@pytest.mark.parametrize("more", [{}, {"balance": "weights"}, {"balance": "smote"}, {"outliers": "isolation_forest"}])
def test_every_candidate_learns_and_is_served_as_it_scores(recipe, more):
    """Whatever is done about balance and outliers; the same seed gives the same arrays."""
    given, asked = lesson(), lesson(100, seed=1)
    fitted = learn({**recipe, **more}, given, seed=3, held=asked)
    again = learn({**recipe, **more}, given, seed=3, held=asked)
    assert pack(again.sections) == pack(fitted.sections)
    said = answer_rows(fitted, asked.features)
    assert roc_auc(asked.labels.astype(float), said) > 0.75
    model = SCORERS[fitted.family](unpack(pack(fitted.sections)), fitted.settings)
    assert [model.score(row) for row in asked.features.tolist()] == pytest.approx(said.tolist(), abs=1e-9)


@pytest.mark.parametrize("choices", [{"impute": "knn"}, {"far": True}, {"scale": "minmax"}, {"categories": "target"}])
def test_contributions_of_prepared_columns_add_up(choices):
    """Bias and contributions are the log-odds; what a feature's several columns give is told as one."""
    given = lesson(categorical=[4])
    fitted = learn({**LOGISTIC, **choices}, given, seed=3)
    model = SCORERS["prepared_logistic"](fitted.sections, fitted.settings)
    rows = given.features[:20]
    odds = [model.expected + sum(model.explain(row)) for row in rows.tolist()]
    said = answer_rows(fitted, rows)
    far = 0.0 if "far" not in choices else abs(fitted.sections["weight"][-1])
    assert odds == pytest.approx(np.log(said / (1 - said)).tolist(), abs=1e-9 + far)


def test_trees_know_categories():
    """A level is told from the others, not put in their order."""
    given = lesson(2_000, categorical=[4])
    fitted = learn({**TREES, "least": 5}, given, seed=3, held=lesson(400, seed=1, categorical=[4]))
    assert len(fitted.sections["category_end"]) > 0
    assert explain_rows(fitted, given.features[:3]).shape == (3, 5)


def test_boosting_stops_where_the_later_rows_gain_nothing():
    """And takes as many rounds as it is told where there is nothing to stop by."""
    assert learn(TREES, lesson(), seed=3, held=lesson(seed=2)).settings["rounds"] < 100
    assert learn({**TREES, "rounds": 7}, lesson(), seed=3).settings["rounds"] == 7


def test_both_classes_count_alike_under_class_weights():
    """The weights of the two classes add up to the same, their mean is 1."""
    labels = np.array([True, False, False, False])
    weights = class_weights(labels)
    assert weights[labels].sum() == pytest.approx(weights[~labels].sum())
    assert weights.mean() == pytest.approx(1.0)


def test_smote_makes_the_classes_equally_many():
    """Made-up rows lie between rows of the rarer class and count for its mean; one row alone has no neighbour."""
    rng = np.random.default_rng(0)
    columns, labels = rng.normal(size=(60, 2)), np.arange(60) < 12
    columns[labels] += 5.0
    rows = smote(Weighted(columns, labels, np.where(labels, 2.0, 1.0)), seed=1)
    assert (rows.labels.sum(), (~rows.labels).sum()) == (48, 48)
    assert (rows.columns[60:] > columns[labels].min(axis=0)).all()
    assert set(rows.weights[60:]) == {2.0}
    alone = Weighted(columns, np.arange(60) < 1, np.ones(60))
    assert smote(alone, seed=1) is alone


def test_smote_makes_up_no_category():
    """A made-up row has a level that somebody has; trees fill a missing one with none."""
    rng = np.random.default_rng(0)
    labels = np.arange(80) < 16
    columns = np.column_stack([rng.normal(size=80), rng.choice([1.0, 5.0, 9.0], 80)])
    rows = smote(Weighted(columns, labels, np.ones(80)), seed=1, codes=[1])
    assert set(rows.columns[80:, 1]) <= {1.0, 5.0, 9.0}
    fitted = learn({**TREES, "least": 5, "balance": "smote"}, lesson(categorical=[4]), seed=3, held=lesson(seed=2))
    assert fitted.family == "trees"


@pytest.mark.parametrize("recipe", [LOGISTIC, {**LOGISTIC, "categories": "target"}], ids=str)
def test_a_category_with_one_level_is_left_to_the_plain_model(recipe):
    """It tells nothing: the plain regression gives it no weight, whatever its code is later."""
    given = lesson(missing=0.0, categorical=[4])
    given.features[:, 4] = 0.0
    fitted = learn(recipe, given, seed=3)
    assert fitted.family == "logistic"
    other = given.features[:9].copy()
    other[:, 4] = 600.0
    assert answer_rows(fitted, other).tolist() == answer_rows(fitted, given.features[:9]).tolist()


def test_a_forest_takes_codes_as_numbers_and_target_rates_are_served():
    """Both learn from the category, and are served as they score."""
    given, asked = lesson(2_000, categorical=[4]), lesson(60, seed=1, categorical=[4])
    for recipe, family in ((FOREST, "forest"), ({**LOGISTIC, "categories": "target"}, "prepared_logistic")):
        fitted = learn(recipe, given, seed=3)
        model = SCORERS[fitted.family](unpack(pack(fitted.sections)), fitted.settings)
        said = [model.score(row) for row in asked.features.tolist()]
        assert fitted.family == family
        assert said == pytest.approx(answer_rows(fitted, asked.features).tolist(), abs=1e-9)


def test_rows_far_out_count_less():
    """Both ways of finding them see a planted one; few others are doubted."""
    columns = np.random.default_rng(0).normal(size=(400, 3))
    columns[7] = 30.0
    for weigh in (z_score_weights, isolation_weights):
        weights = weigh(columns, seed=1)
        assert weights[7] == DOUBTED
        assert (weights < 1.0).mean() < 0.05


def test_tuning_finds_the_same_recipes_again():
    """Counted in trials and seeded: one best recipe a family, each trial's figure told; what is found is not worse."""
    early, held = lesson(300), lesson(200, seed=1)
    found = search_recipes(early, held, budget=Budget(trials=2), seed=5)
    assert found == search_recipes(early, held, budget=Budget(trials=2), seed=5)
    assert [recipe["model"] for recipe in found.recipes] == [space.fixed["model"] for space in SPACES]
    assert found.said.count("2 trials") == len(SPACES)
    assert "clock" not in found.said


def test_a_search_that_the_clock_ends_says_so():
    """The guard makes runs differ, so the card must tell."""
    found = search_recipes(lesson(300), lesson(200, seed=1), budget=Budget(trials=50, seconds=0.03), seed=5)
    assert "ended by the clock" in found.said
