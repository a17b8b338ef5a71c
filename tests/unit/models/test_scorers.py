"""Scorers on parameters made by hand: contributions, calibration, tiers, refusals."""

from array import array
from math import exp, inf, log, log1p, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.models.group_tiers import thresholds_of
from addressee.models.scorers import (
    SCORER_FAMILIES,
    Logistic,
    WrongFeatures,
    calibration,
    log_odds,
    sigmoid,
    thresholds,
    tier,
)

SECTIONS = {
    "weight": array("d", [2.0, -1.0]),
    "mean": array("d", [0.5, 1.0]),
    "scale": array("d", [1.0, 2.0]),
    "bias": array("d", [0.25]),
}
ISOTONIC = array("d", [0.2, 0.4, 0.6, 0.1, 0.5, 0.5])


def test_a_logistic_score_is_the_sum_of_its_explanation():
    """Expected log-odds and contributions; a gap contributes nothing."""
    model = Logistic(SECTIONS, {"features": 2})
    given_ = model.explain([3.0, -4.0])
    assert given_ == pytest.approx([2.0 * (log1p(3.0) - 0.5), -1.0 * (-log1p(4.0) - 1.0) / 2.0])
    assert model.score([3.0, -4.0]) == pytest.approx(sigmoid(model.expected + sum(given_)))
    assert model.explain([nan, nan]) == [0.0, 0.0]
    with pytest.raises(WrongFeatures):
        model.explain([1.0])


def test_platts_numbers_act_on_the_log_odds():
    """A slope of 1 and a shift of 0 change nothing."""
    assert calibration({"calibration": array("d", [1.0, 0.0])})(0.3) == pytest.approx(0.3)
    assert calibration({"calibration": array("d", [2.0, 1.0])})(0.3) == pytest.approx(sigmoid(2 * log(0.3 / 0.7) + 1))
    assert calibration({})(0.3) == 0.3


@pytest.mark.parametrize(("said", "meant"), [(0.0, 0.1), (0.2, 0.1), (0.3, 0.3), (0.4, 0.5), (0.5, 0.5), (1.0, 0.5)])
def test_isotonic_steps_are_joined_by_lines(said, meant):
    """Outside of the places the ends hold."""
    assert calibration({"calibration": ISOTONIC})(said) == pytest.approx(meant)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_calibration_turns_no_order_around(numbers, one, other):
    """Who was likelier stays at least as likely."""
    places = sorted(set(numbers))
    values = [place**2 for place in places]
    if len(places) < 2:
        return
    calibrate = calibration({"calibration": array("d", [*places, *values])})
    low, high = sorted([one, other])
    assert calibrate(low) <= calibrate(high) + 1e-12


@pytest.mark.parametrize("numbers", [[0.1], [0.1, 0.2, 0.3], [0.4, 0.2, 0.1, 0.2], [0.2, 0.4, 0.2, 0.1]])
def test_a_calibration_that_is_no_rising_map_is_refused(numbers):
    """Numbers missing, places out of order, values that fall."""
    with pytest.raises(ValueError, match="calibration"):
        calibration({"calibration": array("d", numbers)})


def test_a_models_calibration_counts_in_its_score():
    """Every family reads the section."""
    model = Logistic({**SECTIONS, "calibration": array("d", [0.0, 1.0, 0.0, 0.5])}, {"features": 2})
    assert model.score([3.0, 0.0]) == pytest.approx(Logistic(SECTIONS, {"features": 2}).score([3.0, 0.0]) / 2)


def test_tiers_are_the_bundles_or_the_usual_ones():
    """The highest first, whatever the order in which they were written."""
    assert thresholds({}) == {"high": 0.75, "medium": 0.4}
    own = thresholds({"thresholds": {"medium": 0.1, "high": 0.2}})
    assert list(own) == ["high", "medium"]
    assert [tier(score, own) for score in (0.05, 0.15, 0.25)] == ["low", "medium", "high"]


def test_tiers_begin_at_the_threshold_of_somebodys_group():
    """By what they declared of the mitigation's traits; in no group or an unknown one, where they do for everybody."""
    groups = {"19 / f": {"high": 0.3, "medium": 0.1}, " / m": {"medium": 0.2, "high": 0.5}}
    least = thresholds({"group_tiers": groups, "group_traits": ["age", "gender"]})
    assert least == {"high": 0.75, "medium": 0.4}
    assert thresholds_of(least, {"age": 19, "gender": "f", "city": "x"}) == groups["19 / f"]
    assert list(thresholds_of(least, {"gender": "m"})) == ["high", "medium"]
    assert tier(0.35, thresholds_of(least, {"age": "19", "gender": "f"})) == "high"
    for other in ({}, {"age": 20, "gender": "f"}, {"age": "19"}, {"city": "x"}):
        assert thresholds_of(least, other) == {"high": 0.75, "medium": 0.4}
    plain = thresholds({})
    assert thresholds_of(plain, {"age": 19}) is plain


@pytest.mark.parametrize("probability", [0.0, 1.0, 0.5, 1e-300])
def test_log_odds_are_finite(probability):
    """Certainty is taken for nearly so."""
    assert -inf < log_odds(probability) < inf
    assert sigmoid(log_odds(probability)) == pytest.approx(probability, abs=1e-14)


def stump(**given_):
    """Make two trees: one node of feature 0 at 1.5, and a single leaf."""
    leaf = 1 << 31
    sections = {
        "root": array("I", [0, leaf + 2]),
        "feature": array("H", [0]),
        "flags": array("B", [1]),
        "child": array("I", [leaf + 1, leaf]),
        "threshold": array("d", [1.5]),
        "left_share": array("d", [0.25]),
        "leaf": array("d", [0.2, 0.6, 0.4]),
        "category_end": array("I"),
        "category_bits": array("I"),
        "expected": array("d", [0.9]),
        "quadrature": array("d", [0.5, 1.0]),
    }
    return {**sections, **given_}


@pytest.mark.parametrize(
    ("objective", "link", "tiers"), [("sigmoid", sigmoid, 2), ("identity", float, 0), ("exp", exp, 0)]
)
def test_boosted_trees_add_up_and_take_the_objectives_link(objective, link, tiers):
    """A gap goes left here; the explanation adds up to the sum."""
    settings = {"features": 2, "objective": objective, "slope": 1.0, "divisor": 1}
    model = SCORER_FAMILIES["trees"](stump(), settings)
    assert [model.score([value, 0.0]) for value in (1.5, 1.6, nan)] == pytest.approx(
        [link(0.2 + 0.4), link(0.6 + 0.4), link(0.2 + 0.4)]
    )
    assert model.explain([1.0, 0.0]) == pytest.approx([-0.3, 0.0])
    assert model.expected == 0.9
    assert len(model.thresholds) == tiers
    with pytest.raises(WrongFeatures):
        model.score([1.0])


def test_a_forest_is_the_mean_of_its_trees():
    """A chance is explained in log-odds, an amount in its own unit; values are read as float32."""
    settings = {"features": 2, "objective": "probability", "slope": 1.0, "divisor": 2}
    chance = SCORER_FAMILIES["forest"](stump(), settings)
    amount = SCORER_FAMILIES["forest"](stump(), {**settings, "objective": "identity"})
    assert [chance.score([value, 0.0]) for value in (1.5 + 1e-12, 2.0)] == pytest.approx([0.3, 0.5])
    assert chance.expected + sum(chance.explain([2.0, 0.0])) == pytest.approx(log_odds(0.5))
    assert amount.expected + sum(amount.explain([2.0, 0.0])) == pytest.approx(0.5)
    assert (len(chance.thresholds), len(amount.thresholds)) == (2, 0)
