"""Figures of merit of a yes or no: [n, 2] marks hold the probability and whether it counts as a yes."""

import numpy as np

from addressee.models import drawn_metrics
from addressee.models.kind import Metric
from addressee.models.metrics import average_precision, calibration_error, log_loss, roc_auc
from addressee.models.tables import Flags, Floats

_STEPS = 8
_CONVERGED = 1e-6
_NEAREST = 1e-12


def marked(probabilities: Floats, positive: Flags) -> Floats:
    """Return the marks [n, 2] of probabilities and of what counts as a yes."""
    return np.column_stack([probabilities, positive.astype(np.float64)])


def brier(labels: Floats, probabilities: Floats) -> float:
    """Return the mean squared error of probabilities (Brier 1950); lower is better."""
    return float(np.mean((probabilities - labels) ** 2)) if len(labels) else 0.0


def calibration_slope(labels: Floats, probabilities: Floats) -> float:
    """Return the slope of the label's log-odds over the predicted ones (Cox 1958); below 1: predictions too extreme.

    0 where one class is missing, or where everybody is given the same probability.
    """
    sure = np.clip(probabilities, _NEAREST, 1.0 - _NEAREST)
    logits = np.log(sure) - np.log1p(-sure)
    if not 0.0 < labels.mean() < 1.0 or logits.std() < _NEAREST:
        return 0.0
    slope, shift = 1.0, 0.0
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(slope * logits + shift, -35.0, 35.0)))
        spread, off = chance * (1.0 - chance) + _NEAREST, labels - chance
        weighted = spread * logits
        total, first, second = float(spread.sum()), float(weighted.sum()), float(weighted @ logits)
        down, across = float(off.sum()), float(off @ logits)
        determinant = total * second - first * first
        if determinant <= _NEAREST:
            break
        step = (total * across - first * down) / determinant
        slope, shift = slope + step, shift + (second * down - first * across) / determinant
        if abs(step) < _CONVERGED:
            break
    return slope


def precision(labels: Floats, positive: Floats) -> float:
    """Return the share of the yeses that are right; 0 where nobody is a yes."""
    return float(labels @ positive) / max(float(positive.sum()), 1.0)


def recall(labels: Floats, positive: Floats) -> float:
    """Return the share of those who did it that are yeses; 0 where nobody did."""
    return float(labels @ positive) / max(float(labels.sum()), 1.0)


def f1(labels: Floats, positive: Floats) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2.0 * float(labels @ positive) / max(float(labels.sum() + positive.sum()), 1.0)


def _losses(labels: Floats, probabilities: Floats) -> Floats:
    """Return each row's negative log likelihood, as `metrics.log_loss` has it."""
    sure = np.clip(probabilities, 1e-15, 1 - 1e-15)
    return np.asarray(-np.where(labels > 0, np.log(sure), np.log1p(-sure)), np.float64)


CLASS_METRICS: tuple[Metric, ...] = (
    Metric(
        "roc_auc",
        lambda truth, marks: roc_auc(truth, marks[:, 0]),
        drawn=lambda truth, marks, times: drawn_metrics.roc_auc(truth, marks[:, 0], times),
    ),
    Metric(
        "pr_auc",
        lambda truth, marks: average_precision(truth, marks[:, 0]),
        drawn=lambda truth, marks, times: drawn_metrics.average_precision(truth, marks[:, 0], times),
    ),
    Metric(
        "log_loss",
        lambda truth, marks: log_loss(truth, marks[:, 0]),
        lower_is_better=True,
        drawn=lambda truth, marks, times: drawn_metrics.mean(_losses(truth, marks[:, 0]), times),
    ),
    Metric(
        "brier",
        lambda truth, marks: brier(truth, marks[:, 0]),
        lower_is_better=True,
        drawn=lambda truth, marks, times: drawn_metrics.mean((marks[:, 0] - truth) ** 2, times),
    ),
    Metric(
        "calibration_error",
        lambda truth, marks: calibration_error(truth, marks[:, 0]),
        lower_is_better=True,
        drawn=lambda truth, marks, times: drawn_metrics.calibration_error(truth, marks[:, 0], times),
    ),
    Metric("calibration_slope", lambda truth, marks: calibration_slope(truth, marks[:, 0])),
    Metric(
        "precision",
        lambda truth, marks: precision(truth, marks[:, 1]),
        drawn=lambda truth, marks, times: drawn_metrics.share(truth * marks[:, 1], marks[:, 1], times),
    ),
    Metric(
        "recall",
        lambda truth, marks: recall(truth, marks[:, 1]),
        drawn=lambda truth, marks, times: drawn_metrics.share(truth * marks[:, 1], truth, times),
    ),
    Metric(
        "f1",
        lambda truth, marks: f1(truth, marks[:, 1]),
        drawn=lambda truth, marks, times: drawn_metrics.share(2 * truth * marks[:, 1], truth + marks[:, 1], times),
    ),
)
"""`roc_auc` decides; precision, recall and F1 are those of the threshold that the model tuned for itself."""
