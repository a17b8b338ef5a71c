"""What a test says besides its figures: slices of people, reliability of probabilities, fairness; for the card."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.class_metrics import CLASS_METRICS
from addressee.models.evaluate import as_json, compare
from addressee.models.fairness import Judged, fairness
from addressee.models.kind import Exam, Kind
from addressee.models.tables import Floats, Tables

LEAST_ROWS = 50
BINS = 10
_WILSON = 1.959964
_DIGITS = 6


@dataclass(frozen=True)
class Taken:
    """A test as it was taken: the exam, the model's marks and those of its floor, a row for each question.

    `plain` are the marks of the same recipe without the mitigation that an installation asked for, if it did.
    `newcomers` are asked apart (`Exam.newcomers`).
    """

    exam: Exam
    marks: Floats
    floor: Floats
    plain: Floats | None = None
    newcomers: "Taken | None" = None


def judged_figures(kind: Kind, tables: Tables, tested: Taken, *, seed: int) -> dict[str, Any]:
    """Return `slices`, `reliability` and `fairness`, each empty where it does not apply, as JSON holds them."""
    told: dict[str, Any] = {"slices": _slices(kind, tested, seed), "reliability": [], "fairness": {}}
    if not tells_yes_or_no(kind):
        return told
    told["reliability"] = reliability(tested.exam.truth, tested.marks[:, 0])
    told["fairness"] = _fairness(tables, tested.exam, tested.marks, seed)
    if tested.plain is not None:
        told["fairness_before"] = _fairness(tables, tested.exam, tested.plain, seed)
        rng = np.random.default_rng(seed)
        told["mitigated"] = as_json(compare(kind.metrics, tested.exam, model=tested.marks, rival=tested.plain, rng=rng))
    return told


def tells_yes_or_no(kind: Kind) -> bool:
    """Tell whether a kind foretells a yes or no, marked with a probability and a yes (`class_metrics.marked`)."""
    return any(metric in kind.metrics for metric in CLASS_METRICS)


def _slices(kind: Kind, tested: Taken, seed: int) -> list[dict[str, Any]]:
    """Return the deciding metric of each group with at least `LEAST_ROWS` questions."""
    found = []
    for name, labels in tested.exam.groups.items():
        column = np.asarray(labels)
        for label in sorted({*labels} - {""}):
            rows = np.flatnonzero(column == label)
            if len(rows) >= LEAST_ROWS:
                found.append({"slice": name, "group": label, **_slice(kind, tested, rows, seed)})
    return found if tested.newcomers is None else [*found, *_slices(kind, tested.newcomers, seed)]


def _slice(kind: Kind, tested: Taken, rows: "np.ndarray[Any, np.dtype[np.int64]]", seed: int) -> dict[str, Any]:
    exam = tested.exam
    part = Exam(exam.audience, exam.truth[rows], exam.person[rows])
    rng = np.random.default_rng(seed)
    compared = compare(kind.metrics[:1], part, model=tested.marks[rows], rival=tested.floor[rows], rng=rng)
    ((_, figures),) = as_json(compared).items()
    return {"rows": len(rows), "people": len(np.unique(part.person)), **figures}


def reliability(truth: Floats, probability: Floats) -> list[dict[str, float]]:
    """Return up to `BINS` bins of equally many people, the least probable first: foretold, happened, its interval.

    The interval is Wilson's (1927), 95 %.
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return [_bin(probability[part], truth[part]) for part in parts]


def _bin(probability: Floats, truth: Floats) -> dict[str, float]:
    count, rate = len(truth), float(truth.mean())
    centre = (rate + _WILSON**2 / (2 * count)) / (1 + _WILSON**2 / count)
    half = _WILSON / (1 + _WILSON**2 / count) * float(np.sqrt(rate * (1 - rate) / count + _WILSON**2 / (4 * count**2)))
    told = {"predicted": float(probability.mean()), "actual": rate, "low": centre - half, "high": centre + half}
    return {"rows": count, **{name: round(max(value, 0.0), _DIGITS) for name, value in told.items()}}


def _fairness(tables: Tables, exam: Exam, marks: Floats, seed: int) -> dict[str, Any]:
    judged = Judged(exam.person, exam.truth, marks[:, 0], marks[:, 1])
    return fairness(tables.groups, judged, rng=np.random.default_rng(seed))
