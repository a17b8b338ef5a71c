"""Weights of a blend, learned on the weeks before the day of fitting, and its pairs of items as they are served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from addressee.models.generators.blend import climb
from addressee.models.generators.generator import Linear, Matrix, dense
from addressee.models.generators.lists import top_items
from addressee.models.generators.matrices import binary
from addressee.models.generators.pool import Pool, spread
from addressee.models.item_sections import Rows, known_rows, packed
from addressee.models.list_metrics import hits_of
from addressee.models.product_parts import Known, strongest_of
from addressee.models.tables import Floats, Indices, Interactions, Ints

NEIGHBOURS = 30
MAX_COLD_ROWS = 4_000
ASKED = 800
"""So many people, evenly taken, are asked for the weights."""
WIDTH = 200
TEXT_SUPPORT = 10.0
"""A text with cosine 1 counts as many observations."""
_MOST_CO_BUYERS = 2**16 - 1


@dataclass(frozen=True)
class Pairs:
    """Pairs of items (`left`, `right` index `Items`): `weight` of the right one for who has the left one, co-buyers.

    `parts` are what each part of the blend gives, by name; all columns are [pairs].
    """

    left: Indices
    right: Indices
    weight: Floats
    co_buyers: Floats
    parts: Mapping[str, Floats] = field(default_factory=dict)


def part_factors(known: Known, later: Interactions, trend: float) -> dict[str, float]:
    """Return what to multiply each part's weights with: those of the best NDCG@10 for what is new in `later`.

    Coordinate ascent from equal weights (`generators.blend.climb`); equal weights where nobody can be asked.
    """
    parts = known.parts(trend)
    pool = _pool(known, new_takes(known, later), list(parts.values())) if parts else None
    weights = [1.0] * len(parts) if pool is None else climb([pool], [1.0] * len(parts))
    spreads = [spread(Linear(part), known.seeds) for part in parts.values()]
    pairs = zip(parts, weights, spreads, strict=True)
    return {name: round(weight / each, 6) for name, weight, each in pairs if weight}


def new_takes(known: Known, later: Interactions) -> Matrix:
    """Return what known people took later that they had not taken before, 0 or 1, [people, rows]."""
    row = known.rows.row[later.item]
    there = (row >= 0) & (later.subject < known.taken.shape[0])
    ones = (np.ones(int(there.sum()), np.float32), (later.subject[there], row[there]))
    taken = binary(type(known.taken)(ones, known.taken.shape))
    return binary(taken - taken.multiply(known.taken))


def asked_people(known: Known, wanted: Matrix) -> Indices:
    """Return at most `ASKED` people, evenly taken, who had seeds and wanted something."""
    people = np.flatnonzero((np.diff(wanted.indptr) > 0) & (np.diff(known.seeds.indptr) > 0))
    return people[:: -(-len(people) // ASKED) or 1].astype(np.int32)


def _pool(known: Known, wanted: Matrix, parts: Sequence[Matrix]) -> Pool | None:
    people = asked_people(known, wanted)
    if not len(people):
        return None
    seeds, relevant = known.seeds[people], wanted[people]
    answers = [dense(seeds @ part) / np.float32(spread(Linear(part), known.seeds)) for part in parts]
    items = top_items(sum(answers[1:], start=answers[0]), k=min(WIDTH, seeds.shape[1]), seen=known.taken[people])
    scores = np.stack([np.take_along_axis(each, np.maximum(items, 0), axis=1) for each in answers])
    return Pool(items, scores, hits_of(items, relevant), np.diff(relevant.indptr).astype(np.int32))


def blend_pairs(known: Known, factors: Mapping[str, float], trend: float) -> Pairs:
    """Add up the parts and keep the `NEIGHBOURS` largest weights of each item: one sparse matrix is served."""
    return _blend_pairs(known, tuple(factors.items()), trend)


@lru_cache(maxsize=2)
def _blend_pairs(known: Known, named: tuple[tuple[str, float], ...], trend: float) -> Pairs:
    factors = dict(named)
    parts = known.parts(trend, factors)
    if not parts:
        nothing = np.empty(0, np.int32)
        return Pairs(nothing, nothing, np.empty(0), np.empty(0))
    scaled = {name: part * np.float32(factors[name]) for name, part in parts.items()}
    first, *others = scaled.values()
    kept = strongest_of(sum(others, start=first).tocsr(), NEIGHBOURS).tocoo()
    of = {name: _at(part, kept.row, kept.col) for name, part in scaled.items()}
    item = known.rows.item
    return Pairs(
        item[kept.row], item[kept.col], kept.data.astype(np.float64), _at(known.together, kept.row, kept.col), of
    )


def _at(weights: Matrix, row: Indices, column: Indices) -> Floats:
    return np.asarray(weights[row, column], np.float64).ravel()


def with_cold(known: Known, pairs: Pairs, share: float) -> Pairs:
    """Add cold items by their texts: next to each item, and as seeds of their own.

    A cosine of 1 weighs `share` of the mean weight of the item's neighbours. Cold items that are no item's neighbour
    are left out, and so are all but the `MAX_COLD_ROWS` nearest.
    """
    if not share or not len(known.cold) or not len(pairs.left):
        return pairs
    left, right, cosine = _cold_pairs(known)
    parts = {name: np.zeros(len(cosine)) for name in pairs.parts}
    level = _mean_weight(pairs, len(known.items.ids))
    return _joined(pairs, Pairs(left, right, share * cosine * level[left], TEXT_SUPPORT * cosine, parts))


@lru_cache(maxsize=3)
def _cold_pairs(known: Known) -> tuple[Indices, Indices, Floats]:
    """Return pairs of an item and a cold one, and of a cold one and an item, with the cosine of their texts."""
    to_cold = known.cold_of_rows.tocoo()
    nearest = np.bincount(to_cold.col, to_cold.data, minlength=len(known.cold))
    best = np.argsort(-nearest, kind="stable")[:MAX_COLD_ROWS]
    chosen: Indices = best[nearest[best] > 0].astype(np.int32)
    near = np.isin(to_cold.col, chosen)
    seeds = known.rows_of_cold(chosen).tocoo()
    left = np.concatenate([known.rows.item[to_cold.row[near]], known.cold[chosen[seeds.row]]])
    right = np.concatenate([known.cold[to_cold.col[near]], known.rows.item[seeds.col]])
    return left, right, np.concatenate([to_cold.data[near], seeds.data]).astype(np.float64)


def _mean_weight(pairs: Pairs, items: int) -> Floats:
    """Return the mean weight of each item's neighbours, that of all where it has none."""
    total = np.bincount(pairs.left, pairs.weight, minlength=items)
    count = np.bincount(pairs.left, minlength=items)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), pairs.weight.mean()), np.float64)


def _joined(first: Pairs, second: Pairs) -> Pairs:
    parts = {name: np.concatenate([values, second.parts[name]]) for name, values in first.parts.items()}
    columns = (np.concatenate([getattr(each, name) for each in (first, second)]) for name in _COLUMNS)
    left, right, weight, co_buyers = columns
    return Pairs(left, right, weight, co_buyers, parts)


_COLUMNS = ("left", "right", "weight", "co_buyers")


def served_rows(known: Known, pairs: Pairs) -> Rows:
    """Return the rows of the model: all known ones, and the cold items that stand in a pair."""
    marked = np.zeros(len(known.items.ids), np.int64)
    marked[known.rows.item] = known.buyers[known.rows.item] + 1
    cold = known.cold[np.isin(known.cold, pairs.right) | np.isin(known.cold, pairs.left)]
    marked[cold] = np.maximum(marked[cold], 1)
    return known_rows(known.items, marked, least_buyers=1)


def neighbour_sections(pairs: Pairs, rows: Rows) -> dict[str, Any]:
    """Return the sections that `ItemNeighbours` reads, best neighbours first, and a section for each part."""
    left, right = rows.row[pairs.left], rows.row[pairs.right]
    there = (left >= 0) & (right >= 0)  # of two ids with one hash, one is left out
    order = np.flatnonzero(there)[np.lexsort((right[there], -pairs.weight[there], left[there]))]
    count: Ints = np.bincount(left[order], minlength=len(rows.item)).astype(np.int64)
    support = np.minimum(np.rint(pairs.co_buyers[order]), _MOST_CO_BUYERS)
    return {
        "row_end": packed("I", np.cumsum(count)),
        "neighbour": packed("H" if len(rows.item) <= _MOST_CO_BUYERS else "I", right[order]),
        "similarity": packed("f", pairs.weight[order]),
        "co_buyers": packed("H", support),
        **{f"part_{name}": packed("f", values[order]) for name, values in pairs.parts.items()},
    }


def category_numbers(known: Known, rows: Rows) -> Ints:
    """Return a number for each row's category, 0 where it is unknown."""
    names = sorted({known.items.categories[item] for item in rows.item} - {""})
    numbers = {name: place for place, name in enumerate(names[:_MOST_CO_BUYERS], start=1)}
    return np.array([numbers.get(known.items.categories[item], 0) for item in rows.item], np.int64)
