"""Figures of predicted amounts: do they find the money, and do they add up. Arrays are [n]."""

import numpy as np

from addressee.models.kind import Metric
from addressee.models.metrics import spearman
from addressee.models.tables import Floats, Ints

TOP_SHARE = 0.1
CAP_QUANTILE = 0.99


def gini(amounts: Floats, scores: Floats) -> float:
    """Return the normalised Gini: the area between the curve of captured revenue and chance, 1 for the true order.

    People of equal score share what they bring. 0 where nobody brings anything, or all bring alike.
    """
    best = _area(amounts, amounts)
    return _area(amounts, scores) / best if best > 0 else 0.0


def _area(amounts: Floats, scores: Floats) -> float:
    """Return the area between the captured share of revenue, highest scores first, and the diagonal."""
    ends, captured = _captured(amounts, scores)
    total = captured[-1] if len(captured) else 0.0
    if total <= 0:
        return 0.0
    at, share = np.append(0, ends) / len(amounts), np.append(0.0, captured) / total
    return float((np.diff(at) * (share[1:] + share[:-1])).sum() / 2) - 0.5


def _captured(amounts: Floats, scores: Floats) -> tuple[Ints, Floats]:
    """Return how many people have at least each distinct score, and what they bring together."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, [True])) if len(scores) else np.empty(0, np.int64)
    return ends + 1, np.cumsum(amounts[order])[ends]


def top_share(amounts: Floats, scores: Floats, *, share: float = TOP_SHARE) -> float:
    """Return the share of revenue that the best `share` of people bring; equal scores bring their mean."""
    total = float(amounts.sum())
    if total <= 0:
        return 0.0
    ends, captured = _captured(amounts, scores)
    return float(np.interp(share * len(amounts), np.append(0, ends), np.append(0.0, captured))) / total


def capped_error(amounts: Floats, scores: Floats) -> float:
    """Return the mean absolute error in minor units, both sides capped at the 99th percentile of what was spent."""
    cap = np.quantile(amounts, CAP_QUANTILE) if len(amounts) else 0.0
    return float(np.abs(np.minimum(amounts, cap) - np.minimum(scores, cap)).mean()) if len(amounts) else 0.0


def skill(amounts: Floats, scores: Floats) -> float:
    """Return the share of the capped error that is gone, against saying everybody's median of everybody."""
    if not len(amounts):
        return 0.0
    plain = capped_error(amounts, np.full(len(amounts), np.median(amounts)))
    return 1.0 - capped_error(amounts, scores) / plain if plain > 0 else 0.0


def log_error(amounts: Floats, scores: Floats) -> float:
    """Return the mean absolute error of log(1 + amount)."""
    return float(np.abs(np.log1p(amounts) - np.log1p(np.maximum(scores, 0.0))).mean()) if len(amounts) else 0.0


def sum_error(amounts: Floats, scores: Floats) -> float:
    """Return by what share the sum of all predictions misses the sum of what was spent."""
    total = float(amounts.sum())
    return abs(float(scores.sum()) / total - 1.0) if total > 0 else 0.0


VALUE_METRICS = (
    Metric("skill", skill),
    Metric("gini", gini),
    Metric("revenue_in_top_decile", top_share),
    Metric("spearman", spearman),
    Metric("capped_error", capped_error, lower_is_better=True),
    Metric("log_error", log_error, lower_is_better=True),
    Metric("sum_error", sum_error, lower_is_better=True),
)
