"""Segmenters as they are served: a segment's name from a person's features, and what is popular in the segment."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from addressee.models.ranking import ItemTable, Scored, Sections, confidence
from addressee.models.scorers import WrongFeatures


class Tiers:
    """A few features, each cut into tiers by its edges; a table names every combination of tiers."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `column` [axes], `edges` (end to end), `edges_end` [axes], `segment` [product of tiers], the item table.

        `top` and `top_buyers` hold each segment's popular rows, end to end, `top_end` [segments] where each ends.
        Settings: `segments` (names), `half_support`, `features` (their number).
        """
        self.items = ItemTable(sections)
        self.names: tuple[str, ...] = tuple(settings["segments"])
        ends = sections["edges_end"].tolist()
        spans = zip(sections["column"], [0, *ends[:-1]], ends, strict=True)
        self._axes = [(column, sections["edges"][first:last].tolist()) for column, first, last in spans]
        self._width, self._half_support = int(settings["features"]), float(settings["half_support"])
        self._segment = sections["segment"]
        self._top, self._top_buyers = sections["top"], sections["top_buyers"]
        self._top_end = sections["top_end"]

    def segment(self, features: Sequence[float]) -> str:
        """Return the segment's name. Raises `WrongFeatures` where the vector's length differs."""
        if len(features) != self._width:
            raise WrongFeatures(f"{len(features)} features, but the model was trained on {self._width}")
        cell = 0
        for column, edges in self._axes:
            cell = cell * (len(edges) + 1) + bisect_right(edges, features[column])
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
