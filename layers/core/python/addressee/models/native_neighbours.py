"""The sums of `neighbours.Neighbours` in C, by ctypes: loaded by the first bundle that has neighbours."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from addressee.models.native import address, declare, shared_library

_WIDE = {"H": 0, "I": 1}
_ADDED = {"f": "neighbours_add", "H": "neighbours_add_counts"}


def native_neighbours(ends: array[int], rows: array[int]) -> NativeNeighbours | None:
    """Return the sums over a bundle's neighbours; None where there is no library, or the sections are of other types.

    Raises `ValueError` where a reference leads outside.
    """
    functions = library_functions()
    if functions is None or rows.typecode not in _WIDE or ends.typecode != "I":
        return None
    return NativeNeighbours(functions, ends, rows)


class NativeNeighbours:
    """The library's functions on one bundle's neighbours; arrays are handed over by their address."""

    def __init__(self, functions: Functions, ends: array[int], rows: array[int]) -> None:
        """Check every reference. Raises `ValueError` where one leads outside."""
        self._functions, self._kept = functions, (ends, rows)
        self._of = functions.handle(address(ends), address(rows), len(ends), len(rows), _WIDE[rows.typecode])
        if not functions.check(self._of):
            raise ValueError("a neighbour is no row, or the rows' ends are not in order")

    def reads(self, values: array[Any]) -> bool:
        """Tell whether values are of a type that C adds, one for each pair."""
        return values.typecode in _ADDED and len(values) == len(self._kept[1])

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
class Functions:
    """What the library has for neighbours; `add` by the type of the values."""

    handle: Any
    check: Any
    led: Any
    add: Mapping[str, Any]
    leading: Any


@cache
def library_functions() -> Functions | None:
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
    return Functions(handle, library.neighbours_check, library.neighbours_led, add, library.neighbours_leading)
