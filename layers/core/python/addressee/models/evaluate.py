"""A model beside its floor and its champion on the same people: figures with paired bootstrap intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from addressee.models.kind import Metric
from addressee.models.tables import Floats, Ints

REPEATS = 1000
LEVEL = 0.95


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
    truth: Floats,
    *,
    model: Floats,
    rival: Floats,
    rng: np.random.Generator,
) -> list[Compared]:
    """Compare two contestants' marks on the same people, n rows each.

    Percentile bootstrap (Efron 1979) over people; both are drawn with the same people each time, which is what makes
    the difference's interval a paired one.
    """
    draws = [rng.integers(0, len(truth), len(truth)) for _ in range(REPEATS)]
    return [_compare(metric, truth, model, rival, draws) for metric in metrics]


def _compare(metric: Metric, truth: Floats, model: Floats, rival: Floats, draws: Sequence[Ints]) -> Compared:
    ours = np.array([metric.of(truth[rows], model[rows]) for rows in draws])
    theirs = np.array([metric.of(truth[rows], rival[rows]) for rows in draws])
    value, rivals_value = metric.of(truth, model), metric.of(truth, rival)
    return Compared(
        metric.name,
        _interval(value, ours),
        _interval(rivals_value, theirs),
        _interval(value - rivals_value, ours - theirs),
    )


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
