"""Intervals beside scipy's and published examples, and at their edges."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from addressee.feedback.intervals import (
    Estimate,
    Sample,
    Share,
    newcombe,
    sample_ratio,
    skewness_of_difference,
    student,
    welch,
    wilson,
)

SHARES = st.integers(1, 5_000).flatmap(lambda of: st.builds(Share, st.integers(0, of), st.just(of)))


@given(SHARES)
def test_wilson_equals_scipy(share):
    """The score interval without continuity correction, at both edges too."""
    reference = stats.binomtest(share.hits, share.of).proportion_ci(0.95, "wilson")
    estimate = wilson(share)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx(
        (share.hits / share.of, reference.low, reference.high), abs=1e-12
    )


@pytest.mark.parametrize(
    ("share", "control", "ends"),
    [
        (Share(56, 70), Share(48, 80), (0.0524, 0.3339)),
        (Share(9, 10), Share(3, 10), (0.1705, 0.8090)),
        (Share(10, 10), Share(0, 20), (0.6791, 1.0)),
        (Share(10, 10), Share(0, 10), (0.6075, 1.0)),
    ],
)
def test_newcombe_equals_the_published_table(share, control, ends):
    """Table II of Newcombe (1998), method 10."""
    estimate = newcombe(share, control)
    assert (estimate.low, estimate.high) == pytest.approx(ends, abs=6e-5)


@given(SHARES, SHARES)
def test_a_difference_of_shares_mirrors_and_stays_within_bounds(share, control):
    """Swapping the groups turns the interval over; it never leaves [-1, 1]."""
    estimate, mirrored = newcombe(share, control), newcombe(control, share)
    assert (mirrored.low, mirrored.value, mirrored.high) == pytest.approx(
        (-estimate.high, -estimate.value, -estimate.low)
    )
    assert -1.0 - 1e-12 <= estimate.low <= estimate.value <= estimate.high <= 1.0 + 1e-12


def draws(seed: int, n: int) -> tuple[list[float], np.ndarray]:
    """Draw spending: mostly zero, skewed; without and with the zeros."""
    rng = random.Random(seed)
    given = [round(rng.lognormvariate(7, 1)) for _ in range(n // 5)]
    return given, np.array([*given, *[0.0] * (n - len(given))])


def test_a_sample_sums_up_values_and_unmentioned_zeros():
    """Mean, variance and skewness as scipy has them."""
    given, whole = draws(1, 400)
    sample = Sample.of(given, 400)
    assert (sample.mean, sample.variance) == pytest.approx((whole.mean(), whole.var(ddof=1)))
    assert sample.skewness == pytest.approx(stats.skew(whole))


def test_student_and_welch_equal_scipy():
    """Means and their difference, variances unequal."""
    (given, whole), (other, rest) = draws(2, 300), draws(3, 90)
    sample, control = Sample.of(given, 300), Sample.of(other, 90)
    mean = stats.ttest_1samp(whole, 0).confidence_interval()
    one, both = student(sample), welch(sample, control)
    assert (one.low, one.high) == pytest.approx((mean.low, mean.high))
    difference = stats.ttest_ind(whole, rest, equal_var=False).confidence_interval()
    assert (both.value, both.low, both.high) == pytest.approx(
        (whole.mean() - rest.mean(), difference.low, difference.high)
    )


def test_the_skewness_of_a_difference_is_what_resampling_finds():
    """Means of 20 and 60 exponential values, drawn 40,000 times: their difference is as skewed as the formula says."""
    rng = np.random.default_rng(7)
    few, many = rng.exponential(3.0, (40_000, 20)).mean(1), rng.exponential(3.0, (40_000, 60)).mean(1)
    sides = Sample(20, 3.0, 9.0, 2.0), Sample(60, 3.0, 9.0, 2.0)
    assert skewness_of_difference(*sides) == pytest.approx(stats.skew(few - many), abs=0.03)
    assert skewness_of_difference(*reversed(sides)) == pytest.approx(-skewness_of_difference(*sides))
    assert skewness_of_difference(Sample.of([], 5), Sample.of([], 0)) == 0.0


def test_samples_add_up():
    """Two samples together have the moments of all their values; nothing adds nothing."""
    (given, whole), (other, rest) = draws(4, 300), draws(5, 90)
    both, together = Sample.of(given, 300) + Sample.of(other, 90), np.concatenate([whole, rest])
    assert (both.n, both.mean, both.variance) == pytest.approx((390, together.mean(), together.var(ddof=1)))
    assert both.skewness == pytest.approx(stats.skew(together))
    nothing, one = Sample.of([], 0), Sample.of([7], 1)
    assert nothing + nothing == nothing
    assert nothing + one == one + nothing == one


@pytest.mark.parametrize(("held_out", "assigned", "share"), [(100, 900, 0.1), (140, 900, 0.1), (4_000, 60_000, 0.05)])
def test_the_sample_ratio_check_is_pearsons(held_out, assigned, share):
    """The p-value of the chi-square test with one degree of freedom."""
    total = held_out + assigned
    reference = stats.chisquare([held_out, assigned], [total * share, total * (1 - share)])
    assert sample_ratio(held_out, assigned, share=share) == pytest.approx(reference.pvalue)


def test_edges_have_plain_answers():
    """Nothing, one value, no variance, nobody to hold out."""
    assert wilson(Share(0, 0)) is None
    assert newcombe(Share(0, 0), Share(1, 2)) is newcombe(Share(1, 2), Share(0, 0)) is None
    assert Share(0, 0).value == 0.0
    assert Sample.of([], 0) == Sample(0, 0.0, 0.0, 0.0)
    assert student(Sample.of([5], 1)) is welch(Sample.of([5], 1), Sample.of([], 9)) is None
    assert welch(Sample.of([5, 5], 2), Sample.of([], 9)) == Estimate(5.0, 5.0, 5.0)
    assert sample_ratio(0, 50, share=0.0) == sample_ratio(0, 0, share=0.1) == 1.0
    assert Estimate(1.0, -1.0, 2.0).spans_zero
    assert not Estimate(1.0, 0.5, 2.0).scaled(3).spans_zero
