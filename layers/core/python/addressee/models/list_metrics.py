"""Figures of merit of many lists at once: [n, k] items, best first, -1 where a list ends; plain numpy.

`hits` is [n, k]: whether each listed item was wanted; `wanted` is [n]: how many items each person wanted. Each figure
is [n], a person who wanted nothing counts 0; `mean_interval` gives mean and interval.
"""

from typing import Any

import numpy as np

from addressee.models.evaluate import LEVEL, Interval
from addressee.models.tables import Flags, Floats, Indices

REPEATS = 1_000


def hits_of(lists: Indices, relevant: Any) -> Flags:  # noqa: ANN401  # a scipy.sparse matrix, which has no types
    """Return whether each listed item is relevant; `relevant` is sparse [n, items] in compressed rows."""
    row = np.repeat(np.arange(relevant.shape[0], dtype=np.int64), np.diff(relevant.indptr))
    keys = np.sort(row * relevant.shape[1] + relevant.indices)
    asked = np.arange(len(lists), dtype=np.int64)[:, None] * relevant.shape[1] + lists
    place = np.minimum(np.searchsorted(keys, asked), max(len(keys) - 1, 0))
    return (keys[place] == asked) & (lists >= 0) if len(keys) else np.zeros(lists.shape, np.bool_)


def ndcg_of(hits: Flags, wanted: Indices) -> Floats:
    """Return NDCG@k with binary relevance (Jarvelin and Kekalainen 2002)."""
    discounts = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.concatenate([np.zeros(1), discounts.cumsum()])[np.minimum(wanted, hits.shape[1])]
    return _share((hits * discounts).sum(axis=1), ideal)


def precision_of(hits: Flags) -> Floats:
    """Return the share of the k places that hold a wanted item."""
    return np.asarray(hits.mean(axis=1), np.float64)


def recall_of(hits: Flags, wanted: Indices) -> Floats:
    """Return the share of the wanted items that are listed."""
    return _share(hits.sum(axis=1), wanted)


def average_precision_of(hits: Flags, wanted: Indices) -> Floats:
    """Return AP@k: precision at each hit, summed, over min(k, wanted); its mean is MAP@k."""
    precision = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
    return _share((hits * precision).sum(axis=1), np.minimum(wanted, hits.shape[1]))


def reciprocal_rank_of(hits: Flags) -> Floats:
    """Return 1 / place of the first hit, 0 without one; its mean is MRR."""
    return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1.0), 0.0)


def coverage(lists: Indices, items: int) -> float:
    """Return the share of all items that stand in at least one list."""
    return len(np.unique(lists[lists >= 0])) / items if items else 0.0


def diversity_of(lists: Indices, similarity: Any) -> Floats:  # noqa: ANN401  # an array or a scipy.sparse matrix
    """Return 1 - the mean similarity of two items of the list (Ziegler et al. 2005); 1 for lists of one or none."""
    out = np.ones(len(lists))
    for row, listed in enumerate(lists):
        items = listed[listed >= 0]
        if len(items) > 1:
            block = similarity[items][:, items]
            alike = np.asarray(block.toarray() if hasattr(block, "toarray") else block, np.float64)
            out[row] = 1.0 - (alike.sum() - np.trace(alike)) / (len(items) * (len(items) - 1))
    return out


def mean_interval(values: Floats, *, rng: np.random.Generator) -> Interval:
    """Return the mean with its 95 % percentile bootstrap interval over people (Efron 1979).

    `values` is [n], or [n, r]: r runs (seeds) of the same n people; then runs are drawn too, each with all its people,
    so that the interval holds both sources of chance. Paired: give differences.
    """
    runs = values.reshape(len(values), -1)
    people = rng.integers(0, len(runs), (REPEATS, len(runs)))
    draws = np.empty(REPEATS)
    for at in range(REPEATS):
        drawn = rng.integers(0, runs.shape[1], runs.shape[1])
        draws[at] = runs[people[at]][:, drawn].mean()
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(runs.mean()), float(low), float(high))


def _share(above: Floats, below: Floats | Indices) -> Floats:
    floor = np.asarray(below, np.float64)
    return np.divide(above, floor, out=np.zeros(len(above)), where=floor > 0)
