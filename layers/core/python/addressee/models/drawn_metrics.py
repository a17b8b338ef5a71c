"""The figures of `metrics` and `class_metrics` for many bootstrap draws at once: `times` [draws, n] counts the rows."""

import numpy as np

from addressee.models.tables import Floats


def roc_auc(labels: Floats, scores: Floats, times: Floats) -> Floats:
    """Return the area under the ROC curve of each draw; 0.5 where one class is missing."""
    seen, positive = _per_tie(labels, scores, times)
    negative = seen - positive
    below = np.cumsum(negative, axis=1) - negative / 2.0
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return np.where(pairs > 0, (positive * below).sum(axis=1) / np.maximum(pairs, 1.0), 0.5)


def average_precision(labels: Floats, scores: Floats, times: Floats) -> Floats:
    """Return the area under the precision-recall curve of each draw."""
    seen, hits = _per_tie(labels, -scores, times)
    reached = np.cumsum(hits, axis=1) / np.maximum(np.cumsum(seen, axis=1), 1.0)
    return np.asarray((hits * reached).sum(axis=1) / np.maximum(hits.sum(axis=1), 1.0), np.float64)


def mean(each: Floats, times: Floats) -> Floats:
    """Return the mean of a loss [n] over the rows of each draw."""
    total: Floats = np.maximum(times.sum(axis=1), 1.0)
    return np.asarray(times @ each / total, np.float64)


def share(part: Floats, whole: Floats, times: Floats) -> Floats:
    """Return one sum over another, both [n]; 0 over nothing."""
    return np.asarray((times @ part) / np.maximum(times @ whole, 1.0), np.float64)


def calibration_error(labels: Floats, probabilities: Floats, times: Floats, *, bins: int = 10) -> Floats:
    """Return the expected calibration error; a row that was drawn several times stays in one bin, that of its first."""
    order = np.argsort(probabilities, kind="stable")
    drawn = times[:, order]
    before = np.cumsum(drawn, axis=1) - drawn
    off = np.cumsum(drawn * (probabilities - labels)[order], axis=1)
    total = np.maximum(drawn.sum(axis=1), 1.0)
    errors = np.empty(len(times))
    for draw, (place, rows) in enumerate(zip(before, total, strict=True)):
        ends = np.searchsorted(place, np.arange(1, bins + 1) * rows / bins) - 1
        errors[draw] = np.abs(np.diff(off[draw, ends], prepend=0.0)).sum() / rows
    return errors


def _per_tie(labels: Floats, scores: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Return how many rows each draw has of each distinct score, ascending, and how many of them with a yes."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)
    seen = times[:, order]
    hits = seen * labels[order]
    if len(starts) == len(order):
        return seen, hits
    return np.add.reduceat(seen, starts, axis=1), np.add.reduceat(hits, starts, axis=1)
