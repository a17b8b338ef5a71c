"""Which mail an order is credited to: the last one that the person clicked, whatever campaign it came from."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

COMPLETED = "Order Completed"
REFUNDED = "Order Refunded"
CANCELLED = "Order Cancelled"
ORDER_NAMES = (COMPLETED, REFUNDED, CANCELLED)

Kind = Literal["open", "click", "unsubscribe"]


class OrderEvent(NamedTuple):
    """A lake row that speaks of an order; `name` is one of `ORDER_NAMES`. Times are milliseconds since the epoch."""

    message_id: str
    subject: str
    name: str
    order_id: str
    at_ms: int
    amount_minor_units: int
    currency: str


class Engagement(NamedTuple):
    """What somebody did with one mail; `label` says who, of opens and clicks: human, machine or unknown."""

    message_id: str
    subject: str
    campaign: str
    kind: Kind
    label: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Order:
    """A completed order that was not cancelled, refunds taken off (never below 0)."""

    subject: str
    order_id: str
    at_ms: int
    amount_minor_units: int
    currency: str


@dataclass(frozen=True, slots=True)
class Credit:
    """An order and the campaign whose mail was clicked last before it, else opened last; empty: none within the window.

    At most one of the two is set: an open counts only where nothing was clicked.
    """

    order: Order
    clicked: str = ""
    opened: str = ""


def net_orders(events: Iterable[OrderEvent]) -> list[Order]:
    """Make orders of their events: each order once, by person and order id, at the time of its first completion.

    A completion without an order id is an order of its own. A cancelled order is none; a refund without amount takes
    nothing off. Ordered by time, person, order id.
    """
    orders: dict[tuple[str, str], Order] = {}
    refunds: dict[tuple[str, str], int] = defaultdict(int)
    cancelled: set[tuple[str, str]] = set()
    for event in sorted(events, key=lambda each: (each.at_ms, each.message_id)):
        key = (event.subject, event.order_id or event.message_id)
        if event.name == COMPLETED:
            orders.setdefault(key, Order(*key, event.at_ms, max(event.amount_minor_units, 0), event.currency))
        elif event.name == REFUNDED:
            refunds[key] += max(event.amount_minor_units, 0)
        else:
            cancelled.add(key)
    kept = (_less(order, refunds[key]) for key, order in orders.items() if key not in cancelled)
    return sorted(kept, key=lambda order: (order.at_ms, order.subject, order.order_id))


def _less(order: Order, refund: int) -> Order:
    return replace(order, amount_minor_units=max(order.amount_minor_units - refund, 0)) if refund else order


def attribute(orders: Iterable[Order], engagements: Iterable[Engagement], *, window_ms: int) -> list[Credit]:
    """Credit each order to the last human click at most `window_ms` before it, of any campaign; else to the last open.

    A click at the very time of the order counts; of two at the same time the greater message id wins, so that the
    order of rows decides nothing. Clicks and opens of machines, and those of which nobody knows, credit nothing.
    """
    clicks, opens = _by_person(engagements, "click"), _by_person(engagements, "open")
    return [
        Credit(order, clicked, "" if clicked else _last(opens.get(order.subject, ()), order.at_ms, window_ms))
        for order in orders
        for clicked in (_last(clicks.get(order.subject, ()), order.at_ms, window_ms),)
    ]


def _by_person(engagements: Iterable[Engagement], kind: Kind) -> Mapping[str, Sequence[Engagement]]:
    found: dict[str, list[Engagement]] = defaultdict(list)
    for each in engagements:
        if each.kind == kind and each.label == "human":
            found[each.subject].append(each)
    for touches in found.values():
        touches.sort(key=lambda each: (each.at_ms, each.message_id))
    return found


def _last(touches: Sequence[Engagement], at_ms: int, window_ms: int) -> str:
    """Return the campaign of the last touch up to `at_ms`; empty where that is older than the window."""
    place = bisect_right(touches, at_ms, key=lambda each: each.at_ms)
    if not place or at_ms - touches[place - 1].at_ms > window_ms:
        return ""
    return touches[place - 1].campaign
