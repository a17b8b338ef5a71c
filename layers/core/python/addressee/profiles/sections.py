"""The collections of a state as they are packed: rows of numbers, read when somebody asks, limited on writing."""

from collections.abc import Iterator
from functools import cache
from itertools import chain
from struct import Struct

Entries = dict[int, int]
Watermarks = dict[bytes, tuple[int, int]]

BOUGHT = 256
CART = 20
SENDS = 32
WATERMARKS = 9
KEY_BYTES = 6
_SEQUENCE, _USED = 24, 4

BOUGHT_ROW, CART_ROW, SENDS_ROW = (Struct(f"<{row}") for row in ("IH", "IQ", "II"))
WATERMARK_BYTES = KEY_BYTES + _SEQUENCE + _USED


def read_entries(row: Struct, packed: bytes) -> Entries:
    """Read packed entries. Any whole number of rows is some."""
    return dict(row.iter_unpack(packed))


def pack_entries(row: Struct, entries: Entries, limit: int) -> bytes:
    """Pack the latest `limit` entries, in the order of their keys: equal entries give equal bytes."""
    kept = entries if len(entries) <= limit else dict(latest(entries, limit))
    keys = sorted(kept)
    return _rows(row, len(keys)).pack(*chain.from_iterable(zip(keys, map(kept.__getitem__, keys), strict=True)))


@cache
def _rows(row: Struct, count: int) -> Struct:
    """Compile the format of `count` rows once: there are as many as the limits allow."""
    return Struct("<" + row.format.removeprefix("<") * count)


def latest(entries: Entries, limit: int) -> list[tuple[int, int]]:
    """Return the `limit` entries with the largest (value, key), largest first: the same in whichever order they came.

    That holds while a key's value only ever grows: what fell out once is smaller than all that stayed.
    """
    return sorted(entries.items(), key=lambda entry: (entry[1], entry[0]), reverse=True)[:limit]


def read_watermarks(packed: bytes) -> Watermarks:
    """Read packed watermarks: hash of a partition key -> (sequence number, last use in seconds)."""
    marks = {}
    for at in range(0, len(packed), WATERMARK_BYTES):
        key, rest = packed[at : at + KEY_BYTES], packed[at + KEY_BYTES : at + WATERMARK_BYTES]
        marks[key] = (int.from_bytes(rest[:_SEQUENCE], "big"), int.from_bytes(rest[_SEQUENCE:], "little"))
    return marks


def pack_watermarks(marks: Watermarks) -> bytes:
    """Pack watermarks in the order of their keys."""
    return b"".join(_watermark_rows(marks))


def _watermark_rows(marks: Watermarks) -> Iterator[bytes]:
    for key, (sequence, used) in sorted(marks.items()):
        yield key + sequence.to_bytes(_SEQUENCE, "big") + used.to_bytes(_USED, "little")
