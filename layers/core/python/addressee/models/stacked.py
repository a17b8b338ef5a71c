"""Neighbours ranked once more by trees: the best candidates of a sum, by what each part of it says and who asks."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Mapping, Sequence
from itertools import islice
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
        scores, support, found = self._sums(map(self._span, seeds))
        rows = list(islice(self._unbought(history, self._wanted(found, candidates), scores), WIDTH))
        if not rows:
            return []
        days = float(min(max(today - max(history.values()), 0), LATEST_DAYS))
        said = self._trees.totals(self._table(seeds, rows, scores, support, days))
        order = sorted(range(len(rows)), key=said.__getitem__, reverse=True)[:k]
        return [Scored(self.items.item_id(rows[at]), said[at], float(support[rows[at]])) for at in order]

    def _table(
        self, seeds: Sequence[int], rows: Sequence[int], scores: Sequence[float], support: Sequence[int], days: float
    ) -> array[float]:
        """Lay out the candidates' features end to end."""
        said, leading = self._said(seeds, rows)
        kinds = [self._category[row] for row in seeds]
        count = len(seeds)
        table = array("d")
        for place, row in enumerate(rows):
            category = self._category[row]
            alike = kinds.count(category) / count if category else 0.0
            told = (scores[row], place, leading[row], support[row], self._lately[row], self._trend[row], alike)
            table.extend(told)
            table.extend([part[row] for part in said])
            table.extend((count, days))
        return table

    def _said(self, seeds: Sequence[int], rows: Sequence[int]) -> tuple[list[dict[int, float]], dict[int, int]]:
        """Return each part's sum for the rows, and how many seeds lead to each."""
        said, leading = [dict.fromkeys(rows, 0.0) for _ in self._parts], dict.fromkeys(rows, 0)
        for seed in seeds:
            span = self._span(seed)
            neighbours = self._neighbours[span]
            wanted = [(at, row) for at, row in enumerate(neighbours, start=span.start) if row in leading]
            for _, row in wanted:
                leading[row] += 1
            for sums, part in zip(said, self._parts, strict=True):
                for at, row in wanted:
                    sums[row] += part[at]
        return said, leading
