"""`merge`: the state of an anonymous visitor into the user's that they turned out to be."""

from copy import copy
from dataclasses import dataclass

from addressee.profiles.hashing import MESSAGE_BYTES
from addressee.profiles.sections import BOUGHT, CART, SENDS, WATERMARKS, latest
from addressee.profiles.state import MAX_COUNT, MAX_HOUR_COUNT, MAX_TOTAL, MESSAGES, SECOND_MS, State, slide
from addressee.profiles.watermarks import RETENTION_MS, within_limit

COUNTS = ("orders", "items", "views", "carts", "opens", "clicks")
AMOUNTS = ("revenue_minor_units", "refunded_minor_units")
FIRSTS = ("first_seen_ms", "first_order_ms")
LASTS = (
    "last_order_ms",
    "last_view_ms",
    "last_cart_ms",
    "last_open_ms",
    "last_click_ms",
    "bounced_ms",
    "complained_ms",
    "unsubscribed_ms",
    "largest_order_minor_units",
)


@dataclass(frozen=True, slots=True)
class TooManyKeys:
    """Why a merge was refused: more source partition keys than watermarks, and the stream still holds the oldest's."""

    keys: int
    limit: int = WATERMARKS


def merge(user: State, anonymous: State, *, at_ms: int = 0, retention_ms: int = RETENTION_MS) -> State | TooManyKeys:
    """Return the state that had folded the events of both; neither argument changes.

    `at_ms` is the time of merging (at least the last use of any watermark): a key beyond the limit is dropped if it was
    last used more than `retention_ms` before. A message that both had folded already counts twice: that cannot be
    undone; later copies of either's messages are caught.
    """
    marks = _joined_watermarks(user, anonymous)
    now_ms = max([at_ms, *(used * SECOND_MS for _, used in marks.values())])
    kept = within_limit(marks, at_ms=now_ms, retention_ms=retention_ms)
    if kept is None:
        return TooManyKeys(len(marks))
    merged, other = _copy(user), _copy(anonymous)
    merged.watermarks = kept
    _align(merged, other)
    _add_totals(merged, other)
    _join_collections(merged, other)
    return merged


def _copy(state: State) -> State:
    copied = copy(state)
    copied.hour_of_week = bytearray(state.hour_of_week)
    return copied


def _align(state: State, other: State) -> None:
    """Move both to the later anchor."""
    anchor = max(state.last_seen_ms, other.last_seen_ms)
    for each in (state, other):
        if anchor > each.last_seen_ms:
            slide(each, anchor)


def _add_totals(state: State, other: State) -> None:
    for name in COUNTS:
        setattr(state, name, min(getattr(state, name) + getattr(other, name), MAX_COUNT))
    for name in AMOUNTS:
        setattr(state, name, min(getattr(state, name) + getattr(other, name), MAX_TOTAL))
    for name in LASTS:
        setattr(state, name, max(getattr(state, name), getattr(other, name)))
    for name in FIRSTS:
        known = [at for at in (getattr(state, name), getattr(other, name)) if at]
        setattr(state, name, min(known, default=0))


def _join_collections(state: State, other: State) -> None:
    state.active_days |= other.active_days
    state.context = max(state.context, other.context)
    state.active_half_hours |= other.active_half_hours
    state.decayed = [one + two for one, two in zip(state.decayed, other.decayed, strict=True)]
    state.category_spend = [one + two for one, two in zip(state.category_spend, other.category_spend, strict=True)]
    for hour, count in enumerate(other.hour_of_week):
        state.hour_of_week[hour] = min(state.hour_of_week[hour] + count, MAX_HOUR_COUNT)
    state.messages = _interleaved(_hashes(state.messages), _hashes(other.messages))
    state.bought = dict(latest(_newest(state.bought, other.bought), BOUGHT))
    state.sends = dict(latest(_newest(state.sends, other.sends), SENDS))
    state.cart = dict(latest(_newest(state.cart, other.cart), CART))
    state.clear_cart()


def _newest(one: dict[int, int], two: dict[int, int]) -> dict[int, int]:
    return one | {key: max(value, one.get(key, 0)) for key, value in two.items()}


def _hashes(messages: bytes) -> list[bytes]:
    return [messages[at : at + MESSAGE_BYTES] for at in range(0, len(messages), MESSAGE_BYTES)]


def _interleaved(one: list[bytes], two: list[bytes]) -> bytes:
    """Take the newest of both in turns, as nothing tells which was folded later; oldest first."""
    newest_first: dict[bytes, None] = {}
    for place in range(1, MESSAGES + 1):
        for messages in (one, two):
            if place <= len(messages):
                newest_first[messages[-place]] = None
    return b"".join(reversed(list(newest_first)[:MESSAGES]))


def _joined_watermarks(user: State, anonymous: State) -> dict[bytes, tuple[int, int]]:
    joined = dict(user.watermarks)
    for key, (sequence, used) in anonymous.watermarks.items():
        known, known_use = joined.get(key, (0, 0))
        joined[key] = (max(known, sequence), max(known_use, used))
    return joined
