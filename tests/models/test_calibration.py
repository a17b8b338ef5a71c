"""Calibration maps and thresholds, fitted on rows that a model did not see."""

from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.models.calibration import (
    AS_IT_IS,
    apply,
    calibration_section,
    fit_calibration,
    fit_isotonic,
    fit_platt,
)
from addressee.models.metrics import log_loss
from addressee.models.scorers import calibration
from addressee.models.thresholds import RULES, tuned_thresholds


def scored(section, said):
    """Return what serving makes of a probability."""
    return calibration({"calibration": section})(said)


def told(rows, *, twist, seed=0):
    """Return probabilities that are off by a twist of the log-odds, and what happened."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=rows)
    return 1 / (1 + np.exp(-twist(logits))), rng.random(rows) < 1 / (1 + np.exp(-logits))


def test_what_is_well_calibrated_stays_as_it_is():
    """No map is better than none by the margin."""
    name, found = fit_calibration(*told(3_000, twist=lambda logit: logit))
    assert (name, len(found)) == ("none", 0)
    assert calibration_section(found) == {}


def test_platt_undoes_a_stretch_and_a_shift():
    """Slope and shift are found again."""
    said, happened = told(4_000, twist=lambda logit: 2.0 * logit + 1.0)
    name, found = fit_calibration(said, happened)
    assert name == "platt"
    assert found == pytest.approx([0.5, -0.5], abs=0.1)


def test_isotonic_of_one_probability_is_its_rate():
    """A model that says the same of everybody: one place with its value is not taken for slope and shift."""
    said, happened = np.full(4_000, 0.05), np.arange(4_000) % 2 == 0
    name, found = fit_calibration(said, happened)
    assert name == "isotonic"
    assert apply(found, np.array([0.01, 0.05, 0.9])) == pytest.approx([0.5] * 3)
    assert [scored(array("d", found), each) for each in (0.01, 0.05, 0.9)] == pytest.approx([0.5] * 3)


def test_isotonic_undoes_what_no_line_does():
    """With many rows of both classes, a step is found."""
    said, happened = told(20_000, twist=lambda logit: np.where(logit > 0, 4.0, -4.0) + 0.1 * logit)
    name, found = fit_calibration(said, happened)
    assert name in {"platt", "isotonic"}
    said, happened = told(20_000, twist=lambda logit: logit**3 + 2.0 * (logit > 0.5))
    name, found = fit_calibration(said, happened)
    assert name == "isotonic"
    assert log_loss(happened * 1.0, apply(found, said)) < log_loss(
        happened * 1.0, apply(fit_platt(said, happened), said)
    )


def test_few_rows_are_no_ground_for_a_map():
    """Fifty people, or one yes, leave the probabilities alone."""
    said, happened = told(50, twist=lambda logit: 3.0 * logit)
    assert fit_calibration(said, happened)[0] == "none"
    assert fit_calibration(np.full(400, 0.4), np.arange(400) == 3)[0] == "none"


def test_an_order_is_never_turned_round():
    """A model that is worse than chance on the later rows keeps its order."""
    said, happened = told(2_000, twist=lambda logit: -logit)
    assert fit_platt(said, happened) is AS_IT_IS


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.sampled_from([fit_platt, fit_isotonic]))
def test_a_map_rises_and_serving_applies_the_same(seed, fit):
    """Ascending for all probabilities, 0 and 1 included; equal in numpy and in `scorers`."""
    said, happened = told(300, twist=lambda logit: 2.0 * logit + 1.0, seed=seed)
    found = fit(said, happened)
    asked = np.sort(np.concatenate([[0.0, 1.0], said]))
    answers = apply(found, asked)
    assert (np.diff(answers) >= 0).all()
    serve = calibration(calibration_section(found))
    assert [serve(each) for each in asked.tolist()] == pytest.approx(answers.tolist(), abs=1e-8)


def test_thresholds_are_where_their_rules_say():
    """Six people, told by hand."""
    said = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.2])
    labels = np.array([True, True, False, True, False, False])
    found = tuned_thresholds(said, labels, wanted_precision=1.0)
    assert found["precision"] == {"at": 0.8, "precision": 1.0, "recall": pytest.approx(2 / 3, abs=1e-6)}
    assert found["best_f1"]["at"] == 0.6
    assert found["youden"]["at"] in {0.8, 0.6}
    assert set(found) == set(RULES)


def test_a_precision_that_is_never_reached_has_no_threshold():
    """Then the rule is left out; nobody asked gives no thresholds at all."""
    assert "precision" not in tuned_thresholds(np.array([0.9, 0.1]), np.array([False, True]), wanted_precision=0.9)
    assert tuned_thresholds(np.empty(0), np.empty(0, np.bool_)) == {}


def test_people_with_the_same_probability_are_all_in_or_out():
    """A threshold counts every tie."""
    found = tuned_thresholds(np.array([0.5, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))
    assert found["best_f1"] == {"at": 0.5, "precision": pytest.approx(2 / 3, abs=1e-6), "recall": 1.0}
