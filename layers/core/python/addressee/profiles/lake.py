"""Rows of the lake: pseudonymous, normalised events, exactly the columns that `docs/architecture.md` lists."""

from typing import Any

from addressee.events.event import Event, Line

MERGE = "merge"


def lake_row(event: Event, subject: str, anonymous_subject: str) -> dict[str, Any]:
    """Build an event's row. `subject` is the user's where the message has a user id, else the anonymous one.

    `anonymous_subject` is empty where the message has no anonymous id. The row holds no user id and no trait.
    """
    return {
        "message_id": event.message_id,
        "subject": subject,
        "anonymous_subject": anonymous_subject,
        "kind": event.kind,
        "name": event.name,
        "event_time_ms": event.event_time_ms,
        "received_at_ms": event.received_at_ms,
        "order_id": event.order_id,
        "amount_minor_units": event.amount_minor_units,
        "currency": event.currency,
        "lines": [_line(line) for line in event.lines],
        "send_id": event.send_id,
        "campaign": event.campaign,
        "label": event.label,
        "device": event.device,
        "locale": event.locale,
        "time_zone": event.time_zone,
    }


def _line(line: Line) -> dict[str, Any]:
    """Write the fields out: `dataclasses.asdict` copies deeply, and took a fifth of the time of a batch."""
    return {
        "item_id": line.item_id,
        "category": line.category,
        "quantity": line.quantity,
        "amount_minor_units": line.amount_minor_units,
    }


def merge_row(subject: str, anonymous_subject: str, at_ms: int) -> dict[str, Any]:
    """Build the row that says: from `at_ms` (received) on, `anonymous_subject` belongs to `subject`.

    Its message id is derived from the anonymous subject, of which there is one merge: a repeat is a duplicate.
    """
    event = Event(
        message_id=f"merge-{anonymous_subject}",
        kind="alias",
        name="",
        user_id="",
        anonymous_id="",
        event_time_ms=at_ms,
        received_at_ms=at_ms,
    )
    return {**lake_row(event, subject, anonymous_subject), "kind": MERGE}
