"""Uplift's figures on orders that can be checked by hand."""

import numpy as np
import pytest

from addressee.models.metrics_uplift import qini, uplift_at

BOUGHT = np.array([1, 0, 1, 0, 0, 1, 0, 1], float)
MAILED = np.array([1, 0, 1, 0, 1, 0, 1, 0], float)
PERFECT = BOUGHT * MAILED - BOUGHT * (1 - MAILED)
"""Who bought for the mail first, who bought without one last."""


def test_the_best_order_has_one_and_its_reverse_is_below_zero():
    """No order that the outcomes allow is better; the reverse is worse than chance."""
    assert qini(BOUGHT, MAILED, PERFECT) == pytest.approx(1.0)
    assert qini(BOUGHT, MAILED, -PERFECT) < 0.0


def test_no_order_at_all_has_none():
    """People of equal score are one step: a straight line."""
    assert qini(BOUGHT, MAILED, np.zeros(8)) == 0.0


def test_the_curve_is_radcliffes():
    """Pairs of one mailed and one held out gain 1, 2, 1 and 0 in all: an area of 1 + 3 + 3 + 1 above the line at 0.

    The perfect order gains 2 with the first two, nothing more with the next four, and loses 2 with the last: 12.
    """
    scores = np.repeat([4.0, 3.0, 2.0, 1.0], 2)
    assert qini(BOUGHT, MAILED, scores) == pytest.approx(8 / 12)


def test_what_is_missing_makes_it_zero():
    """Without one of the groups, or without a purchase, there is nothing to compare."""
    for bought, mailed in ((BOUGHT, np.ones(8)), (BOUGHT, np.zeros(8)), (np.zeros(8), MAILED)):
        assert qini(bought, mailed, PERFECT) == 0.0
    assert qini(np.empty(0), np.empty(0), np.empty(0)) == uplift_at(np.empty(0), np.empty(0), np.empty(0)) == 0.0


def test_uplift_among_the_best_is_the_difference_of_two_rates():
    """The best half: two mailed, both bought; two held out, none did. Of all: as many bought in both groups."""
    scores = np.repeat([4.0, 3.0, 2.0, 1.0], 2)
    assert uplift_at(BOUGHT, MAILED, scores, share=0.5) == pytest.approx(1.0)
    assert uplift_at(BOUGHT, MAILED, scores, share=1.0) == pytest.approx(0.0)


def test_on_a_border_of_equals_everybody_counts_alike():
    """A random order's best 30 % gain what all gain, whatever the rows' order."""
    overall = uplift_at(BOUGHT, MAILED, np.zeros(8), share=1.0)
    assert uplift_at(BOUGHT, MAILED, np.zeros(8), share=0.3) == pytest.approx(overall)
    assert uplift_at(BOUGHT, np.ones(8), np.zeros(8), share=0.3) == 0.0


def test_a_row_that_weighs_two_counts_as_two_rows():
    """Of each figure, ties and borders included."""
    rng = np.random.default_rng(1)
    scores, weights = rng.integers(0, 3, 8).astype(float), rng.integers(1, 4, 8)
    often = [np.repeat(values, weights) for values in (BOUGHT, MAILED, scores)]
    for figure in (qini, uplift_at):
        assert figure(BOUGHT, MAILED, scores, weights=weights.astype(float)) == pytest.approx(figure(*often))


def test_the_order_of_the_rows_does_not_matter():
    """Ties are not broken by place."""
    rng = np.random.default_rng(0)
    scores, order = rng.integers(0, 3, 8).astype(float), rng.permutation(8)
    for figure in (qini, uplift_at):
        assert figure(BOUGHT[order], MAILED[order], scores[order]) == pytest.approx(figure(BOUGHT, MAILED, scores))
