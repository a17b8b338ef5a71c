"""The peer of `ingest_decode`: json, then pydantic, then the same normalised event from the validated model."""

import json
from typing import Any

from pydantic import ValidationError

from addressee.events.amounts import line_amount, minor_units
from addressee.events.context import read_context
from addressee.events.declared import COMMERCE, EMAIL, LABELS, MAX_EVENT_BYTES, TRAIT_OF, canonical_name
from addressee.events.drafts import Draft, finished, make_line, new_draft
from addressee.events.event import Event, Line
from addressee.events.messages import NotAccepted
from addressee.events.passing import gate_of
from benchmarks.ingest_decode_fields import moment_ms, require
from benchmarks.ingest_decode_models import (
    Alias,
    Commerce,
    CommerceProperties,
    Email,
    Group,
    Identify,
    Message,
    Product,
    Track,
    View,
)

MODELS: dict[object, type[Message]] = {
    "identify": Identify,
    "page": View,
    "screen": View,
    "alias": Alias,
    "group": Group,
}


def _model_of(message: dict[str, Any]) -> type[Message] | None:
    kind, name = message.get("type"), message.get("event")
    if kind != "track":
        return MODELS.get(kind) if isinstance(kind, str) else None
    name = canonical_name(name) if isinstance(name, str) else ""
    return Commerce if name in COMMERCE else Email if name in EMAIL else Track


def _no_constant(text: str) -> float:
    raise ValueError(text)


DECODER = json.JSONDecoder(parse_constant=_no_constant)
"""Made once: `json.loads` with an option makes a decoder for every call."""


def validated(data: bytes, *, received_at_ms: int) -> tuple[str, Message, int] | None:
    """Decode and validate one message: its kind, the model, when it happened; None where it is refused."""
    if len(data) > MAX_EVENT_BYTES:
        return None
    try:
        message = DECODER.decode(data.decode())
        model = _model_of(message) if isinstance(message, dict) else None
        if model is None:
            return None
        valid = model.model_validate(message)
        happened_ms = _happened_ms(valid, received_at_ms)
        require(happened_ms >= 0, "lies before 1970")
    except (ValueError, ValidationError, RecursionError):
        return None
    return message["type"], valid, min(happened_ms, received_at_ms)


def read_with_pydantic(data: bytes, *, received_at_ms: int) -> Event | None:
    """Decode, validate and normalise one message; None where it is refused."""
    found = validated(data, received_at_ms=received_at_ms)
    if found is None:
        return None
    try:
        return _event(found, data, received_at_ms)
    except NotAccepted:
        return None


def _happened_ms(message: Message, received_at_ms: int) -> int:
    if message.timestamp is None:
        return received_at_ms
    sent_ms = moment_ms(message.sentAt)
    return message.timestamp if sent_ms is None else message.timestamp + received_at_ms - sent_ms


def _event(found: tuple[str, Message, int], data: bytes, received_at_ms: int) -> Event:
    kind, valid, happened_ms = found
    draft = new_draft(_text(valid.userId), _text(valid.anonymousId), received_at_ms)
    draft.kind, draft.event_time_ms, draft.message_id = kind, happened_ms, _text(valid.messageId)
    context: Any = valid.context  # of the same shape as Addressee's own
    if context is not None:
        read_context(context, gate_of(data), draft)
    if isinstance(valid, Track):
        draft.name = canonical_name(_text(valid.event))
    if isinstance(valid, Commerce) and valid.properties is not None:
        _order(valid.properties, draft)
    elif isinstance(valid, Email) and valid.properties is not None:
        sent = valid.properties
        draft.send_id, draft.campaign = _text(sent.send_id or sent.email_id), _text(sent.campaign_id)
        draft.label = sent.label if sent.label in LABELS else ""
    elif isinstance(valid, View):
        _view(valid, draft)
    elif isinstance(valid, Identify):
        known = {TRAIT_OF[name]: value for name, value in (valid.traits or {}).items() if name in TRAIT_OF}
        draft.traits = dict(sorted(known.items()))
    return finished(draft)


def _order(properties: CommerceProperties, draft: Draft) -> None:
    shared = _text(properties.category)
    single: list[Product] = [properties] if properties.product_id is not None else []
    listed = properties.products or single
    draft.lines = tuple([_line(each, shared) for each in listed])
    draft.order_id, draft.currency = _text(properties.order_id), (properties.currency or "").upper()
    if properties.revenue not in {None, ""}:
        draft.amount_minor_units = minor_units(properties.revenue or 0, field="revenue")
    else:
        draft.amount_minor_units = sum([line.amount_minor_units for line in draft.lines])


def _line(product: Product, shared: str) -> Line:
    category = shared if product.category is None else _text(product.category)
    return make_line(_text(product.product_id), category, *line_amount(product.price, product.quantity))


def _view(view: View, draft: Draft) -> None:
    properties = view.properties
    draft.name = _text(view.name or (None if properties is None else properties.name))
    if properties is not None and properties.path:
        draft.path = properties.path.partition("?")[0].partition("#")[0]


def _text(value: str | float | None) -> str:
    return "" if value is None else str(value).strip()
