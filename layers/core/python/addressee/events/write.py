"""Events out again: the normalised Segment message that goes on the stream and reads back as the same event."""

from typing import Any

import msgspec

from addressee.events.event import Event, Line
from addressee.events.times import from_ms

_encode = msgspec.json.Encoder().encode


def partition_key(event: Event) -> str:
    """Return the Kinesis partition key: the user id, else the anonymous id."""
    return event.partition_key


def stream_record(event: Event) -> bytes:
    """Write `event` as a Segment message: corrected `timestamp`, `receivedAt`, no `sentAt`, declared content only.

    `read_message` of the result gives the same event, save that addresses are counted only where they are dropped.
    """
    message: dict[str, Any] = {
        "type": event.kind,
        "messageId": event.message_id,
        "userId": event.user_id,
        "anonymousId": event.anonymous_id,
        "previousId": event.previous_id,
        "event" if event.kind == "track" else "name": event.name,
        "timestamp": from_ms(event.event_time_ms),
        "receivedAt": from_ms(event.received_at_ms),
        "context": _context(event),
        "properties": _properties(event),
        "traits": dict(event.traits),
        "groupId": "-" if event.kind == "group" else "",
    }
    return _encode(_filled(message))


def _context(event: Event) -> dict[str, Any]:
    return _filled(
        {
            "locale": event.locale,
            "timezone": event.time_zone,
            "device": _filled({"type": event.device}),
            "page": _filled({"path": event.path}),
            "consent": _filled({"categoryPreferences": dict.fromkeys(event.withdrawn_purposes, False)}),
        }
    )


def _properties(event: Event) -> dict[str, Any]:
    properties = _filled(
        {
            "order_id": event.order_id,
            "currency": event.currency,
            "products": [_product(line) for line in event.lines],
            "send_id": event.send_id,
            "campaign_id": event.campaign,
            "label": event.label,
            "duration_ms": event.duration_ms,
        }
    )
    if event.amount_minor_units != sum([line.amount_minor_units for line in event.lines]):
        properties |= {"amount_minor_units": event.amount_minor_units, "products": properties.get("products", [])}
    return properties


def _product(line: Line) -> dict[str, Any]:
    product: dict[str, Any] = {"product_id": line.item_id}
    if line.category:
        product["category"] = line.category
    if line.quantity != 1:
        product["quantity"] = line.quantity
    if line.amount_minor_units:
        product["amount_minor_units"] = line.amount_minor_units
    return product


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty or zero: it is what absence means."""
    return {name: value for name, value in fields.items() if value}
