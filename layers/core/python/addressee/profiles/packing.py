"""`pack` and `unpack`: the state as one versioned binary value, little-endian, at most `MAX_BYTES` long."""

from operator import attrgetter
from struct import Struct

from addressee.profiles.context import CONTEXT_BITS
from addressee.profiles.hashing import CATEGORY_BUCKETS, MESSAGE_BYTES
from addressee.profiles.sections import (
    BOUGHT,
    BOUGHT_ROW,
    CART,
    CART_ROW,
    SENDS,
    SENDS_ROW,
    WATERMARK_BYTES,
    WATERMARKS,
)
from addressee.profiles.state import (
    COUNTERS,
    DAY_MS,
    DAYS,
    HALF_HOURS,
    HALF_LIVES_DAYS,
    HOURS,
    MESSAGES,
    TIMES,
    State,
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
_TIME_BYTES = 6
_DECAYED = len(COUNTERS) * len(HALF_LIVES_DAYS)
_HEAD = Struct(
    f"<BBHBBB 6I3q {f'{_TIME_BYTES}s' * len(TIMES)} {DAYS // 8}s{HALF_HOURS // 8}s{HOURS}s"
    f"{_DECAYED + CATEGORY_BUCKETS}d I"
)
"""The last number is the context: its code (24 bits), and how many days before the last activity."""
_CONTEXT_BYTES, _AT_CONTEXT = 4, _HEAD.size - 4
_TIMES = Struct(f"<{len(TIMES)}Q")
_SHORT_TIMES = Struct(f"<{f'{_TIME_BYTES}s2x' * len(TIMES)}")
"""Times as 8 bytes each, and the 6 of each that are packed."""
_numbers, _times = attrgetter(*NUMBERS), attrgetter(*TIMES)


class DamagedState(ValueError):
    """The bytes are no packed state of a version that this code reads."""


def pack(state: State) -> bytes:
    """Pack a state. Equal states give equal bytes, save for the order in which messages were folded."""
    messages = state.messages[-MESSAGES * MESSAGE_BYTES :]
    bought, cart, sends, marks = state.packed_collections()
    head = _HEAD.pack(
        VERSION,
        len(messages) // MESSAGE_BYTES,
        len(bought) // BOUGHT_ROW.size,
        len(cart) // CART_ROW.size,
        len(sends) // SENDS_ROW.size,
        len(marks) // WATERMARK_BYTES,
        *_numbers(state),
        *_short_times(state),
        state.active_days.to_bytes(DAYS // 8, "little"),
        state.active_half_hours.to_bytes(HALF_HOURS // 8, "little"),
        state.hour_of_week,
        *state.decayed,
        *state.category_spend,
        _packed_context(state),
    )
    return b"".join((head, messages, bought, cart, sends, marks))


def _short_times(state: State) -> tuple[bytes, ...]:
    """Cut times to the bytes that are packed; raises `OverflowError` for one that they cannot hold."""
    times = _times(state)
    if max(times) >> 8 * _TIME_BYTES:
        raise OverflowError(f"a time of {max(times)} ms does not fit")
    short: tuple[bytes, ...] = _SHORT_TIMES.unpack(_TIMES.pack(*times))
    return short


def _packed_context(state: State) -> int:
    day, code = divmod(state.context, 1 << CONTEXT_BITS)
    age = state.last_seen_ms // DAY_MS - day if code else 0
    return age << CONTEXT_BITS | code


def _context(packed: int, last_seen_ms: int) -> int:
    age, code = divmod(packed, 1 << CONTEXT_BITS)
    return last_seen_ms // DAY_MS - age << CONTEXT_BITS | code if code else 0


def unpack(data: bytes) -> State:
    """Unpack what `pack` made. Raises `DamagedState` for another version, a wrong length or impossible counts.

    What follows the messages stays packed in the state, checked, until it is read: any bytes of its length are entries.
    """
    data = _in_newest_version(data)
    state = State.__new__(State)  # all fields are set below: defaults would be made in vain
    (
        _,
        messages,
        bought,
        cart,
        sends,
        marks,
        state.orders,
        state.items,
        state.views,
        state.carts,
        state.opens,
        state.clicks,
        state.revenue_minor_units,
        state.refunded_minor_units,
        state.largest_order_minor_units,
        *rest,
        context,
    ) = _HEAD.unpack_from(data)
    (
        state.first_seen_ms,
        state.last_seen_ms,
        state.first_order_ms,
        state.last_order_ms,
        state.last_view_ms,
        state.last_cart_ms,
        state.last_open_ms,
        state.last_click_ms,
        state.bounced_ms,
        state.complained_ms,
        state.unsubscribed_ms,
    ) = _TIMES.unpack(b"\0\0".join(rest[: len(TIMES)]) + b"\0\0")
    days, half_hours, hours, *floats = rest[len(TIMES) :]
    state.active_days, state.active_half_hours = int.from_bytes(days, "little"), int.from_bytes(half_hours, "little")
    state.hour_of_week = bytearray(hours)
    state.decayed, state.category_spend = floats[:_DECAYED], floats[_DECAYED:]
    state.context = _context(context, state.last_seen_ms)
    state.messages, *collections = _cut(data, (messages, bought, cart, sends, marks))
    state.keep_packed(*collections)
    return state


def _in_newest_version(data: bytes) -> bytes:
    """Give a state of version 1 the context that it has not: nothing."""
    version = data[0] if data else 0
    if not 1 <= version <= VERSION:
        raise DamagedState(f"no packed state of a version up to {VERSION}")
    if version < VERSION:
        data = bytes([VERSION]) + data[1:_AT_CONTEXT] + bytes(_CONTEXT_BYTES) + data[_AT_CONTEXT:]
    if len(data) < _HEAD.size:
        raise DamagedState(f"has {len(data)} bytes, fewer than anybody's {_HEAD.size}")
    return data


def _cut(data: bytes, counts: tuple[int, int, int, int, int]) -> tuple[bytes, ...]:
    """Cut what follows the head into messages and the four collections, by the number of entries in each."""
    messages, bought, cart, sends, marks = counts
    if messages > MESSAGES or bought > BOUGHT or cart > CART or sends > SENDS or marks > WATERMARKS:
        raise DamagedState("counts more entries than fit")
    to_bought = _HEAD.size + messages * MESSAGE_BYTES
    to_cart = to_bought + bought * BOUGHT_ROW.size
    to_sends = to_cart + cart * CART_ROW.size
    to_marks = to_sends + sends * SENDS_ROW.size
    if to_marks + marks * WATERMARK_BYTES != len(data):
        raise DamagedState(f"has {len(data)} bytes instead of {to_marks + marks * WATERMARK_BYTES}")
    return (
        data[_HEAD.size : to_bought],
        data[to_bought:to_cart],
        data[to_cart:to_sends],
        data[to_sends:to_marks],
        data[to_marks:],
    )
