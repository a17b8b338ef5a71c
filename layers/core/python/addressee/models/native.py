"""`libmodels.so` by ctypes: found beside this module, loaded by the first model that needs it, None where it is not."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Sequence
from functools import cache
from os.path import exists
from typing import Any

from addressee.models.ranking import Sections

PATH = __file__.removesuffix("native.py") + "libmodels.so"
_POINTERS = (
    *("root", "feature", "flags", "child", "threshold", "left_share", "leaf"),
    *("category_end", "category_bits", "quadrature"),
)
_COUNTS = ("trees", "width", "points")


class Library:
    """The C walker. Arrays are handed over by their address: nothing is copied."""

    def __init__(self, loaded: Any, handle_type: Any) -> None:  # noqa: ANN401  # ctypes has no types to name
        """Wrap a loaded library and the structure that it reads."""
        self._handle_type = handle_type
        self._total, self._totals, self._contributions = (
            loaded.trees_total,
            loaded.trees_totals,
            loaded.trees_contributions,
        )

    def handle(self, sections: Sections, width: int) -> Any:  # noqa: ANN401
        """Return the structure that points into the sections; they must live as long as it is used."""
        counts = (len(sections["root"]), width, len(sections["quadrature"]) // 2)
        return self._handle_type(*(address(sections[name]) for name in _POINTERS), *counts)

    def total(self, handle: Any, row: array[float]) -> float:  # noqa: ANN401
        """Return the sum of leaf values for one row."""
        return float(self._total(handle, row.buffer_info()[0]))

    def totals(self, handle: Any, rows: array[float], width: int) -> array[float]:  # noqa: ANN401
        """Return the sums for rows that lie end to end."""
        sums = array("d", bytes(len(rows) // width * 8))
        self._totals(handle, address(rows), len(sums), address(sums))
        return sums

    def contributions(self, handle: Any, row: array[float], width: int) -> list[float]:  # noqa: ANN401
        """Return the SHAP values of one row."""
        given = array("d", bytes(width * 8))
        self._contributions(handle, address(row), address(given))
        return given.tolist()


def address(values: array[Any]) -> int:
    """Return where an array's numbers stand; it must live as long as that is used."""
    return values.buffer_info()[0]


@cache
def shared_library(path: str = PATH) -> Any:  # noqa: ANN401  # ctypes has no types to name
    """Load the library once; None where there is none for this machine, and Python does it instead."""
    if not exists(path):  # noqa: PTH110  # pathlib is a slow import on the send path
        return None
    import ctypes  # noqa: PLC0415  # 4 to 7 ms that only models with trees or neighbours pay

    try:
        return ctypes.CDLL(path)
    except OSError:
        return None


@cache
def library(path: str = PATH) -> Library | None:
    """Return the walker of the shared library, or None."""
    if (loaded := shared_library(path)) is None:
        return None
    import ctypes  # noqa: PLC0415  # as above

    fields = [(name, ctypes.c_void_p) for name in _POINTERS] + [(name, ctypes.c_uint32) for name in _COUNTS]
    handle = type("Handle", (ctypes.Structure,), {"_fields_": fields})
    declare(loaded.trees_total, [ctypes.POINTER(handle), ctypes.c_void_p], ctypes.c_double)
    totals = [ctypes.POINTER(handle), ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    declare(loaded.trees_totals, totals, None)
    declare(loaded.trees_contributions, [ctypes.POINTER(handle), ctypes.c_void_p, ctypes.c_void_p], None)
    return Library(loaded, handle)


def declare(function: Any, arguments: Sequence[Any], result: Any) -> None:  # noqa: ANN401
    """Name a function's types."""
    function.argtypes, function.restype = arguments, result
