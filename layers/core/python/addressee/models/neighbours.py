"""Kept neighbours of products, and what a person's latest products say of them: in C where there is a library for it.

neighbours = Neighbours(sections)
neighbours.totals(seeds, sections["similarity"])  # [n]: each row's sum over the pairs that lead to it
"""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

from addressee.models.native import address, declare, shared_library
from addressee.models.ranking import Sections

_WIDE = {"H": 0, "I": 1}
_ADDED = {"f": "neighbours_add", "H": "neighbours_add_counts"}


class Neighbours:
    """Of each of n rows some others: `neighbour` [pairs], row after row end to end, up to `row_end` [n].

    A row that leads to others is a seed. Values of pairs, as similarities, are sections of the same length. Python's
    sums are C's, to the last bit.
    """

    def __init__(self, sections: Sections) -> None:
        """Read the sections; the library is loaded when something is asked for the first time."""
        self._ends: array[int] = sections["row_end"]
        self._rows: array[int] = sections["neighbour"]

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
        if (native := self._library(values)) is not None:
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

    def _library(self, values: array[Any]) -> _Native | None:
        """Return the sums in C where there are such for these values."""
        return self._native if values.typecode in _ADDED and len(values) == len(self._rows) else None

    @cached_property
    def _native(self) -> _Native | None:
        functions = _functions()
        fits = self._rows.typecode in _WIDE and self._ends.typecode == "I"
        return _Native(functions, self._ends, self._rows) if functions is not None and fits else None


class _Native:
    """The library's functions on one bundle's neighbours; arrays are handed over by their address."""

    def __init__(self, functions: _Functions, ends: array[int], rows: array[int]) -> None:
        """Check every reference. Raises `ValueError` where one leads outside."""
        self._functions, self._kept = functions, (ends, rows)
        self._of = functions.handle(address(ends), address(rows), len(ends), len(rows), _WIDE[rows.typecode])
        if not functions.check(self._of):
            raise ValueError("a neighbour is no row, or the rows' ends are not in order")

    def totals(self, seeds: Sequence[int], values: array[Any]) -> array[float]:
        """Return `Neighbours.totals`."""
        asked, sums = array("I", seeds), array("d", (0.0,)) * len(self._kept[0])
        add = self._functions.add[values.typecode]
        add(self._of, address(asked), len(asked), address(values), address(sums))
        return sums

    def led_to(self, seeds: Sequence[int]) -> tuple[list[int], array[int]]:
        """Return `Neighbours.led_to`."""
        asked, led = array("I", seeds), array("I", (0,)) * len(self._kept[0])
        found = led[:]
        count = self._functions.led(self._of, address(asked), len(asked), address(led), address(found))
        return found[:count].tolist(), led

    def leading(self, seeds: Sequence[int], values: array[float], rows: Sequence[int]) -> dict[int, int]:
        """Return `Neighbours.leading`."""
        asked, wanted = array("I", seeds), array("I", rows)
        told = array("I", bytes(4 * len(wanted)))
        given = (address(asked), len(asked), address(values), address(wanted), len(wanted), address(told))
        self._functions.leading(self._of, *given)
        return {row: seeds[place] for row, place in zip(rows, told, strict=True) if place < len(seeds)}


@dataclass(frozen=True)
class _Functions:
    """What the library has for neighbours; `add` by the type of the values."""

    handle: Any
    check: Any
    led: Any
    add: Mapping[str, Any]
    leading: Any


@cache
def _functions() -> _Functions | None:
    """Name the functions' types, once; None where there is no library."""
    if (library := shared_library()) is None:
        return None
    import ctypes  # noqa: PLC0415  # a library that is there has loaded it

    counts = ("rows", "pairs", "wide")
    fields = [
        ("row_end", ctypes.c_void_p),
        ("neighbour", ctypes.c_void_p),
        *((name, ctypes.c_uint32) for name in counts),
    ]
    handle = type("Handle", (ctypes.Structure,), {"_fields_": fields})
    of: Any = ctypes.POINTER(handle)
    where, size = ctypes.c_void_p, ctypes.c_size_t
    declare(library.neighbours_check, [of], ctypes.c_int)
    add = {typecode: getattr(library, name) for typecode, name in _ADDED.items()}
    for function in add.values():
        declare(function, [of, where, size, where, where], None)
    declare(library.neighbours_led, [of, where, size, where, where], ctypes.c_uint32)
    declare(library.neighbours_leading, [of, where, size, where, where, size, where], None)
    return _Functions(handle, library.neighbours_check, library.neighbours_led, add, library.neighbours_leading)
