"""Thresholds: from which probability on a person counts as a yes, tuned on rows that the model did not see."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from addressee.models.tables import Flags, Floats

WANTED_PRECISION = 0.75
_DIGITS = 6


class Curve(NamedTuple):
    """At each distinct probability, the highest first: who is a yes there, counted."""

    at: Floats
    hits: Floats
    yes: Floats
    positive: float
    negative: float


def curve(said: Floats, labels: Flags) -> Curve:
    """Count along the ROC and the precision-recall curve."""
    order = np.argsort(-said, kind="stable")
    last_of_tie = np.append(np.diff(said[order]) != 0, [True])[: len(said)]
    yes = np.asarray(np.flatnonzero(last_of_tie) + 1, np.float64)
    hits = np.cumsum(labels[order])[last_of_tie].astype(np.float64)
    positive = float(labels.sum())
    return Curve(said[order][last_of_tie], hits, yes, positive, len(labels) - positive)


def youden(along: Curve, _wanted: float) -> float | None:
    """Return where the true-positive rate less the false-positive rate is greatest (Youden 1950)."""
    gain = along.hits / max(along.positive, 1.0) - (along.yes - along.hits) / max(along.negative, 1.0)
    return float(along.at[np.argmax(gain)])


def best_f1(along: Curve, _wanted: float) -> float | None:
    """Return where F1, the harmonic mean of precision and recall, is greatest."""
    return float(along.at[np.argmax(2.0 * along.hits / (along.yes + along.positive))])


def at_precision(along: Curve, wanted: float) -> float | None:
    """Return the lowest probability from which on precision is as wanted, None where it never is."""
    enough = np.flatnonzero(along.hits / along.yes >= wanted)
    return float(along.at[enough[-1]]) if len(enough) else None


RULES: Mapping[str, Callable[[Curve, float], float | None]] = {
    "youden": youden,
    "best_f1": best_f1,
    "precision": at_precision,
}


def tuned_thresholds(said: Floats, labels: Flags, *, wanted_precision: float = WANTED_PRECISION) -> dict[str, Any]:
    """Return for each rule its threshold, and the precision and recall there; a rule that finds none is left out."""
    if not len(said):
        return {}
    along, found = curve(said, labels), {}
    for name, rule in RULES.items():
        if (least := rule(along, wanted_precision)) is not None:
            place = int(np.searchsorted(-along.at, -least))
            precision, recall = along.hits[place] / along.yes[place], along.hits[place] / max(along.positive, 1.0)
            figures = {"at": least, "precision": float(precision), "recall": float(recall)}
            found[name] = {key: _down(value) for key, value in figures.items()}
    return found


def _down(value: float) -> float:
    """Round down: who was a yes at the threshold stays one."""
    return float(np.floor(value * 10**_DIGITS) / 10**_DIGITS)
