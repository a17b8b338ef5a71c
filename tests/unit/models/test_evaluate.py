"""Paired intervals: they hold the truth, pair what is paired, and count people, not rows."""

import tracemalloc

import numpy as np
import pytest

from addressee.models.evaluate import REPEATS, as_json, compare
from addressee.models.kind import Audience, Exam, Metric
from addressee.models.tables import Interactions, Items

MEAN = (Metric("mean", lambda _, marks: float(marks.mean())),)
EMPTY = np.empty(0, np.int32)
NOTHING = Interactions(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY.astype(np.int64), EMPTY.astype(np.int64))


def exam(person):
    """Build an exam of which only the persons matter."""
    size = len(person)
    audience = Audience(size, 0, np.empty((size, 0)), NOTHING, Items((), ()))
    return Exam(audience, np.zeros(size), np.asarray(person, np.int32))


def rng():
    """Return a generator in a known state."""
    return np.random.default_rng(3)


def test_a_constant_lead_is_certain_however_noisy_both_are():
    """Both contestants are drawn with the same people, so that what they share cancels."""
    noise = np.random.default_rng(0).normal(size=200)
    (result,) = compare(MEAN, exam(range(200)), model=noise + 0.01, rival=noise, rng=rng())
    assert result.difference.low == pytest.approx(0.01)
    assert result.model.low < 0 < result.model.high


def test_the_interval_of_a_mean_has_the_width_that_theory_gives():
    """Two standard errors to each side."""
    marks = np.random.default_rng(1).normal(size=2_000)
    (result,) = compare(MEAN, exam(range(2_000)), model=marks, rival=marks * 0, rng=rng())
    assert result.model.high - result.model.low == pytest.approx(4 * marks.std() / 2_000**0.5, rel=0.15)


def test_people_asked_four_times_are_still_one_person_each():
    """Copies of the same rows make nothing surer."""
    marks = np.random.default_rng(2).normal(size=300)
    (once,) = compare(MEAN, exam(range(300)), model=marks, rival=marks * 0, rng=rng())
    copied = np.tile(marks, 4)
    (often,) = compare(MEAN, exam(np.tile(np.arange(300), 4)), model=copied, rival=copied * 0, rng=rng())
    assert often.model.low == pytest.approx(once.model.low)
    assert often.model.high == pytest.approx(once.model.high)


def test_figures_are_rounded_for_the_card():
    """Six digits, each side with its interval."""
    (row,) = as_json(compare(MEAN, exam([0, 1]), model=np.ones(2) / 3, rival=np.zeros(2), rng=rng())).values()
    assert row["model"] == {"value": 0.333333, "low": 0.333333, "high": 0.333333}


def test_memory_does_not_grow_with_the_draws():
    """Of 500 draws a few are held at once: less than a tenth of them all."""
    person = np.arange(20_000)
    marks = np.random.default_rng(4).normal(size=len(person))
    tracemalloc.start()
    compare(MEAN, exam(person), model=marks, rival=marks * 0, rng=rng())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < len(person) * 8 * REPEATS / 10
