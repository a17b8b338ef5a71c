"""Kept neighbours of products, and what a person's latest products say of them: in C where there is a library for it.

neighbours = Neighbours(sections)
neighbours.totals(seeds, sections["similarity"])  # [n]: each row's sum over the pairs that lead to it
"""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from addressee.models.ranking import Sections

if TYPE_CHECKING:
    from addressee.models.native_neighbours import NativeNeighbours


class Neighbours:
    """Of each of n rows some others: `neighbour` [pairs], row after row end to end, up to `row_end` [n].

    A row that leads to others is a seed. Values of pairs, as similarities, are sections of the same length. Python's
    sums are C's, to the last bit.
    """

    def __init__(self, sections: Sections) -> None:
        """Read the sections and load the library. Raises `ValueError` where it would be led outside of them."""
        from addressee.models.native_neighbours import native_neighbours  # noqa: PLC0415  # bundles without: no ctypes

        self._ends: array[int] = sections["row_end"]
        self._rows: array[int] = sections["neighbour"]
        self._native = native_neighbours(self._ends, self._rows)

    def led_to(self, seeds: Sequence[int]) -> tuple[list[int], Sequence[int]]:
        """Return the rows to which any seed leads, in order, and how many seeds lead to each row ([n])."""
        if self._native is not None:
            return self._native.led_to(seeds)
        led = [0] * len(self._ends)
        for row in chain.from_iterable(self._rows[span] for span in map(self._span, seeds)):
            led[row] += 1
        return [row for row, count in enumerate(led) if count], led

    def totals(self, seeds: Sequence[int], values: array[Any]) -> Sequence[float]:
        """Return each row's sum ([n]) of the values of the pairs that lead to it, added in the order of the seeds."""
        if (native := self._library(values)) is not None:
            return native.totals(seeds, values)
        sums = [0.0] * len(self._ends)
        for span in map(self._span, seeds):
            for row, value in zip(self._rows[span], values[span], strict=True):
                sums[row] += value
        return sums

    def leading(self, seeds: Sequence[int], values: array[float], rows: Sequence[int]) -> dict[int, int]:
        """Return the seed with the largest value for each of some rows, of equal ones the first; none below 0."""
        if values.typecode == "f" and (native := self._library(values)) is not None:
            return native.leading(seeds, values, rows)
        most, leading = dict.fromkeys(rows, 0.0), dict[int, int]()
        for seed in seeds:
            span = self._span(seed)
            for row in most.keys() & set(self._rows[span]):
                value = values[self._rows.index(row, span.start, span.stop)]
                if value > most[row]:
                    most[row], leading[row] = value, seed
        return leading

    def _span(self, row: int) -> slice:
        """Return where a row's neighbours stand."""
        return slice(self._ends[row - 1] if row else 0, self._ends[row])

    def _library(self, values: array[Any]) -> NativeNeighbours | None:
        """Return the sums in C where there are such for these values."""
        return self._native if self._native is not None and self._native.reads(values) else None
