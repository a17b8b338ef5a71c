"""Figures of a yes or no, one by one and for many draws at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.models.class_metrics import CLASS_METRICS, brier, calibration_slope, f1, marked, precision, recall


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 9]))
def test_draws_at_once_give_what_each_draw_gives(seed, digits):
    """Ties, repeated rows and rows that are left out included; bins of calibration part repeats and ties otherwise."""
    rng = np.random.default_rng(seed)
    chance = np.clip(np.round(rng.random(150), digits), 0.01, 0.99)
    truth = (rng.random(150) < chance).astype(np.float64)
    marks = marked(chance, chance >= 0.6)
    draws = [rng.integers(0, 150, 150) for _ in range(3)]
    times = np.array([np.bincount(rows, minlength=150) for rows in draws], np.float64)
    for metric in (metric for metric in CLASS_METRICS if metric.drawn is not None):
        one_by_one = [metric.of(truth[rows], marks[rows]) for rows in draws]
        loose = 1e-4
        if metric.name == "calibration_error":
            loose = 0.1 if digits > 1 else 1.0
        assert metric.drawn(truth, marks, times) == pytest.approx(one_by_one, abs=loose), metric.name


def test_precision_recall_and_f1_count_the_yeses():
    """Two of three yeses are right, two of four who did it are found."""
    truth, positive = np.array([1.0, 1, 1, 1, 0, 0]), np.array([1.0, 1, 0, 0, 1, 0])
    assert precision(truth, positive) == pytest.approx(2 / 3)
    assert recall(truth, positive) == 0.5
    assert f1(truth, positive) == pytest.approx(4 / 7)
    nobody = np.zeros(6)
    assert precision(truth, nobody) == recall(nobody, positive) == f1(nobody, nobody) == 0.0


def test_predictions_that_are_too_extreme_have_a_slope_below_one():
    """Log-odds twice as far out as they should be: one half."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=40_000)
    truth = (rng.random(40_000) < 1 / (1 + np.exp(-logits))).astype(np.float64)
    assert calibration_slope(truth, 1 / (1 + np.exp(-logits))) == pytest.approx(1.0, abs=0.05)
    assert calibration_slope(truth, 1 / (1 + np.exp(-2 * logits))) == pytest.approx(0.5, abs=0.03)


def test_a_slope_needs_two_classes_and_two_predictions():
    """Where there is nothing to tell, it is 0."""
    assert calibration_slope(np.ones(4), np.array([0.1, 0.2, 0.3, 0.4])) == 0.0
    assert calibration_slope(np.array([0.0, 1.0]), np.array([0.5, 0.5])) == 0.0


def test_brier_is_the_squared_error():
    """Nobody asked: nothing lost."""
    assert brier(np.array([1.0, 0.0]), np.array([0.5, 0.0])) == pytest.approx(0.125)
    assert brier(np.empty(0), np.empty(0)) == 0.0
