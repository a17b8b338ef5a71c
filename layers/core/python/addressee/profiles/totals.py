"""`Totals`: the plain numbers of a state, counts, amounts, bitmaps and times."""

from dataclasses import dataclass


@dataclass(slots=True)
class Totals:
    """What a state holds in single numbers. A time of 0 means never; times are milliseconds since the epoch, UTC.

    Bit i of `active_days` is the day i days before that of `last_seen_ms`, bit i of `active_half_hours` the half-hour
    i half-hours before its half-hour.
    """

    active_days: int = 0
    active_half_hours: int = 0
    orders: int = 0
    items: int = 0
    views: int = 0
    carts: int = 0
    opens: int = 0
    clicks: int = 0
    revenue_minor_units: int = 0
    refunded_minor_units: int = 0
    largest_order_minor_units: int = 0
    first_seen_ms: int = 0
    last_seen_ms: int = 0
    first_order_ms: int = 0
    last_order_ms: int = 0
    last_view_ms: int = 0
    last_cart_ms: int = 0
    last_open_ms: int = 0
    last_click_ms: int = 0
    bounced_ms: int = 0
    complained_ms: int = 0
    unsubscribed_ms: int = 0
    context: int = 0
    """The latest day with a context (days since the epoch), and its code (24 bits): of a day the greatest one."""
