"""Figures of merit, plain numpy: ranking, probability, separation. Arrays are [n] unless said otherwise."""

from collections.abc import Sequence

import numpy as np

from addressee.models.tables import Floats

_DISCOUNTS = 1.0 / np.log2(np.arange(2, 1002))


def ndcg(ranked: Sequence[str], relevant: frozenset[str], k: int) -> float:
    """Return NDCG@k with binary relevance (Jarvelin and Kekalainen 2002); 0 where nothing relevant is ranked."""
    gains = sum(_DISCOUNTS[place] for place, item in enumerate(ranked[:k]) if item in relevant)
    return float(gains / _DISCOUNTS[: min(k, len(relevant))].sum()) if relevant else 0.0


def recall(ranked: Sequence[str], relevant: frozenset[str], k: int) -> float:
    """Return the share of the relevant items that are among the first `k`."""
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def precision(ranked: Sequence[str], relevant: frozenset[str], k: int) -> float:
    """Return the share of `k` places that hold a relevant item."""
    return len(relevant.intersection(ranked[:k])) / k


def roc_auc(labels: Floats, scores: Floats) -> float:
    """Return the area under the ROC curve (Mann-Whitney, ties count half); 0.5 where one class is missing."""
    yes, no = np.sort(scores[labels > 0]), np.sort(scores[labels <= 0])
    if not len(yes) or not len(no):
        return 0.5
    below = int(np.searchsorted(no, yes, "left").sum()) + int(np.searchsorted(no, yes, "right").sum())
    return below / 2 / (len(yes) * len(no))


def average_precision(labels: Floats, scores: Floats) -> float:
    """Return the area under the precision-recall curve, as a sum over thresholds; the base rate for constant scores."""
    if not labels.sum():
        return 0.0
    order = np.argsort(-scores)
    last_of_tie = np.append(np.diff(scores[order]) != 0, [True])
    hits = np.cumsum(labels[order])[last_of_tie]
    seen = np.flatnonzero(last_of_tie) + 1
    return float((np.diff(hits, prepend=0.0) * hits / seen).sum() / labels.sum())


def log_loss(labels: Floats, probabilities: Floats) -> float:
    """Return the mean negative log likelihood, probabilities held 1e-15 away from 0 and 1; lower is better."""
    sure = np.clip(probabilities, 1e-15, 1 - 1e-15)
    return float(-np.mean(np.where(labels > 0, np.log(sure), np.log1p(-sure)))) if len(labels) else 0.0


def calibration_error(labels: Floats, probabilities: Floats, *, bins: int = 10) -> float:
    """Return the expected calibration error over bins with equally many people; lower is better."""
    return float(
        sum(abs(row["predicted"] - row["actual"]) * row["share"] for row in calibration(labels, probabilities, bins))
    )


def calibration(labels: Floats, probabilities: Floats, bins: int) -> list[dict[str, float]]:
    """Return predicted against actual rate in `bins` bins of equally many people, lowest probabilities first."""
    order = np.argsort(probabilities, kind="stable")
    return [
        {
            "predicted": float(probabilities[part].mean()),
            "actual": float(labels[part].mean()),
            "share": len(part) / len(labels),
        }
        for part in np.array_split(order, bins)
        if len(part)
    ]


def spearman(truth: Floats, scores: Floats) -> float:
    """Return Spearman's rank correlation with average ranks for ties; 0 where either side is constant."""
    left, right = _ranks(truth), _ranks(scores)
    left, right = left - left.mean(), right - right.mean()
    scale = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / scale if scale else 0.0


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1, ties averaged."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return np.asarray((ends - (count - 1) / 2)[place], np.float64)


def explained(truth: Floats, scores: Floats) -> float:
    """Return the share of the truth's variance that the scores explain: 1 - squared error / variance."""
    spread = float(((truth - truth.mean()) ** 2).sum())
    return 1.0 - float(((truth - scores) ** 2).sum()) / spread if spread else 0.0
