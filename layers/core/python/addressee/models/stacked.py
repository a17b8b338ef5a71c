"""Neighbours ranked once more by trees: the best candidates of a sum, by what each part of it says and who asks."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, repeat
from typing import Any

from addressee.models.ranking import Scored, Sections
from addressee.models.recommenders import ItemNeighbours, Nightly
from addressee.models.trees import Trees

WIDTH = 100
LATEST_DAYS = 365
OF_CANDIDATES = ("score", "place", "seeds", "co_buyers", "buyers_lately", "trend", "of_category")
OF_PEOPLE = ("products", "days_since")


def feature_names(parts: Sequence[str]) -> list[str]:
    """Return the features of a candidate, in order."""
    return [*OF_CANDIDATES, *parts, *OF_PEOPLE]


class StackedNeighbours(ItemNeighbours):
    """The `WIDTH` best of `ItemNeighbours`, ordered by boosted trees; the score is the trees' sum.

    A candidate's features, `feature_names`: the sum and its place; how many seeds lead to it; their co-buyers; the
    share of active people who bought it in the last weeks and its trend; the share of seeds of its category; each
    part's sum; how many seeds there are and how long ago the latest purchase was.
    """

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read the neighbours, `part_<name>` [pairs], `buyers_lately`, `trend` and `category` [n], and the trees."""
        super().__init__(sections, settings)
        self._parts = [sections[f"part_{name}"] for name in settings["parts"]]
        self._lately, self._trend, self._category = (sections[name] for name in ("buyers_lately", "trend", "category"))
        self._trees = Trees(sections, width=len(feature_names(settings["parts"])))

    def rank(
        self,
        history: Mapping[int, int],
        *,
        today: int,
        candidates: Sequence[str] | None = None,
        k: int,
        nightly: Nightly | None = None,  # noqa: ARG002  # the interface's; the latest purchases say it all
    ) -> list[Scored]:
        """Rank what the person has not bought; see `serving.Recommender`."""
        seeds = self.seeds(history)
        found, led = self._neighbours.led_to(seeds)
        scores = self._neighbours.totals(seeds, self._similarities)
        rows = list(islice(self._unbought(history, self._wanted(found, candidates), scores), WIDTH))
        if not rows:
            return []
        days = float(min(max(today - max(history.values()), 0), LATEST_DAYS))
        support = self._neighbours.totals(seeds, self._co_buyers)
        table = self._table(seeds, rows, (scores, led, support))
        said = self._trees.totals(end_to_end([*table, repeat(len(seeds), len(rows)), repeat(days, len(rows))]))
        order = sorted(range(len(rows)), key=said.__getitem__, reverse=True)[:k]
        return [Scored(self.items.item_id(rows[at]), said[at], float(support[rows[at]])) for at in order]

    def _table(
        self, seeds: Sequence[int], rows: Sequence[int], sums: tuple[Sequence[float], ...]
    ) -> list[Iterable[float]]:
        """Return the columns of `OF_CANDIDATES` and parts; `sums` are each row's score, seeds and co-buyers."""
        kinds, count = Counter([self._category[row] for row in seeds]), len(seeds)
        alike = [kinds[category] / count if category else 0.0 for category in map(self._category.__getitem__, rows)]
        parts = [self._neighbours.totals(seeds, part) for part in self._parts]
        score, *told = [list(map(each.__getitem__, rows)) for each in (*sums, self._lately, self._trend, *parts)]
        return [score, range(len(rows)), *told[:4], alike, *told[4:]]


def end_to_end(columns: Sequence[Iterable[float]]) -> array[float]:
    """Lay equally long columns out row after row."""
    first = array("d", columns[0])
    table = array("d", bytes(8 * len(first) * len(columns)))
    for place, column in enumerate(columns):
        table[place :: len(columns)] = array("d", column)
    return table
