"""Segmenters as they are served: a segment's name from a person's features, and what is popular in the segment."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import copysign, isfinite, log1p
from typing import Any

from addressee.models.ranking import ItemTable, Scored, Sections, confidence
from addressee.models.scorers import check_width


class _Bestsellers:
    """The names of the segments, and what is popular in each and among everybody."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read the item table, `top`, `top_buyers` (each segment's popular rows, end to end), `top_end` [segments].

        Settings: `segments` (names), `half_support`.
        """
        self.items = ItemTable(sections)
        self.names: tuple[str, ...] = tuple(settings["segments"])
        self._half_support = float(settings["half_support"])
        self._top, self._top_buyers = sections["top"], sections["top_buyers"]
        self._top_end = sections["top_end"]

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


class Tiers(_Bestsellers):
    """A few features, each cut into tiers by its edges; a table names every combination of tiers."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `column` [axes], `edges` (end to end), `edges_end` [axes], `segment` [product of tiers], the item table.

        Settings: those of every segmenter, and `features` (their number).
        """
        super().__init__(sections, settings)
        ends = sections["edges_end"].tolist()
        spans = zip(sections["column"], [0, *ends[:-1]], ends, strict=True)
        self._axes = [(column, sections["edges"][first:last].tolist()) for column, first, last in spans]
        self._width = int(settings["features"])
        self._segment = sections["segment"]

    def segment(self, features: Sequence[float]) -> str:
        """Return the segment's name. Raises `WrongFeatures` where the vector's length differs."""
        check_width(features, self._width)
        cell = 0
        for column, edges in self._axes:
            cell = cell * (len(edges) + 1) + bisect_right(edges, features[column])
        return self.names[self._segment[cell]]


DISTANCE_DIGITS = 9
"""Squared distances are compared rounded: who lies between two centroids is in the first one, however sums are made."""


class Centroids(_Bestsellers):
    """Chosen features as signed logarithms, standardised, projected; the nearest centroid is the segment."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `column`, `mean`, `scale`, `weight` [m], `component` [m, d], `centroid` [segments, d], the item table.

        Settings: those of every segmenter, and `features` (their number).
        """
        super().__init__(sections, settings)
        self._width, size = int(settings["features"]), len(sections["column"])
        deep = len(sections["component"]) // size
        self._columns = list(zip(*(sections[name] for name in ("column", "mean", "scale", "weight")), strict=True))
        self._component = [sections["component"][deep * at : deep * at + deep].tolist() for at in range(size)]
        flat = sections["centroid"].tolist()
        self._centroids = [flat[at : at + deep] for at in range(0, len(flat), deep)]

    def segment(self, features: Sequence[float]) -> str:
        """Return the segment's name; what is missing counts as the mean. Raises `WrongFeatures` on a wrong length."""
        check_width(features, self._width)
        place = [0.0] * len(self._centroids[0])
        for (column, mean, scale, weight), row in zip(self._columns, self._component, strict=True):
            value = features[column]
            if isfinite(value):
                far = (copysign(log1p(abs(value)), value) - mean) / scale * weight
                place = [at + far * step for at, step in zip(place, row, strict=True)]
        gaps = [round(_squared_gap(place, each), DISTANCE_DIGITS) for each in self._centroids]
        return self.names[gaps.index(min(gaps))]


def _squared_gap(first: Sequence[float], second: Sequence[float]) -> float:
    return sum([(one - other) ** 2 for one, other in zip(first, second, strict=True)])
