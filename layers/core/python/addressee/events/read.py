"""Bytes in, events out: one message or one HTTP body, each message an `Event` or a `Refusal` with field and reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from addressee.events.context import merged, read_context
from addressee.events.declared import (
    KINDS,
    MAX_BATCH_EVENTS,
    MAX_EVENT_BYTES,
    MAX_RECORD_BYTES,
    MAX_TEXT_BYTES,
    WITHDRAWING,
)
from addressee.events.details import READERS
from addressee.events.drafts import Draft, finished, new_draft
from addressee.events.event import Event, Kind, Refusal
from addressee.events.messages import BATCH_ENVELOPE, MESSAGE, Context, Message, NotAccepted, decode, marks_of
from addressee.events.passing import Gate, gate_of
from addressee.events.times import event_time_ms, to_ms


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an HTTP request says about all its messages: the route's kind, when it was sent, a shared context."""

    kind: Kind | None = None
    sent_at: str | None = None
    context: Context | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One message as it came and what it is."""

    original: bytes
    result: Event | Refusal


def read_message(
    raw: bytes | Mapping[str, Any], *, received_at_ms: int, envelope: Envelope | None = None
) -> Event | Refusal:
    """Read one Segment-spec message.

    Without an `envelope` it is a record of the stream: its own `receivedAt` counts, unless it is later than
    `received_at_ms`, the arrival. With one it comes from a client, whose `receivedAt` is ignored and whose size limit
    is the spec's 32 KB. A message without `messageId` gets one from its bytes, so a copy has the same.
    """
    data = raw if isinstance(raw, bytes) else msgspec.json.encode(raw)
    try:
        return _event(data, received_at_ms, envelope)
    except NotAccepted as no:
        return Refusal(no.field, no.reason, _readable_message_id(data))


def read_batch(body: bytes, *, received_at_ms: int, kind: Kind | None) -> list[Reading]:
    """Read the body of `/v1/batch` (`kind` None) or of a single call, in the order sent.

    Raises `NotAccepted` where the body as a whole is not readable: not JSON, no batch, an empty one, too many messages.
    """
    if kind is not None:
        return [Reading(body, read_message(body, received_at_ms=received_at_ms, envelope=Envelope(kind)))]
    batch = decode(BATCH_ENVELOPE, body)
    if not batch.batch:
        raise NotAccepted("batch", "is empty")
    if len(batch.batch) > MAX_BATCH_EVENTS:
        raise NotAccepted("batch", f"holds more than {MAX_BATCH_EVENTS} messages")
    envelope = Envelope(None, batch.sent_at, batch.context)
    originals = [bytes(raw) for raw in batch.batch]
    return [Reading(raw, read_message(raw, received_at_ms=received_at_ms, envelope=envelope)) for raw in originals]


def _event(data: bytes, arrived_at_ms: int, envelope: Envelope | None) -> Event:
    limit = MAX_EVENT_BYTES if envelope else MAX_RECORD_BYTES
    if len(data) > limit:
        raise NotAccepted("", f"is larger than {limit} bytes")
    message: Message = decode(MESSAGE, data)
    kind = (envelope and envelope.kind) or message.type
    reader = READERS.get(kind or "")
    if reader is None:
        raise NotAccepted("type", f"must be one of {', '.join(KINDS)}" if kind else "is missing")
    gate = gate_of(data)
    draft = _common(message, envelope, arrived_at_ms, gate)
    draft.kind = kind
    reader(message, gate, draft)
    if draft.name in WITHDRAWING:
        draft.withdrawn_purposes = tuple(sorted({WITHDRAWING[draft.name], *draft.withdrawn_purposes}))
    draft.message_id = gate.text(message.message_id, "messageId").strip() or _derived_id(data)
    draft.dropped_addresses = gate.dropped
    return finished(draft)


def _derived_id(data: bytes) -> str:
    return f"sha256-{sha256(data).hexdigest()[:32]}"


def _common(message: Message, envelope: Envelope | None, arrived_at_ms: int, gate: Gate) -> Draft:
    user_id = gate.identifier(message.user_id, "userId")
    anonymous_id = gate.identifier(message.anonymous_id, "anonymousId")
    if not user_id and not anonymous_id:
        raise NotAccepted("userId", "is missing, and so is anonymousId")
    sent_at, context, received_at_ms = message.sent_at, message.context, arrived_at_ms
    if envelope is not None:
        sent_at = envelope.sent_at or sent_at
        context = context if envelope.context is None else merged(context, envelope.context)
    elif message.received_at:
        received_at_ms = _received(message.received_at, arrived_at_ms)
    draft = new_draft(user_id, anonymous_id, received_at_ms)
    if context is not None:
        read_context(context, gate, draft)
    draft.event_time_ms = event_time_ms(message.timestamp, sent_at, received_at_ms=received_at_ms)
    return draft


def _received(received_at: str, arrived_at_ms: int) -> int:
    received_at_ms = to_ms(received_at, field="receivedAt")
    if received_at_ms < 0:
        raise NotAccepted("receivedAt", "lies before 1970")
    return min(received_at_ms, arrived_at_ms)


def _readable_message_id(data: bytes) -> str:
    message_id = marks_of(data).message_id
    return message_id if isinstance(message_id, str) and len(message_id) <= MAX_TEXT_BYTES else ""
