"""`serving.bin`: named, typed, little-endian arrays in one file, read without numpy and without copying twice."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

import struct
import sys
from array import array
from collections.abc import Mapping

MAGIC = b"ADRP\x01\x00\x00\x00"
_COUNT = struct.Struct("<I")
_ENTRY = struct.Struct("<16s4sII")  # name, array type code, first byte, number of values
_WIDTHS = {"B": 1, "H": 2, "I": 4, "Q": 8, "f": 4, "d": 8}
_ALIGNMENT = 8


class Truncated(Exception):
    """The bytes are not a whole packed file."""


def pack(sections: Mapping[str, array[int] | array[float]]) -> bytes:
    """Write the arrays, in the mapping's order; the same values give the same bytes.

    Names are ASCII, at most 16 characters; type codes are those of `array` with fixed widths: B, H, I, Q, f, d.
    """
    head = bytearray(MAGIC + _COUNT.pack(len(sections)))
    body = bytearray()
    start = _aligned(len(head) + _ENTRY.size * len(sections))
    for name, values in sections.items():
        body.extend(bytes(_aligned(len(body)) - len(body)))
        head.extend(_ENTRY.pack(name.encode("ascii"), values.typecode.encode(), start + len(body), len(values)))
        body.extend(_little_endian(values).tobytes())
    head.extend(bytes(start - len(head)))
    return bytes(head + body)


def unpack(data: bytes) -> dict[str, array[int] | array[float]]:
    """Read what `pack` wrote. Raises `Truncated` where the file is cut off or is something else."""
    if data[: len(MAGIC)] != MAGIC:
        raise Truncated("serving.bin does not begin with its magic number")
    sections: dict[str, array[int] | array[float]] = {}
    try:
        (count,) = _COUNT.unpack_from(data, len(MAGIC))
        for index in range(count):
            entry = _ENTRY.unpack_from(data, len(MAGIC) + _COUNT.size + index * _ENTRY.size)
            name, values = _section(data, *entry)
            sections[name] = values
    except (struct.error, KeyError):
        raise Truncated("serving.bin has a damaged table of contents") from None
    return sections


def _section(data: bytes, name: bytes, code: bytes, first: int, count: int) -> tuple[str, array[int] | array[float]]:
    typecode = code.rstrip(b"\0").decode("latin-1")
    last = first + count * _WIDTHS[typecode]
    if last > len(data):
        raise Truncated(f"serving.bin has {len(data)} bytes, but its contents need {last}")
    values: array[int] | array[float] = array(typecode)
    values.frombytes(memoryview(data)[first:last])
    return name.rstrip(b"\0").decode("latin-1"), _little_endian(values)


def _little_endian(values: array[int] | array[float]) -> array[int] | array[float]:
    if sys.byteorder == "little":
        return values
    swapped = values[:]
    swapped.byteswap()
    return swapped


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
