"""Segmenters as they are served: a segment's name from a person's features, and what is popular in the segment."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from addressee.models.ranking import ItemTable, Scored, Sections, confidence
from addressee.models.scorers import WrongFeatures


class Tiers:
    """RFM tiers: recency, frequency and monetary value each cut into tiers, a table names every combination."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `column` [3], `edges` [3 * (tiers - 1)], `segment` [tiers ** 3] (index of a name), the item table.

        `top` and `top_buyers` hold each segment's popular rows, end to end, `top_end` [segments] where each ends.
        Settings: `segments` (names), `tiers`, `half_support`, `features` (their number).
        """
        self.items = ItemTable(sections)
        self.names: tuple[str, ...] = tuple(settings["segments"])
        self._columns = list(sections["column"])
        self._tiers, self._width = int(settings["tiers"]), int(settings["features"])
        cuts = self._tiers - 1
        self._edges = [list(sections["edges"][cuts * axis : cuts * (axis + 1)]) for axis in range(len(self._columns))]
        self._segment = sections["segment"]
        self._top, self._top_buyers = sections["top"], sections["top_buyers"]
        self._top_end = sections["top_end"]
        self._half_support = float(settings["half_support"])

    def segment(self, features: Sequence[float]) -> str:
        """Return the segment's name. Raises `WrongFeatures` where the vector's length differs."""
        if len(features) != self._width:
            raise WrongFeatures(f"{len(features)} features, but the model was trained on {self._width}")
        cell = 0
        for column, edges in zip(self._columns, self._edges, strict=True):
            cell = cell * self._tiers + bisect_right(edges, features[column])
        return self.names[self._segment[cell]]

    def popular(self, segment: str, k: int) -> list[Scored]:
        """Return the `k` items with the most buyers lately in the segment; nothing for an unknown segment."""
        if segment not in self.names:
            return []
        index = self.names.index(segment)
        start, stop = (self._top_end[index - 1] if index else 0), self._top_end[index]
        span = slice(start, min(stop, start + k))
        pairs = zip(self._top[span], self._top_buyers[span], strict=True)
        return [Scored(self.items.item_id(row), float(buyers), float(buyers)) for row, buyers in pairs]

    def popular_overall(self, k: int) -> list[Scored]:
        """Return the `k` items with the most buyers lately among everybody."""
        return self.items.popular(k)

    def confidence(self, support: float) -> float:
        """Return the confidence in [0, 1) that so many observations give."""
        return confidence(support, self._half_support)
