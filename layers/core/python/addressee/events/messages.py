"""Segment-spec messages on the wire: typed structs, decoded in one pass that skips what is not declared."""

from typing import Any

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

Scalar = str | int | float | None
NULL = Raw(b"null")


class NotAccepted(Exception):
    """The message breaks a rule: the dotted field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        """Say which field and why."""
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class PageContext(Struct, gc=False):
    """`context.page`."""

    path: str | None = None


class DeviceContext(Struct, gc=False):
    """`context.device`."""

    type: str | None = None


class UserAgentData(Struct, gc=False):
    """`context.userAgentData`: the browser's client hints."""

    mobile: bool | None = None


class Consent(Struct, rename="camel", gc=False):
    """`context.consent`: what the person allows, category by category."""

    category_preferences: dict[str, bool] | None = None


class Context(Struct, rename="camel", gc=False):
    """`context`, of a message or of a whole batch."""

    locale: str | None = None
    timezone: str | None = None
    page: PageContext | None = None
    device: DeviceContext | None = None
    user_agent: str | None = None
    user_agent_data: UserAgentData | None = None
    consent: Consent | None = None


class Message(Struct, rename="camel", gc=False):
    """Any of the six calls. `properties` and `traits` are decoded later, by what the call and its name declare."""

    type: str | None = None
    message_id: Scalar = None
    user_id: Scalar = None
    anonymous_id: Scalar = None
    previous_id: Scalar = None
    group_id: Scalar = None
    event: str | None = None
    name: str | None = None
    timestamp: str | None = None
    sent_at: str | None = None
    received_at: str | None = None
    context: Context | None = None
    properties: Raw = NULL
    traits: Raw = NULL


class Product(Struct, gc=False):
    """One entry of `properties.products`, or the properties of an event about one product."""

    product_id: Scalar = None
    sku: Scalar = None
    id: Scalar = None
    category: Scalar = None
    quantity: Scalar = None
    price: Scalar = None
    amount_minor_units: int | None = None


class CommerceProperties(Product, gc=False):
    """Properties of the e-commerce events. `amount_minor_units` is ours: an exact amount where floats would round."""

    order_id: Scalar = None
    revenue: Scalar = None
    total: Scalar = None
    value: Scalar = None
    currency: str | None = None
    products: list[Product] | None = None


class EmailProperties(Struct, gc=False):
    """Properties of the e-mail events. `send_id` and `label` are ours."""

    send_id: Scalar = None
    email_id: Scalar = None
    campaign_id: Scalar = None
    label: str | None = None


class PageProperties(Struct, gc=False):
    """Properties of pages and screens. `duration_ms` is ours."""

    name: str | None = None
    path: str | None = None
    duration_ms: int | float | None = None


class BatchEnvelope(Struct, rename="camel", gc=False):
    """The body of `/v1/batch`; each message keeps its own bytes."""

    batch: list[Raw]
    sent_at: str | None = None
    context: Context | None = None


class Marks(Struct, rename="camel", gc=False):
    """What identifies a body or a message that may be broken otherwise."""

    write_key: Any = None
    message_id: Any = None


MESSAGE = Decoder(Message)
COMMERCE_PROPERTIES = Decoder(CommerceProperties | None)
EMAIL_PROPERTIES = Decoder(EmailProperties | None)
PAGE_PROPERTIES = Decoder(PageProperties | None)
TRAITS_OBJECT = Decoder(dict[str, Any] | None)
BATCH_ENVELOPE = Decoder(BatchEnvelope)
MARKS = Decoder(Marks)


def decode(decoder: Decoder[Any], data: bytes | Raw, *, prefix: str = "") -> Any:  # noqa: ANN401  # one per decoder
    """Decode `data`, or raise `NotAccepted` with the dotted field (below `prefix`) and the reason."""
    try:
        return decoder.decode(data)
    except DecodeError as error:
        reason, _, path = str(error).partition(" - at `$")
        field = (prefix + path.rstrip("`")).lstrip(".")
        raise NotAccepted(field, _plain(reason)) from None
    except UnicodeDecodeError:
        raise NotAccepted(prefix, "is not UTF-8") from None
    except RecursionError:
        raise NotAccepted(prefix, "is nested too deeply") from None


def marks_of(data: bytes | Raw) -> Marks:
    """Read the write key and the message id of a body or message; empty marks where it cannot be read."""
    try:
        return MARKS.decode(data)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return Marks()


def _plain(reason: str) -> str:
    """Put msgspec's wording in lower case and without its code marks; nothing is decided by it."""
    text = reason.replace("`", "").replace(" | ", " or ")
    return f"is not valid: {text[:1].lower()}{text[1:]}"
