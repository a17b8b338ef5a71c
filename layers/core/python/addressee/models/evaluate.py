"""A model beside its floor and its champion on the same people: figures with paired bootstrap intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

import numpy as np

from addressee.models.kind import Exam, Metric
from addressee.models.tables import Floats, Indices, Ints

REPEATS = 500
LEVEL = 0.95
DRAWS_AT_ONCE = 10


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % bootstrap interval over people."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """One metric of the model and of a rival, and the paired difference (model - rival)."""

    metric: str
    model: Interval
    rival: Interval
    difference: Interval


def compare(
    metrics: Sequence[Metric],
    exam: Exam,
    *,
    model: Floats,
    rival: Floats,
    rng: np.random.Generator,
) -> list[Compared]:
    """Compare two contestants' marks on the same exam, n rows each.

    Percentile bootstrap (Efron 1979) over people, each with all their rows; both are drawn with the same people each
    time, which is what makes the difference's interval a paired one.
    """
    sides = (model, rival)
    blocks = [
        [[_drawn(metric, exam.truth, marks, block) for marks in sides] for metric in metrics]
        for block in _blocks(_draws(exam.person, rng))
    ]
    drawn = np.concatenate(blocks, axis=2)  # [metrics, 2, REPEATS]
    return [_compare(metric, exam.truth, sides, each) for metric, each in zip(metrics, drawn, strict=True)]


def _draws(person: Indices, rng: np.random.Generator) -> Iterator[Ints]:
    """Yield `REPEATS` times the rows of as many people as there are, drawn with replacement."""
    order = np.argsort(person, kind="stable")
    _, starts, sizes = np.unique(person[order], return_index=True, return_counts=True)
    for _ in range(REPEATS):
        drawn = rng.integers(0, len(starts), len(starts))
        size = sizes[drawn]
        offsets = np.repeat(starts[drawn] - np.cumsum(size) + size, size)
        yield order[offsets + np.arange(size.sum())]


def _blocks(draws: Iterator[Ints]) -> Iterator[list[Ints]]:
    """Yield `DRAWS_AT_ONCE` draws after the other: all of them would be 4 kB a row."""
    while block := list(islice(draws, DRAWS_AT_ONCE)):
        yield block


def _compare(metric: Metric, truth: Floats, sides: tuple[Floats, Floats], drawn: Floats) -> Compared:
    (value, rivals), (ours, theirs) = (metric.of(truth, marks) for marks in sides), drawn
    gap = _interval(value - rivals, ours - theirs)
    return Compared(metric.name, _interval(value, ours), _interval(rivals, theirs), gap)


def _drawn(metric: Metric, truth: Floats, marks: Floats, draws: Sequence[Ints]) -> Floats:
    """Return the metric of each of a few draws."""
    if metric.drawn is None:
        return np.array([metric.of(truth[rows], marks[rows]) for rows in draws])
    times = np.array([np.bincount(rows, minlength=len(truth)) for rows in draws], np.float64)
    return metric.drawn(truth, marks, times)


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))


def as_json(compared: Sequence[Compared]) -> dict[str, Mapping[str, Mapping[str, float]]]:
    """Return metric -> {model, rival, difference} -> {value, low, high}, rounded to 6 digits."""
    return {
        each.metric: {
            side: {name: round(number, 6) for name, number in asdict(getattr(each, side)).items()}
            for side in ("model", "rival", "difference")
        }
        for each in compared
    }
