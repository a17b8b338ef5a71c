"""Drift: the tail, the bins, the level, what is found, what is said."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from addressee.models import chi_squared
from addressee.models.drift import DriftSettings, adjusted, drifted, said, shift_of
from addressee.models.histograms import counted_as, histogram_of, read_histogram


@pytest.mark.parametrize("degrees", [1, 2, 3, 9, 40, 333])
def test_the_tail_is_that_of_scipy(degrees):
    """To eleven digits, from the middle far out into the tail; the inverse undoes it."""
    for x in (1e-6, 0.3, 1.0, degrees - 0.5, degrees, degrees + 3.0, 3.0 * degrees, 30.0 + 4.0 * degrees):
        assert chi_squared.tail(x, degrees) == pytest.approx(chi2.sf(x, degrees), rel=1e-9, abs=1e-15)
    for chance in (0.5, 0.01, 1e-6):
        assert chi_squared.quantile(chance, degrees) == pytest.approx(chi2.isf(chance, degrees), rel=1e-7)


def test_nothing_to_compare_has_the_tail_one():
    """No degrees of freedom, or no distance."""
    assert (chi_squared.tail(3.0, 0), chi_squared.tail(0.0, 4), chi_squared.quantile(0.1, 0)) == (1.0, 1.0, 0.0)


@given(st.lists(st.one_of(st.integers(0, 3), st.floats(-5, 5), st.just(float("nan"))), max_size=60))
@settings(max_examples=60)
def test_every_value_falls_into_one_bin(values):
    """Of the reference and of any other sample; what is written is read."""
    column = np.array(values, np.float64)
    reference = histogram_of(column)
    assert sum(reference.counts) == len(values)
    assert reference.counts[-1] == np.isnan(column).sum()
    other = counted_as(reference, np.array([-1e9, 0.0, 1e9, np.inf]))
    assert sum(other.counts) == 4
    assert other.counts[-1] == 1
    assert read_histogram(json.loads(json.dumps(reference.as_json()))) == reference


def test_a_common_value_has_a_bin_of_its_own():
    """Zeros and nevers are not mixed with their neighbours."""
    column = np.concatenate([np.zeros(300), np.full(300, 3650.0), np.linspace(1, 900, 400)])
    reference = histogram_of(column)
    assert reference.counts.count(300) == 2
    assert 0 < reference.middle < 3650


def test_names_are_counted_and_the_unknown_is_another():
    """A segment that did not exist at training is seen."""
    reference = histogram_of(["new"] * 60 + ["loyal"] * 40)
    assert reference.names == ("loyal", "new")
    assert counted_as(reference, ["new", "odd", "odd"]).counts == (0, 1, 2)
    shift = shift_of(reference, counted_as(reference, ["new"] * 30 + ["odd"] * 70))
    assert shift.p_value < 1e-6
    assert "another" in " ".join(shift.labels)


def test_psi_and_kl_are_what_their_definitions_say():
    """Symmetric the one, of the current from the reference the other."""
    reference = histogram_of(["a"] * 800 + ["b"] * 200)
    shift = shift_of(reference, counted_as(reference, ["a"] * 500 + ["b"] * 500))
    assert shift.psi == pytest.approx(0.3 * np.log(4), rel=0.01)
    assert shift.kl == pytest.approx(0.5 * np.log(0.5 / 0.8) + 0.5 * np.log(0.5 / 0.2), rel=0.01)


def test_the_same_sample_did_not_move():
    """And nobody at all is no drift."""
    column = np.random.default_rng(1).normal(size=500)
    reference = histogram_of(column)
    assert shift_of(reference, counted_as(reference, column))[:3] == (0.0, 0.0, 1.0)
    assert shift_of(reference, counted_as(reference, np.empty(0))).p_value == 1.0
    nobody = histogram_of(np.empty(0))
    assert shift_of(nobody, counted_as(nobody, column)).p_value == 1.0


def test_small_bins_are_merged():
    """Each is expected twenty times in the smaller sample; a few people are one bin and never an alarm."""
    column = np.random.default_rng(2).normal(size=4_000)
    reference = histogram_of(column)
    assert shift_of(reference, counted_as(reference, column[:100])).bins in {4, 5}
    assert shift_of(reference, counted_as(reference, column[:15] + 9)).p_value == 1.0


def test_a_column_that_was_constant_may_start_to_move():
    """A value above all that were seen has a bin, and so has one below a constant."""
    reference = histogram_of(np.zeros(500))
    for moved in (np.where(np.arange(500) % 2, 1.0, 0.0), np.where(np.arange(500) % 2, -1.0, 0.0)):
        shift = shift_of(reference, counted_as(reference, moved))
        assert shift.p_value < 1e-9
    assert shift_of(reference, counted_as(reference, np.zeros(300))).p_value == 1.0


def test_missing_is_a_bin_of_its_own():
    """A feed that lost a field shows."""
    column = np.random.default_rng(3).normal(size=1_000)
    reference = histogram_of(column)
    shift = shift_of(reference, counted_as(reference, np.where(np.arange(1_000) < 300, np.nan, column)))
    assert shift.p_value < 1e-9
    assert "missing" in shift.labels[-1]


def test_false_discoveries_are_controlled_as_benjamini_and_hochberg_say():
    """Their own example: 15 tests, at q = .05 the first four are discoveries."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert [each <= 0.05 for each in adjusted(p)] == [True] * 4 + [False] * 11
    assert adjusted([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=50)
def test_adjusting_keeps_the_order_and_lowers_nothing(p_values):
    """Whatever the p-values."""
    values = adjusted(p_values)
    assert all(after >= before - 1e-12 for after, before in zip(values, p_values, strict=True))
    assert max(values) <= 1.0
    ordered = sorted(zip(p_values, values, strict=True))
    assert [after for _, after in ordered] == sorted(after for _, after in ordered)


def test_drift_must_be_sure_and_great_enough():
    """Of many people a small shift is sure and does not matter; of few a large one is not sure."""
    rng = np.random.default_rng(4)
    many = histogram_of(rng.normal(size=40_000))
    small = shift_of(many, counted_as(many, rng.normal(0.1, 1, size=40_000)))
    assert small.p_value < 1e-9
    assert drifted({"a": small}, DriftSettings()) == []
    (found,) = drifted({"a": small}, DriftSettings(floor=0.001))
    assert found.column == "a"
    few = shift_of(many, counted_as(many, rng.normal(1.5, 1, size=25)))
    assert few.p_value == 1.0
    large = shift_of(many, counted_as(many, rng.normal(1.5, 1, size=500)))
    both = drifted({"a": small, "b": large}, DriftSettings(floor=0.001))
    assert [each.column for each in both] == ["b", "a"]


def test_runs_without_drift_alarm_no_more_often_than_said():
    """Columns with zeros, nevers and missing values, some runs; the benchmark has two thousand."""
    rng, alarms, runs = np.random.default_rng(5), 0, 60
    for _ in range(runs):
        before, after = _columns(rng, 400), _columns(rng, 250)
        shifts = {}
        for column in range(before.shape[1]):
            reference = histogram_of(before[:, column])
            shifts[str(column)] = shift_of(reference, counted_as(reference, after[:, column]))
        alarms += bool(drifted(shifts, DriftSettings(rate=0.05, floor=0.0)))
    assert alarms <= 8


def _columns(rng, people):
    values = np.exp(rng.normal(size=(people, 12)))
    values[:, :4] = np.floor(values[:, :4])
    values[:, 4:7][values[:, 4:7] > 1.5] = 3650.0
    values[:, 7:9][rng.random((people, 2)) < 0.1] = np.nan
    return values


def test_what_is_said_names_the_bin_from_what_to_what_and_how_surely():
    """In the words that are given for the column."""
    rng = np.random.default_rng(6)
    reference = histogram_of(rng.gamma(2.0, 10.0, size=2_000))
    shift = shift_of(reference, counted_as(reference, rng.gamma(2.0, 25.0, size=2_000)))
    text = said(drifted({"recency_days": shift}, DriftSettings())[0], "days since the last order")
    assert text.startswith("days since the last order: median ")
    assert " -> " in text
    assert "above " in text
    assert "PSI 0." in text or "PSI 1." in text
    assert "of people" in text
    zeros = histogram_of(np.concatenate([np.zeros(500), np.arange(500.0)]))
    gone = shift_of(zeros, counted_as(zeros, np.arange(1.0, 501.0)))
    assert "0: 5" in said(drifted({"x": gone}, DriftSettings())[0], "x")
