"""`pack` and `unpack`: the state as one versioned binary value, little-endian, at most `MAX_BYTES` long."""

import struct
from collections.abc import Iterator
from functools import cache
from itertools import chain
from operator import attrgetter

from addressee.profiles.context import CONTEXT_BITS
from addressee.profiles.hashing import CATEGORY_BUCKETS, MESSAGE_BYTES
from addressee.profiles.state import (
    BOUGHT,
    CART,
    COUNTERS,
    DAY_MS,
    DAYS,
    HALF_HOURS,
    HALF_LIVES_DAYS,
    HOURS,
    KEY_BYTES,
    MESSAGES,
    SENDS,
    TIMES,
    WATERMARKS,
    State,
    latest,
)

VERSION = 2
MAX_BYTES = 3_696

NUMBERS = (
    "orders",
    "items",
    "views",
    "carts",
    "opens",
    "clicks",
    "revenue_minor_units",
    "refunded_minor_units",
    "largest_order_minor_units",
)
_TIME, _SEQUENCE = 6, 24
_DECAYED = len(COUNTERS) * len(HALF_LIVES_DAYS)
_HEAD = struct.Struct(
    f"<BBHBBB 6I3q {len(TIMES) * _TIME}s{DAYS // 8}s{HALF_HOURS // 8}s{HOURS}s {_DECAYED + CATEGORY_BUCKETS}d"
)
_CONTEXT = struct.Struct("<I")
"""From version 2 on, behind the head: the code of a context (24 bits), and how many days before the last activity."""
_TIMES = struct.Struct("<" + "IH" * len(TIMES))
"""The 6 bytes of a time: its lower 32 bits and its upper 16."""
_BOUGHT, _CART, _SENDS = (struct.Struct(row) for row in ("<IH", "<IQ", "<II"))
_numbers, _times = attrgetter(*NUMBERS), attrgetter(*TIMES)
_LIMITS = (MESSAGES, BOUGHT, CART, SENDS, WATERMARKS)
_WIDTHS = (MESSAGE_BYTES, _BOUGHT.size, _CART.size, _SENDS.size, KEY_BYTES + _SEQUENCE + 4)


class DamagedState(ValueError):
    """The bytes are no packed state of a version that this code reads."""


def pack(state: State) -> bytes:
    """Pack a state. Equal states give equal bytes, save for the order in which messages were folded."""
    messages = state.messages[-MESSAGES * MESSAGE_BYTES :]
    bought = _entries(state.bought, BOUGHT)
    cart = _entries(state.cart, CART)
    sends = _entries(state.sends, SENDS)
    sizes = (len(messages) // MESSAGE_BYTES, len(bought), len(cart), len(sends), len(state.watermarks))
    return b"".join(
        (
            _HEAD.pack(VERSION, *sizes, *_head(state)),
            _packed_context(state),
            messages,
            _rows("IH", len(bought)).pack(*chain.from_iterable(bought)),
            _rows("IQ", len(cart)).pack(*chain.from_iterable(cart)),
            _rows("II", len(sends)).pack(*chain.from_iterable(sends)),
            *_watermark_rows(state),
        )
    )


@cache
def _rows(row: str, count: int) -> struct.Struct:
    """Compile the format of `count` rows once: there are as many as the limits allow."""
    return struct.Struct("<" + row * count)


def _entries(entries: dict[int, int], limit: int) -> list[tuple[int, int]]:
    return sorted(entries.items() if len(entries) <= limit else latest(entries, limit))


def _head(state: State) -> tuple[int | float | bytes, ...]:
    return (
        *_numbers(state),
        b"".join([at_ms.to_bytes(_TIME, "little") for at_ms in _times(state)]),
        state.active_days.to_bytes(DAYS // 8, "little"),
        state.active_half_hours.to_bytes(HALF_HOURS // 8, "little"),
        bytes(state.hour_of_week),
        *state.decayed,
        *state.category_spend,
    )


def _packed_context(state: State) -> bytes:
    day, code = divmod(state.context, 1 << CONTEXT_BITS)
    age = state.last_seen_ms // DAY_MS - day if code else 0
    return _CONTEXT.pack(age << CONTEXT_BITS | code)


def _context(packed: bytes, last_seen_ms: int) -> int:
    age, code = divmod(_CONTEXT.unpack(packed)[0], 1 << CONTEXT_BITS)
    return last_seen_ms // DAY_MS - age << CONTEXT_BITS | code if code else 0


def _watermark_rows(state: State) -> Iterator[bytes]:
    for key, (sequence, used) in sorted(state.watermarks.items()):
        yield key + sequence.to_bytes(_SEQUENCE, "big") + used.to_bytes(4, "little")


def unpack(data: bytes) -> State:
    """Unpack what `pack` made. Raises `DamagedState` for another version, a wrong length or impossible counts."""
    if len(data) < _HEAD.size or not 1 <= data[0] <= VERSION:
        raise DamagedState(f"no packed state of a version up to {VERSION}")
    version, *values = _HEAD.unpack_from(data)
    context = data[_HEAD.size : _HEAD.size + _CONTEXT.size] if version > 1 else bytes(_CONTEXT.size)
    messages, bought, cart, sends, watermarks = _parts(data, values[:5], at=_HEAD.size + _CONTEXT.size * (version > 1))
    times, days, half_hours, hours, *floats = values[5 + len(NUMBERS) :]
    halves = _TIMES.unpack(times)
    state = State(  # by place: the order of its fields
        messages,
        dict(_BOUGHT.iter_unpack(bought)),
        dict(_CART.iter_unpack(cart)),
        dict(_SENDS.iter_unpack(sends)),
        _watermarks(watermarks) if watermarks else {},
        bytearray(hours),
        floats[:_DECAYED],
        floats[_DECAYED:],
        int.from_bytes(days, "little"),
        int.from_bytes(half_hours, "little"),
        *values[5 : 5 + len(NUMBERS)],
        *[low | high << 32 for low, high in zip(halves[::2], halves[1::2], strict=True)],
    )
    state.context = _context(context, state.last_seen_ms)
    return state


def _parts(data: bytes, sizes: list[int], *, at: int) -> list[bytes]:
    parts = []
    for size, limit, width in zip(sizes, _LIMITS, _WIDTHS, strict=True):
        if size > limit:
            raise DamagedState(f"counts {size} entries where {limit} fit")
        parts.append(data[at : at + size * width])
        at += size * width
    if at != len(data):
        raise DamagedState(f"has {len(data)} bytes instead of {at}")
    return parts


def _watermarks(data: bytes) -> dict[bytes, tuple[int, int]]:
    marks = {}
    for at in range(0, len(data), _WIDTHS[-1]):
        key, rest = data[at : at + KEY_BYTES], data[at + KEY_BYTES : at + _WIDTHS[-1]]
        marks[key] = (int.from_bytes(rest[:_SEQUENCE], "big"), int.from_bytes(rest[_SEQUENCE:], "little"))
    return marks
