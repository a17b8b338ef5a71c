"""`libtrees.so` by ctypes: found beside this module, loaded by the first model that has trees, None where it is not."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Sequence
from functools import cache
from os.path import exists
from typing import Any

from addressee.models.ranking import Sections

PATH = __file__.removesuffix("native.py") + "libtrees.so"
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
        return self._handle_type(*(_address(sections[name]) for name in _POINTERS), *counts)

    def total(self, handle: Any, row: array[float]) -> float:  # noqa: ANN401
        """Return the sum of leaf values for one row."""
        return float(self._total(handle, row.buffer_info()[0]))

    def totals(self, handle: Any, rows: array[float], width: int) -> array[float]:  # noqa: ANN401
        """Return the sums for rows that lie end to end."""
        sums = array("d", bytes(len(rows) // width * 8))
        self._totals(handle, _address(rows), len(sums), _address(sums))
        return sums

    def contributions(self, handle: Any, row: array[float], width: int) -> list[float]:  # noqa: ANN401
        """Return the SHAP values of one row."""
        given = array("d", bytes(width * 8))
        self._contributions(handle, _address(row), _address(given))
        return given.tolist()


def _address(values: array[Any]) -> int:
    return values.buffer_info()[0]


@cache
def library(path: str = PATH) -> Library | None:
    """Load the library once; None where there is none for this machine, and Python walks instead."""
    if not exists(path):  # noqa: PTH110  # pathlib is a slow import on the send path
        return None
    import ctypes  # noqa: PLC0415  # 7 ms that only models with trees pay

    try:
        loaded = ctypes.CDLL(path)
    except OSError:
        return None
    fields = [(name, ctypes.c_void_p) for name in _POINTERS] + [(name, ctypes.c_uint32) for name in _COUNTS]
    handle = type("Handle", (ctypes.Structure,), {"_fields_": fields})
    _declare(loaded.trees_total, [ctypes.POINTER(handle), ctypes.c_void_p], ctypes.c_double)
    totals = [ctypes.POINTER(handle), ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    _declare(loaded.trees_totals, totals, None)
    _declare(loaded.trees_contributions, [ctypes.POINTER(handle), ctypes.c_void_p, ctypes.c_void_p], None)
    return Library(loaded, handle)


def _declare(function: Any, arguments: Sequence[Any], result: Any) -> None:  # noqa: ANN401
    function.argtypes, function.restype = arguments, result
