"""What was known of purchases on a day, and the item-item weights that follow: the parts of a blend; training only."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import pairwise

import numpy as np
from scipy import sparse

from addressee.models.generators.content import text_vectors
from addressee.models.generators.ease import Ease
from addressee.models.generators.generator import Matrix
from addressee.models.generators.matrices import scaled_columns
from addressee.models.generators.neighbours import ItemItem
from addressee.models.generators.walks import Rp3Beta
from addressee.models.item_sections import (
    POPULAR_DAYS,
    Rows,
    count_buyers,
    hash_items,
    known_rows,
)
from addressee.models.neighbour_rows import MAX_SEEDS, last_days, latest_first
from addressee.models.tables import Floats, Indices, Interactions, Ints, Items

MAX_ITEMS = 4_000
LEAST_BUYERS = 5
MAX_DENSE_ITEMS = 2_000
"""Only so many, those with the most buyers, go into EASE and the walks."""
MAX_COLD_ITEMS = 20_000
KEPT = 100
COLD_NEIGHBOURS = 6
ALIKE = 0.2
"""The least cosine of texts that are alike."""
MAX_TEXTS = 40_000
"""Up to so many texts are weighed together, else those of the rows and the cold items alone."""
SHRINKAGE = 10.0
REGULARISATION = 500.0
TREND_PRIOR = 5.0
BLOCK = 256
PARTS = ("cosine", "ease", "walks", "likeness")
"""The parts of a blend, by the attributes of `Known`; the last one is no matter of what sells."""


@dataclass(frozen=True)
class Known:
    """Purchases up to the end of `day`, as far as neighbours need them; equal where `digest` is.

    `buyers` is [items]; `rows` are the `MAX_ITEMS` items with the most buyers, none with fewer than `LEAST_BUYERS`;
    `taken` is 0 or 1, [people, rows]; `seeds` the same of each person's latest `MAX_SEEDS` products; `trend` is [rows].
    """

    digest: bytes
    items: Items = field(compare=False, repr=False)
    buyers: Ints = field(compare=False, repr=False)
    rows: Rows = field(compare=False, repr=False)
    taken: Matrix = field(compare=False, repr=False)
    seeds: Matrix = field(compare=False, repr=False)
    trend: Floats = field(compare=False, repr=False)
    lately: Floats = field(compare=False, repr=False)
    new: Indices = field(compare=False, repr=False)

    @cached_property
    def cosine(self) -> Matrix:
        """Return the shrunk cosine of each pair that was bought together, the best `2 * KEPT` of each row."""
        return ItemItem("cosine", SHRINKAGE, 2 * KEPT).fit(self.taken, rng=_unused()).left

    @cached_property
    def together(self) -> Matrix:
        """Return the co-buyers behind `cosine`, from which they follow exactly: the cosine is their number, divided."""
        pairs, count = self.cosine.tocoo(), self.buyers[self.rows.item].astype(np.float64)
        numbers = np.rint(pairs.data * (np.sqrt(count[pairs.row] * count[pairs.col]) + SHRINKAGE))
        return sparse.csr_matrix((numbers, (pairs.row, pairs.col)), pairs.shape)

    @cached_property
    def ease(self) -> Matrix:
        """Return what EASE gives to the items with the most buyers."""
        top = self._most_bought()
        weights = sparse.csr_matrix(Ease(REGULARISATION).fit(self.taken[:, top], rng=_unused()).left)
        return self._widened(strongest_of(weights, KEPT), top)

    @cached_property
    def walks(self) -> Matrix:
        """Return what RP3beta gives to the items with the most buyers."""
        top = self._most_bought()
        return self._widened(Rp3Beta(neighbours=KEPT).fit(self.taken[:, top], rng=_unused()).left, top)

    @cached_property
    def likeness(self) -> Matrix:
        """Return the cosine of texts among the rows; nothing where there are no texts."""
        vectors = self._vectors[: len(self.rows.item)]
        return _nearest(vectors, vectors, KEPT, itself=True)

    @cached_property
    def cold_of_rows(self) -> Matrix:
        """Return the cosine of texts between rows and cold items, [rows, cold]: the `COLD_NEIGHBOURS` best of each."""
        known = len(self.rows.item)
        return _nearest(self._vectors[:known], self._vectors[known:], COLD_NEIGHBOURS)

    def rows_of_cold(self, chosen: Indices) -> Matrix:
        """Return the cosine of texts between some of `cold` and rows: the `COLD_NEIGHBOURS` best of each."""
        known = len(self.rows.item)
        return _nearest(self._vectors[known + chosen], self._vectors[:known], COLD_NEIGHBOURS)

    @cached_property
    def cold(self) -> Indices:
        """Return the items that nobody bought before the last weeks, or nobody at all: at most `MAX_COLD_ITEMS`."""
        return self.new[:MAX_COLD_ITEMS] if any(self.items.texts) else self.new[:0]

    @cached_property
    def _vectors(self) -> Matrix:
        texts, chosen = self.items.texts, np.concatenate([self.rows.item, self.cold])
        if not any(texts[item].split() for item in chosen if texts):
            return sparse.csr_matrix((len(chosen), 1), dtype=np.float32)
        if len(texts) <= MAX_TEXTS:  # the same ones on every day of a run
            return _vectors_of(texts)[chosen]
        return text_vectors(tuple(texts[item] for item in chosen))

    def _most_bought(self) -> Indices:
        count = self.buyers[self.rows.item]
        return np.sort(np.argsort(-count, kind="stable")[:MAX_DENSE_ITEMS]).astype(np.int32)

    def _widened(self, weights: Matrix, top: Indices) -> Matrix:
        pairs = weights.tocoo()
        place = (top[pairs.row], top[pairs.col])
        return sparse.csr_matrix((pairs.data, place), (len(self.rows.item),) * 2, dtype=np.float32)

    def parts(self, trend: float, names: Collection[str] = PARTS) -> dict[str, Matrix]:
        """Return parts by name, what people did weighed with the trend; those without any weight are left out."""
        if not len(self.rows.item):
            return {}
        weight = (self.trend**trend).astype(np.float32)
        done = {name: scaled_columns(getattr(self, name), weight) for name in PARTS[:-1] if name in names}
        if PARTS[-1] in names:
            done[PARTS[-1]] = self.likeness
        return {name: part for name, part in done.items() if part.nnz}


@lru_cache(maxsize=1)
def _vectors_of(texts: tuple[str, ...]) -> Matrix:
    return text_vectors(texts)


def _unused() -> np.random.Generator:
    """Return what the interface of generators asks for; these draw nothing."""
    return np.random.default_rng(0)


def _nearest(left: Matrix, right: Matrix, top: int, *, itself: bool = False) -> Matrix:
    """Return the `top` largest cosines of each row with the rows of `right`, block by block, none below `ALIKE`."""
    shape, kept = (left.shape[0], right.shape[0]), []
    across = right.T.tocsr()
    for start in range(0, shape[0], BLOCK):
        found = left[start : start + BLOCK] @ across
        found.data[found.data < ALIKE] = 0.0
        if itself:
            found.data[found.indices == start + np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))] = 0.0
        found.eliminate_zeros()
        kept.append(strongest_of(found, top))
    return sparse.vstack(kept, format="csr") if kept else sparse.csr_matrix(shape, dtype=np.float32)


def strongest_of(weights: Matrix, top: int) -> Matrix:
    """Return the `top` largest weights above 0 of each row of a matrix in compressed rows, ties by column."""
    data, wanted = weights.data, weights.data > 0
    for first, last in pairwise(weights.indptr.tolist()):
        if last - first > top:  # only what may be among the largest has to be put into order
            part = data[first:last]
            wanted[first:last] &= part >= np.partition(part, last - first - top)[last - first - top]
    row = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))[wanted]
    column, value = weights.indices[wanted], data[wanted]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    first_ones = np.arange(len(row)) - np.searchsorted(row, row) < top
    pairs = (value[first_ones], (row[first_ones], column[first_ones]))
    return sparse.csr_matrix(pairs, weights.shape, dtype=np.float32)


def known_at(purchases: Interactions, items: Items, day: int) -> Known:
    """Return what `purchases`, all up to `day`, tell; the same input is not worked out twice in a run."""
    return _known(_Asked(_digest(purchases, items, day), purchases, items, day))


@dataclass(frozen=True)
class _Asked:
    digest: bytes
    purchases: Interactions = field(compare=False)
    items: Items = field(compare=False)
    day: int = field(compare=False)


def digest_of(purchases: Interactions, day: int) -> bytes:
    """Return what tells purchases that are known on a day from others."""
    digest = sha256(f"{day}".encode())
    for column in (purchases.subject, purchases.item, purchases.day):
        digest.update(np.ascontiguousarray(column).data)
    return digest.digest()


def _digest(purchases: Interactions, items: Items, day: int) -> bytes:
    digest = sha256(digest_of(purchases, day))
    for column in (items.ids, items.texts, items.categories):
        digest.update("\n".join(column).encode())
    return digest.digest()


@lru_cache(maxsize=3)
def _known(asked: _Asked) -> Known:
    purchases, items, day = asked.purchases, asked.items, asked.day
    buyers = count_buyers(purchases, len(items.ids))
    rows = known_rows(items, buyers, least_buyers=_threshold(buyers))
    people = int(purchases.subject.max(initial=-1)) + 1
    subject, item, last = last_days(purchases, len(items.ids))
    place = np.empty(len(subject), np.int64)
    place[latest_first(subject, last, hash_items(items)[item])] = _within(subject)
    known = rows.row[item] >= 0
    latest = known & (place < MAX_SEEDS)
    recent = purchases.where(purchases.day > day - POPULAR_DAYS)
    lately, active = count_buyers(recent, len(items.ids)), int((np.bincount(recent.subject) > 0).sum())
    shape = (people, len(rows.item))
    return Known(
        digest=asked.digest,
        items=items,
        buyers=buyers,
        rows=rows,
        taken=_ones(subject[known], rows.row[item[known]], shape),
        seeds=_ones(subject[latest], rows.row[item[latest]], shape),
        trend=np.asarray(((lately + 1.0) / (buyers + TREND_PRIOR))[rows.item], np.float64),
        lately=np.asarray(lately[rows.item] / max(active, 1), np.float64),
        new=_new_items(buyers, lately, rows),
    )


def _within(sorted_values: Ints) -> Ints:
    """Return each row's place among those with its value, from 0."""
    place = np.arange(len(sorted_values))
    first = np.diff(sorted_values, prepend=-1) != 0
    return place - np.maximum.accumulate(np.where(first, place, 0))


def _new_items(buyers: Ints, lately: Ints, rows: Rows) -> Indices:
    """Return the items that are no rows and had no buyer before the last weeks, those with buyers first."""
    new = np.flatnonzero((rows.row < 0) & (buyers <= lately))
    return new[np.argsort(-buyers[new], kind="stable")].astype(np.int32)


def _ones(row: Ints, column: Ints | Indices, shape: tuple[int, int]) -> Matrix:
    return sparse.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape)


def _threshold(buyers: Ints) -> int:
    """Return the number of buyers from which at most `MAX_ITEMS` items qualify."""
    if len(buyers) <= MAX_ITEMS:
        return LEAST_BUYERS
    return max(LEAST_BUYERS, int(np.partition(buyers, -MAX_ITEMS - 1)[-MAX_ITEMS - 1]) + 1)
