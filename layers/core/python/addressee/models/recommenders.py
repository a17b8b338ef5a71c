"""Recommenders as they are served: pure Python over packed arrays, the same ranking as in training."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple

from addressee.models.neighbours import Neighbours
from addressee.models.ranking import ItemTable, Scored, Sections, confidence
from addressee.profiles.hashing import item_hash

Settings = Mapping[str, Any]
Ranked = tuple[str, float, float]
"""A `Scored`, or the plain tuple that it is."""


class Nightly(NamedTuple):
    """What `score_profiles` last wrote for a person and a use: the day as of which, and the list, best first."""

    as_of_day: int
    scored: Sequence[Ranked]


class PersonalFrequency:
    """Products bought before, by how often and how lately: each purchase counts 0.5 ** (age in days / half-life).

    Served from the nightly list, which knows every purchase, plus what `history` shows since then. For somebody
    without a nightly list, only the last purchase of each item is known; it counts `expected` times: the mean decayed
    number of purchases of that item's buyers, relative to their last one.
    """

    def __init__(self, sections: Sections, settings: Settings) -> None:
        """Read the item table and `expected` [n]; settings `half_life_days` and `half_support`."""
        self.items = ItemTable(sections)
        self._expected: array[float] = sections["expected"]
        self._half_life_days = float(settings["half_life_days"])
        self._half_support = float(settings["half_support"])

    def rank(
        self,
        history: Mapping[int, int],
        *,
        today: int,
        candidates: Sequence[str] | None = None,
        k: int,
        nightly: Nightly | None = None,
    ) -> list[Scored]:
        """Rank what the person bought before; see `serving.Recommender`."""
        if nightly is None:
            return self._from_last_days(history, today, candidates, k)
        known: Iterable[Scored] = self._from_nightly(history, nightly, today)
        if candidates is not None:
            wanted = set(candidates)
            known = (each for each in known if each.item_id in wanted)
        return sorted(known, key=lambda each: (-each.score, each.item_id))[:k]

    def _from_nightly(self, history: Mapping[int, int], nightly: Nightly, today: int) -> Iterator[Scored]:
        aged = self._decay(today - nightly.as_of_day)
        named, unknown = self._since(history, nightly.as_of_day)
        for item_id, score, support in nightly.scored:
            day = named.pop(item_id, None) if named else None
            if unknown and day is None:  # the list may be of a model that knew more products
                day = unknown.pop(item_hash(item_id), None)
            again = 0.0 if day is None else self._decay(today - day)
            yield Scored(item_id, score * aged + again, support + (day is not None))
        for item_id, day in named.items():
            yield Scored(item_id, self._decay(today - day), 1.0)

    def _since(self, history: Mapping[int, int], as_of_day: int) -> tuple[dict[str, int], dict[int, int]]:
        """Return what was bought after a day: by item id, and by hash what this model does not know."""
        named, unknown = dict[str, int](), dict[int, int]()
        for key, day in history.items():
            if day > as_of_day:
                row = self.items.row(key)
                if row >= 0:
                    named[self.items.item_id(row)] = day
                else:
                    unknown[key] = day
        return named, unknown

    def _from_last_days(
        self, history: Mapping[int, int], today: int, candidates: Sequence[str] | None, k: int
    ) -> list[Scored]:
        """Rank by the last purchases alone; item ids are read for the answer only, ties by row."""
        asked = history if candidates is None else history.keys() & {item_hash(item_id) for item_id in candidates}
        rows = [(row, history[key]) for key in asked if (row := self.items.row(key)) >= 0]
        scored = [(-self._expected[row] * self._decay(today - day), row) for row, day in rows]
        return [Scored(self.items.item_id(row), -score, 1.0) for score, row in nsmallest(k, scored)]

    def _decay(self, age_days: int) -> float:
        return float(0.5 ** (max(age_days, 0) / self._half_life_days))

    def causes(self, item_ids: Sequence[str], history: Mapping[int, int]) -> dict[str, str]:  # noqa: ARG002  # the interface's
        """Return nothing: each product follows from its own purchases."""
        return {}

    def popular(self, k: int, spend: Sequence[float] = ()) -> list[Scored]:
        """Return the `k` items with the most buyers lately; see `serving.Recommender`."""
        return self.items.popular(k, spend)

    def confidence(self, support: float) -> float:
        """Return the confidence in [0, 1) that so many observations give."""
        return confidence(support, self._half_support)


class ItemNeighbours:
    """Products never bought before, by the people who also bought what this person bought lately.

    score(j) = sum over the person's latest `max_seeds` bought items i of similarity(i, j), where j is among the
    neighbours kept of i. Support: co-buyers, summed over the same pairs.
    """

    def __init__(self, sections: Sections, settings: Settings) -> None:
        """Read the item table, `row_end` [n], `neighbour`, `similarity` and `co_buyers` (rows end to end)."""
        self.items = ItemTable(sections)
        self._neighbours = Neighbours(sections)
        self._similarities: array[float] = sections["similarity"]
        self._co_buyers: array[int] = sections["co_buyers"]
        self._row_of = dict(zip(self.items.hashes, range(len(self.items)), strict=True))
        self._max_seeds = int(settings["max_seeds"])
        self._half_support = float(settings["half_support"])

    def rank(
        self,
        history: Mapping[int, int],
        *,
        today: int,  # noqa: ARG002  # the interface's; similarities do not age within a bundle
        candidates: Sequence[str] | None = None,
        k: int,
        nightly: Nightly | None = None,  # noqa: ARG002  # the interface's; the latest purchases say it all
    ) -> list[Scored]:
        """Rank what the person has not bought; see `serving.Recommender`."""
        seeds = self.seeds(history)
        found, scores = self._neighbours.led_to(seeds)[0], self._neighbours.totals(seeds, self._similarities)
        support = self._neighbours.totals(seeds, self._co_buyers)
        best = self._unbought(history, self._wanted(found, candidates), scores)
        return [Scored(self.items.item_id(row), scores[row], float(support[row])) for row in islice(best, k)]

    def seeds(self, history: Mapping[int, int]) -> list[int]:
        """Return the rows of the latest `max_seeds` bought items (ties: larger hash first), those that are known."""
        by_hash = sorted(history, reverse=True)  # quick: a packed state is sorted; the second sort leaves ties alone
        latest = sorted(by_hash, key=history.__getitem__, reverse=True)[: self._max_seeds]
        rows = map(self._row_of.get, latest)
        return [row for row in rows if row is not None]

    def _wanted(self, found: Sequence[int], candidates: Sequence[str] | None) -> Sequence[int]:
        """Return the rows that are among the candidates, where there are such."""
        if candidates is None:
            return found
        wanted = {self._row_of.get(item_hash(each)) for each in candidates}
        return [row for row in found if row in wanted]

    def _unbought(self, history: Mapping[int, int], rows: Sequence[int], scores: Sequence[float]) -> Iterator[int]:
        """Return those of some rows, in order, that were not bought: the highest score first, ties by row."""
        best = sorted(rows, key=scores.__getitem__, reverse=True)  # stable: ties stay in the order of rows
        return (row for row in best if self.items.hashes[row] not in history)

    def causes(self, item_ids: Sequence[str], history: Mapping[int, int]) -> dict[str, str]:
        """Return the seed with the largest similarity to each product; of equal ones the latest."""
        rows = {self._row_of.get(item_hash(item_id)): item_id for item_id in item_ids}
        asked = {row: item_id for row, item_id in rows.items() if row is not None}
        leading = self._neighbours.leading(self.seeds(history), self._similarities, list(asked))
        return {asked[row]: self.items.item_id(seed) for row, seed in leading.items()}

    def popular(self, k: int, spend: Sequence[float] = ()) -> list[Scored]:
        """Return the `k` items with the most buyers lately; see `serving.Recommender`."""
        return self.items.popular(k, spend)

    def confidence(self, support: float) -> float:
        """Return the confidence in [0, 1) that so many observations give."""
        return confidence(support, self._half_support)
