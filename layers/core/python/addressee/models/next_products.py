"""Next products, whatever they are: personal frequency plus what buyers of the latest products also bought."""

from array import array
from collections.abc import Mapping, Sequence
from heapq import nsmallest
from typing import Any

from addressee.models.ranking import Scored, Sections
from addressee.models.recommenders import ItemNeighbours, Nightly
from addressee.profiles.hashing import item_hash

_Sums = dict[int, list[float]]
"""Row -> score and support."""


class NextProducts(ItemNeighbours):
    """score(j) = purchases of j, each counting 0.5 ** (age / half-life), + `discover` * the sum of j's neighbours.

    Neighbours add to what was bought before, too. Served from the nightly list, which knows every purchase, plus what
    `history` shows since then, with its neighbours. Without one, only the last purchase of each product is known; it
    counts `expected` times, as in `PersonalFrequency`.
    """

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read the neighbours and `expected` [n]; settings `half_life_days`, `discover`, and those of neighbours."""
        super().__init__(sections, settings)
        self._expected: array[float] = sections["expected"]
        self._half_life_days = float(settings["half_life_days"])
        self._weight = float(settings["discover"])

    def rank(
        self,
        history: Mapping[int, int],
        *,
        today: int,
        candidates: Sequence[str] | None = None,
        k: int,
        nightly: Nightly | None = None,
    ) -> list[Scored]:
        """Rank what the person will buy next; see `serving.Recommender`."""
        ranked = self._from_history(history, today) if nightly is None else self._from_nightly(history, nightly, today)
        if candidates is not None:
            wanted = set(candidates)
            ranked = [each for each in ranked if each.item_id in wanted]
        return nsmallest(k, ranked, key=lambda each: (-each.score, each.item_id))

    def causes(self, item_ids: Sequence[str], history: Mapping[int, int]) -> dict[str, str]:
        """Return the latest product with the largest similarity to each; nothing where neighbours do not count."""
        return super().causes(item_ids, history) if self._weight else {}

    def _from_history(self, history: Mapping[int, int], today: int) -> list[Scored]:
        sums = self._neighbours_of(self.seeds(history))
        for key, day in history.items():
            if (row := self.items.row(key)) >= 0:
                _add(sums, row, self._expected[row] * self._decay(today - day), 1.0)
        return [Scored(self.items.item_id(row), score, support) for row, (score, support) in sums.items()]

    def _from_nightly(self, history: Mapping[int, int], nightly: Nightly, today: int) -> list[Scored]:
        """Go on from a list, whose scores do not age within a few days; what it does not name starts from nothing."""
        since = {key: day for key, day in history.items() if day > nightly.as_of_day}
        sums = self._neighbours_of(self.seeds(since)) if since else {}
        for key, day in since.items():
            if (row := self.items.row(key)) >= 0:
                _add(sums, row, self._decay(today - day), 1.0)
        ranked = []
        for item_id, score, support in nightly.scored:
            more = sums.pop(self.items.row(item_hash(item_id)), (0.0, 0.0)) if sums else (0.0, 0.0)
            ranked.append(Scored(item_id, score + more[0], support + more[1]))
        return ranked + [Scored(self.items.item_id(row), score, support) for row, (score, support) in sums.items()]

    def _neighbours_of(self, seeds: Sequence[int]) -> _Sums:
        """Return what neighbours add: their similarities, weighed, and their co-buyers in purchases' worth."""
        if not self._weight:
            return {}
        scores = self._neighbours.totals(seeds, self._similarities)
        support = self._neighbours.totals(seeds, self._co_buyers)
        found, _ = self._neighbours.led_to(seeds)
        return {row: [self._weight * scores[row], support[row] / SUPPORT_OF_ONE] for row in found}

    def _decay(self, age_days: int) -> float:
        return float(0.5 ** (max(age_days, 0) / self._half_life_days))


SUPPORT_OF_ONE = 20.0
"""So many co-buyers count as one purchase by the person: the half-supports of `discover` and `buy_again`."""


def _add(sums: _Sums, row: int, score: float, support: float) -> None:
    known = sums.setdefault(row, [0.0, 0.0])
    known[0] += score
    known[1] += support
