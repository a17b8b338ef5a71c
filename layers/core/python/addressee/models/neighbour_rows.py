"""Item neighbours for many people, with numpy: adds up in the order in which `recommenders.ItemNeighbours` does."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from addressee.models.item_sections import hash_items, numbers, rows_of
from addressee.models.kind import REASONS, Audience, Fitted, Reason
from addressee.models.ranking import Scored, Sections
from addressee.models.stacked import LATEST_DAYS, WIDTH
from addressee.models.tables import Floats, Indices, Interactions, Ints
from addressee.models.trees import Trees

MAX_SEEDS = 32
_HASH_BITS = 32


class Asker(NamedTuple):
    """A person: rows of the latest bought products, latest first, all rows ever bought, days since the last purchase.

    The order is that of serving: by last day and item hash, descending; unknown items count as seeds there, too.
    """

    seeds: Indices
    bought: Indices
    days: float


def askers(fitted: Fitted, audience: Audience) -> Iterator[Asker]:
    """Yield everybody in the audience."""
    row, max_seeds = rows_of(fitted.sections, audience.items), int(fitted.settings["max_seeds"])
    subject, item, last = last_days(audience.interactions, len(audience.items.ids))
    order = latest_first(subject, last, hash_items(audience.items)[item])
    rows, last = row[item[order]], last[order]
    for first, stop in pairwise(np.searchsorted(subject, np.arange(audience.size + 1)).tolist()):
        bought = rows[first:stop]
        seeds = bought[:max_seeds]
        latest = int(last[first]) if stop > first else audience.day
        days = float(min(max(audience.day - latest, 0), LATEST_DAYS))
        yield Asker(seeds[seeds >= 0], bought[bought >= 0], days)


def last_days(purchases: Interactions, items: int) -> tuple[Ints, Ints, Ints]:
    """Return each pair of subject and item once, sorted, with the last day on which it was bought."""
    earliest, width = int(purchases.day.min(initial=0)), max(items, 1)
    span = int(purchases.day.max(initial=0)) - earliest + 1
    pairs = purchases.subject.astype(np.int64) * width + purchases.item
    keys = np.sort(pairs * span + (purchases.day - earliest))  # all three in one number: one sort instead of several
    pair = keys // span
    latest = np.diff(pair, append=-1) != 0
    pair, keys = pair[latest], keys[latest]
    subject = pair // width
    return subject, pair - subject * width, keys - pair * span + earliest


def latest_first(subject: Ints, last: Ints, hashes: Ints) -> Ints:
    """Return the order of each subject's rows by last day, then item hash, both descending; `subject` is sorted."""
    key = ((int(last.max(initial=0)) - last) << _HASH_BITS) - hashes
    ends = np.flatnonzero(np.diff(subject, append=-1)) + 1
    spans = pairwise([0, *ends.tolist()])  # many short sorts are quicker than a long one of two columns
    return np.concatenate([np.empty(0, np.int64), *(at + np.argsort(key[at:end], kind="stable") for at, end in spans)])


class NeighbourRows:
    """The packed neighbours as numpy sees them."""

    def __init__(self, sections: Sections) -> None:
        """View the sections."""
        self._ends = numbers(sections, "row_end").astype(np.int64)
        self._starts = np.concatenate([np.zeros(1, np.int64), self._ends[:-1]])
        self._neighbour = numbers(sections, "neighbour").astype(np.int64)
        self._similarity = numbers(sections, "similarity").astype(np.float64)
        self._co_buyers = numbers(sections, "co_buyers").astype(np.float64)
        id_ends, ids = sections["id_end"].tolist(), sections["ids"].tobytes()
        self.ids = [ids[first:last].decode() for first, last in pairwise([0, *id_ends])]

    def rank(self, asker: Asker, k: int) -> list[Scored]:
        """Rank what the person has not bought."""
        at, scores, best = self._best(asker, k)
        support = self._sum(at, self._co_buyers)
        ids = [self.ids[row] for row in best.tolist()]
        return list(map(Scored, ids, scores[best].tolist(), support[best].tolist()))

    def sums(self, seeds: Indices) -> tuple[Floats, Floats]:
        """Return each row's score and support."""
        at = self._places(seeds)
        return self._sum(at, self._similarity), self._sum(at, self._co_buyers)

    def reasons(self, seeds: Indices, product: str) -> list[Reason]:
        """Return the seeds that lead to a product with what each adds to its sum, the most first."""
        found = []
        for row in seeds.tolist():
            span = slice(int(self._starts[row]), int(self._ends[row]))
            found += [
                Reason(self.ids[row], float(weight))
                for other, weight in zip(self._neighbour[span], self._similarity[span], strict=True)
                if self.ids[other] == product
            ]
        return sorted(found, key=lambda each: (-each.contribution, each.name))[:REASONS]

    def _best(self, asker: Asker, k: int) -> tuple[Ints, Floats, Ints]:
        """Return the places of all pairs that count, the rows' scores, and the best rows; ties by row."""
        at = self._places(asker.seeds)
        scores = self._sum(at, self._similarity)
        scores[asker.bought] = 0.0
        found = np.flatnonzero(scores)
        if len(found) > k:  # all that can be among the best, ties with the last of them included, before sorting
            found = found[scores[found] >= np.partition(scores[found], -k)[-k]]
        return at, scores, found[np.argsort(-scores[found], kind="stable")[:k]]

    def _places(self, seeds: Indices) -> Ints:
        sizes = self._ends[seeds] - self._starts[seeds]
        ends = np.cumsum(sizes)
        return np.asarray(
            np.arange(int(sizes.sum())) + np.repeat(self._starts[seeds] - (ends - sizes), sizes), np.int64
        )

    def _sum(self, at: Ints, values: Floats) -> Floats:
        summed = np.bincount(self._neighbour[at], values[at], minlength=len(self.ids))
        return summed.astype(np.float64, copy=False)


class StackedRows(NeighbourRows):
    """`stacked.StackedNeighbours` for many people; `table` is also what its trees learn from."""

    def __init__(self, sections: Sections, parts: Sequence[str]) -> None:
        """View the sections; those of the trees are not needed for `table`."""
        super().__init__(sections)
        self._parts = [numbers(sections, f"part_{name}").astype(np.float64) for name in parts]
        self._lately, self._trend, self._category = (
            numbers(sections, name).astype(np.float64) for name in ("buyers_lately", "trend", "category")
        )

    def table(self, asker: Asker) -> tuple[Ints, Floats, Floats]:
        """Return the candidates' rows [m], their features [m, F] and their support [m]."""
        at, scores, rows = self._best(asker, WIDTH)
        support, leading = self._sum(at, self._co_buyers)[rows], self._sum(at, np.ones(len(self._neighbour)))[rows]
        kinds, category = self._category[asker.seeds], self._category[rows]
        alike = (kinds[None, :] == category[:, None]).sum(axis=1) / max(len(kinds), 1) * (category > 0)
        columns = [scores[rows], np.arange(len(rows)), leading, support, self._lately[rows], self._trend[rows], alike]
        columns += [self._sum(at, part)[rows] for part in self._parts]
        columns += [np.full(len(rows), len(asker.seeds)), np.full(len(rows), asker.days)]
        return rows, np.column_stack(columns).astype(np.float64), support

    def ranked(self, asker: Asker, trees: Trees, k: int) -> list[Scored]:
        """Rank the candidates by the trees; ties by place."""
        rows, features, support = self.table(asker)
        if not len(rows):
            return []
        given: array[Any] = array("d")
        given.frombytes(np.ascontiguousarray(features).tobytes())
        said = np.array(trees.totals(given), np.float64)
        order = np.argsort(-said, kind="stable")[:k]
        return [Scored(self.ids[rows[at]], float(said[at]), float(support[at])) for at in order]
