"""Scores -> lists: the best items that are not taken yet, and lists that are not all of one kind (MMR)."""

import numpy as np

from addressee.models.generators.generator import BLOCK, Matrix, Scores, Weights, dense
from addressee.models.tables import Floats, Indices

NONE = -1
"""Stands in a list where there is nothing more to recommend."""


def top_items(scores: Scores, *, k: int, seen: Matrix | None = None) -> Indices:
    """Return [n, k] items, best first, ties by item; `NONE` where a row has no more finite scores.

    `seen` (sparse [n, items]) is left out; without it nothing is, as for goods that are bought again.
    """
    out = np.full((scores.shape[0], k), NONE, np.int32)
    for start in range(0, scores.shape[0], BLOCK):
        block = np.array(scores[start : start + BLOCK], np.float32)
        if seen is not None:
            block[seen[start : start + BLOCK].nonzero()] = -np.inf
        width = min(k, block.shape[1])
        out[start : start + BLOCK, :width] = _best(block, width)
    return out


def _best(block: Scores, k: int) -> Indices:
    """Sort only what is at least as good as the k-th best: that alone makes ties fall by item, not by chance."""
    if not k:
        return np.empty((len(block), 0), np.int32)
    least = np.partition(block, -k, axis=1)[:, -k, None]
    row, column = np.nonzero((block >= least) & (block > -np.inf))
    order = np.lexsort((column, -block[row, column], row))
    row, column = row[order], column[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    out = np.full((len(block), k), NONE, np.int32)
    out[row[place < k], place[place < k]] = column[place < k]
    return out


def diverse(items: Indices, relevance: Floats, similarity: Weights, *, k: int, trade: float) -> Indices:
    """Choose `k` of one person's `items` by maximal marginal relevance (Carbonell and Goldstein 1998), best first.

    Each step takes the largest trade * relevance - (1 - trade) * (largest similarity to what was chosen); ties go by
    place. `relevance` [m] is stretched to 0..1; `similarity` is [items, items], 0 to 1. With trade 1 nothing changes.
    """
    if not len(items):
        return items
    low, high = relevance.min(), relevance.max()
    worth = trade * ((relevance - low) / (high - low) if high > low else np.ones(len(items)))
    alike = dense(similarity[items][:, items])
    closest, chosen = np.zeros(len(items)), list[int]()
    for _ in range(min(k, len(items))):
        gain = worth - (1.0 - trade) * closest
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
        closest = np.maximum(closest, alike[chosen[-1]])
    return np.asarray(items[chosen], np.int32)
