"""`pack` and `unpack`: the state as one versioned binary value, little-endian, at most `MAX_BYTES` long."""

import struct
from collections.abc import Iterator
from itertools import chain
from typing import Any

from addressee.profiles.hashing import CATEGORY_BUCKETS, MESSAGE_BYTES
from addressee.profiles.state import (
    BOUGHT,
    CART,
    COUNTERS,
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

VERSION = 1
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
_LIMITS = (MESSAGES, BOUGHT, CART, SENDS, WATERMARKS)
_WIDTHS = (MESSAGE_BYTES, 6, 12, 8, KEY_BYTES + _SEQUENCE + 4)


class DamagedState(ValueError):
    """The bytes are no packed state of a version that this code reads."""


def pack(state: State) -> bytes:
    """Pack a state. Equal states give equal bytes, save for the order in which messages were folded."""
    messages = list(state.messages)[-MESSAGES:]
    bought = sorted(latest(state.bought, BOUGHT))
    cart = sorted(state.latest_cart())
    sends = sorted(latest(state.sends, SENDS))
    sizes = (len(messages), len(bought), len(cart), len(sends), len(state.watermarks))
    return b"".join(
        (
            _HEAD.pack(VERSION, *sizes, *_head(state)),
            *messages,
            struct.pack("<" + "IH" * len(bought), *chain.from_iterable(bought)),
            struct.pack("<" + "IQ" * len(cart), *chain.from_iterable(cart)),
            struct.pack("<" + "II" * len(sends), *chain.from_iterable(sends)),
            *_watermark_rows(state),
        )
    )


def _head(state: State) -> Iterator[int | float | bytes]:
    for name in NUMBERS:
        yield getattr(state, name)
    yield b"".join(getattr(state, name).to_bytes(_TIME, "little") for name in TIMES)
    yield state.active_days.to_bytes(DAYS // 8, "little")
    yield state.active_half_hours.to_bytes(HALF_HOURS // 8, "little")
    yield bytes(state.hour_of_week)
    yield from state.decayed
    yield from state.category_spend


def _watermark_rows(state: State) -> Iterator[bytes]:
    for key, (sequence, used) in sorted(state.watermarks.items()):
        yield key + sequence.to_bytes(_SEQUENCE, "big") + used.to_bytes(4, "little")


def unpack(data: bytes) -> State:
    """Unpack what `pack` made. Raises `DamagedState` for another version, a wrong length or impossible counts."""
    if len(data) < _HEAD.size or data[0] != VERSION:
        raise DamagedState(f"no packed state of version {VERSION}")
    _, *values = _HEAD.unpack_from(data)
    messages, bought, cart, sends, watermarks = _parts(data, values[:5])
    state = State(
        messages=dict.fromkeys(messages[at : at + MESSAGE_BYTES] for at in range(0, len(messages), MESSAGE_BYTES)),
        bought=dict(struct.iter_unpack("<IH", bought)),
        cart=dict(struct.iter_unpack("<IQ", cart)),
        sends=dict(struct.iter_unpack("<II", sends)),
        watermarks=_watermarks(watermarks),
    )
    _set_head(state, values[5:])
    return state


def _parts(data: bytes, sizes: list[int]) -> list[bytes]:
    parts, at = [], _HEAD.size
    for size, limit, width in zip(sizes, _LIMITS, _WIDTHS, strict=True):
        if size > limit:
            raise DamagedState(f"counts {size} entries where {limit} fit")
        parts.append(data[at : at + size * width])
        at += size * width
    if at != len(data):
        raise DamagedState(f"has {len(data)} bytes instead of {at}")
    return parts


def _set_head(state: State, values: list[Any]) -> None:
    for name, value in zip(NUMBERS, values, strict=False):
        setattr(state, name, value)
    times, days, half_hours, hours, *floats = values[len(NUMBERS) :]
    for place, name in enumerate(TIMES):
        setattr(state, name, int.from_bytes(times[place * _TIME : (place + 1) * _TIME], "little"))
    state.active_days = int.from_bytes(days, "little")
    state.active_half_hours = int.from_bytes(half_hours, "little")
    state.hour_of_week = bytearray(hours)
    state.decayed = floats[:_DECAYED]
    state.category_spend = floats[_DECAYED:]


def _watermarks(data: bytes) -> dict[bytes, tuple[int, int]]:
    marks = {}
    for at in range(0, len(data), _WIDTHS[-1]):
        key, rest = data[at : at + KEY_BYTES], data[at + KEY_BYTES : at + _WIDTHS[-1]]
        marks[key] = (int.from_bytes(rest[:_SEQUENCE], "big"), int.from_bytes(rest[_SEQUENCE:], "little"))
    return marks
