"""What a tracked event does to the state besides being activity: `RULES`, one rule per event name."""

from collections.abc import Callable

from addressee.events.event import Event, Line
from addressee.profiles.hashing import category_bucket, item_hash, message_hash, send_hash
from addressee.profiles.sections import BOUGHT, CART, SENDS, latest
from addressee.profiles.state import (
    CATEGORY_HALF_LIFE_DAYS,
    COUNTERS,
    DAY_MS,
    HALF_LIVES_DAYS,
    MAX_AMOUNT_MINOR_UNITS,
    MAX_COUNT,
    MAX_DAY,
    MAX_QUANTITY,
    MAX_TOTAL,
    SECOND_MS,
    State,
)

SOFT = "soft"
"""The label of a bounce that says nothing for good: a full mailbox, a server that is down."""
_SPARE = 128
"""How many bought items pile up before the oldest are dropped: sorting at every purchase would be slow."""
_PLACE = {counter: place * len(HALF_LIVES_DAYS) for place, counter in enumerate(COUNTERS)}


def _add(state: State, at_ms: int, **amounts: int) -> None:
    """Add to decayed counters what happened at `at_ms`: an amount halves with every half-life that has passed since."""
    age_ms = state.last_seen_ms - at_ms
    weights = [0.5 ** (age_ms / (days * DAY_MS)) for days in HALF_LIVES_DAYS]
    for counter, amount in amounts.items():
        for place, weight in enumerate(weights, _PLACE[counter]):
            state.decayed[place] += amount * weight


def _complete_order(state: State, event: Event, at_ms: int) -> None:
    amount = amount_within_limits(event.amount_minor_units)
    quantity = sum(min(max(line.quantity, 0), MAX_QUANTITY) for line in event.lines)
    state.orders = min(state.orders + 1, MAX_COUNT)
    state.items = min(state.items + quantity, MAX_COUNT)
    state.revenue_minor_units = min(state.revenue_minor_units + amount, MAX_TOTAL)
    state.largest_order_minor_units = max(state.largest_order_minor_units, amount)
    if not state.first_order_ms or at_ms < state.first_order_ms:
        state.first_order_ms = at_ms
    if at_ms > state.last_order_ms:
        state.last_order_ms = at_ms
        state.clear_cart()
    _add(state, at_ms, orders=1, revenue=amount, items=quantity)
    _buy(state, event.lines, at_ms)


def _buy(state: State, lines: tuple[Line, ...], at_ms: int) -> None:
    day = min(at_ms // DAY_MS, MAX_DAY)
    weight = 0.5 ** ((state.last_seen_ms - at_ms) / (CATEGORY_HALF_LIFE_DAYS * DAY_MS))
    for line in lines:
        item = item_hash(line.item_id)
        if day >= state.bought.get(item, 0):
            state.bought[item] = day
        if line.category:
            spent = amount_within_limits(line.amount_minor_units)
            state.category_spend[category_bucket(line.category)] += spent * weight
    if len(state.bought) > BOUGHT + _SPARE:
        state.bought = dict(latest(state.bought, BOUGHT))


def amount_within_limits(amount_minor_units: int) -> int:
    """Keep an amount within 0 and `MAX_AMOUNT_MINOR_UNITS`, so that no event can break a sum."""
    return min(max(amount_minor_units, 0), MAX_AMOUNT_MINOR_UNITS)


def _view(state: State, _event: Event, at_ms: int) -> None:
    state.views = min(state.views + 1, MAX_COUNT)
    state.last_view_ms = max(state.last_view_ms, at_ms)
    _add(state, at_ms, views=1)


def _put_in_cart(state: State, event: Event, at_ms: int) -> None:
    state.carts = min(state.carts + 1, MAX_COUNT)
    state.last_cart_ms = max(state.last_cart_ms, at_ms)
    _add(state, at_ms, carts=1)
    _stamp_cart(state, event, at_ms, present=1)


def _take_out_of_cart(state: State, event: Event, at_ms: int) -> None:
    _stamp_cart(state, event, at_ms, present=0)


def _stamp_cart(state: State, event: Event, at_ms: int, *, present: int) -> None:
    if at_ms <= state.last_order_ms:
        return
    tie = int.from_bytes(message_hash(event.message_id)[:2], "big") >> 1
    stamp = at_ms << 16 | tie << 1 | present
    for line in event.lines:
        item = item_hash(line.item_id)
        state.cart[item] = max(state.cart.get(item, 0), stamp)
    if len(state.cart) > CART:
        state.cart = dict(latest(state.cart, CART))


def _open(state: State, _event: Event, at_ms: int) -> None:
    state.opens = min(state.opens + 1, MAX_COUNT)
    state.last_open_ms = max(state.last_open_ms, at_ms)
    _add(state, at_ms, opens=1)


def _click(state: State, _event: Event, at_ms: int) -> None:
    state.clicks = min(state.clicks + 1, MAX_COUNT)
    state.last_click_ms = max(state.last_click_ms, at_ms)
    _add(state, at_ms, clicks=1)


def _note_send(state: State, event: Event, at_ms: int) -> None:
    send = send_hash(event.send_id or event.message_id)
    state.sends[send] = max(state.sends.get(send, 0), at_ms // SECOND_MS)
    if len(state.sends) > SENDS:
        state.sends = dict(latest(state.sends, SENDS))


def _refund(state: State, event: Event, _at_ms: int) -> None:
    refunded = amount_within_limits(event.amount_minor_units)
    state.refunded_minor_units = min(state.refunded_minor_units + refunded, MAX_TOTAL)


def _bounce(state: State, event: Event, at_ms: int) -> None:
    if event.label != SOFT:
        state.bounced_ms = max(state.bounced_ms, at_ms)


def _complain(state: State, _event: Event, at_ms: int) -> None:
    state.complained_ms = max(state.complained_ms, at_ms)


def _unsubscribe(state: State, _event: Event, at_ms: int) -> None:
    state.unsubscribed_ms = max(state.unsubscribed_ms, at_ms)


RULES: dict[str, Callable[[State, Event, int], None]] = {
    "Order Completed": _complete_order,
    "Order Refunded": _refund,
    "Order Cancelled": _refund,
    "Product Viewed": _view,
    "Product Added": _put_in_cart,
    "Product Removed": _take_out_of_cart,
    "Email Opened": _open,
    "Email Link Clicked": _click,
    "Email Sent": _note_send,
    "Email Delivered": _note_send,
    "Email Bounced": _bounce,
    "Email Marked as Spam": _complain,
    "Unsubscribed": _unsubscribe,
}
"""What a tracked event does besides being activity. A name that is not here is activity alone, if `is_activity`."""
