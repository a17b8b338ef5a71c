"""The peer's models: the same rules in pydantic, one model per call, as one would write them."""

from decimal import Decimal
from math import isfinite
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from addressee.events.declared import (
    MAX_AMOUNT_MINOR_UNITS,
    MAX_TRAIT_NUMBER,
    TRAIT_OF,
)
from benchmarks.ingest_decode_fields import (
    Amount,
    Identifier,
    MinorUnits,
    Moment,
    Price,
    Quantity,
    Sent,
    Text,
    duration,
    given,
    no_address,
    number,
    require,
    short,
)


class Model(BaseModel):
    """Undeclared fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class Page(Model):
    """`context.page`."""

    path: StrictStr | None = None


class Device(Model):
    """`context.device`."""

    type: StrictStr | None = None


class UserAgentData(Model):
    """`context.userAgentData`."""

    mobile: StrictBool | None = None


class Consent(Model):
    """`context.consent`."""

    category_preferences: dict[StrictStr, StrictBool] | None = Field(None, alias="categoryPreferences")


class Context(Model):
    """`context`."""

    locale: StrictStr | None = None
    timezone: StrictStr | None = None
    page: Page | None = None
    device: Device | None = None
    user_agent: StrictStr | None = Field(None, alias="userAgent")
    user_agent_data: UserAgentData | None = Field(None, alias="userAgentData")
    consent: Consent | None = None


class Message(Model):
    """What every call has, and of what only some calls need, the type."""

    event: StrictStr | None = None
    name: StrictStr | None = None
    previousId: Sent = None  # noqa: N815  # the wire's name
    groupId: Sent = None  # noqa: N815  # the wire's name
    receivedAt: StrictStr | None = None  # noqa: N815  # the wire's name
    messageId: Text = None  # noqa: N815  # the wire's name
    userId: Identifier = None  # noqa: N815  # the wire's name
    anonymousId: Identifier = None  # noqa: N815  # the wire's name
    timestamp: Moment = None
    sentAt: StrictStr | None = None  # noqa: N815  # the wire's name
    context: Context | None = None

    @model_validator(mode="after")
    def _somebody(self) -> "Message":
        require(given(self.userId) or given(self.anonymousId), "nobody is named")
        return self


class Product(Model):
    """One product."""

    product_id: Text = None
    sku: Sent = None
    id: Sent = None
    category: Text = None
    quantity: Quantity = None
    price: Price = None
    amount_minor_units: MinorUnits = None


def _item_named(product: Product) -> None:
    if not given(product.product_id):
        require(given(product.id) or given(product.sku), "no product is named")
        short(product.id if given(product.id) else product.sku)


class Line(Product):
    """One product of a list."""

    @model_validator(mode="after")
    def _something(self) -> "Line":
        _item_named(self)
        pieces, price = self.quantity, self.price
        if isinstance(pieces, int) and isinstance(price, int | float):
            require(abs(price * pieces * 100) <= MAX_AMOUNT_MINOR_UNITS, "too much")
            return self
        exact = Decimal(1) if pieces in {None, ""} else number(pieces)
        require(abs(number(price) * exact * 100) <= MAX_AMOUNT_MINOR_UNITS, "too much")
        return self


class CommerceProperties(Product):
    """Properties of the e-commerce events."""

    order_id: Text = None
    revenue: Amount = None
    total: Amount = None
    value: Amount = None
    currency: StrictStr | None = None
    products: list[Line] | None = None

    @model_validator(mode="after")
    def _currency(self) -> "CommerceProperties":
        if not self.products and not (self.product_id is None and self.id is None and self.sku is None):
            _item_named(self)
        code = self.currency
        require(not code or (len(code) == 3 and code.isascii() and code.isalpha()), "no currency")  # noqa: PLR2004  # ISO 4217
        return self


class EmailProperties(Model):
    """Properties of the e-mail events."""

    send_id: Text = None
    email_id: Text = None
    campaign_id: Text = None
    label: StrictStr | None = None


class ViewProperties(Model):
    """Properties of pages and screens."""

    name: Annotated[StrictStr | None, AfterValidator(short)] = None
    path: StrictStr | None = None
    duration_ms: Annotated[StrictInt | StrictFloat | None, AfterValidator(duration)] = None


class Track(Message):
    """A track call of any name."""

    event: Annotated[StrictStr | None, AfterValidator(no_address)] = None

    @model_validator(mode="after")
    def _named(self) -> "Track":
        require(given(self.event), "is missing")
        return self


class Commerce(Track):
    """A track call of the e-commerce events."""

    properties: CommerceProperties | None = None


class Email(Track):
    """A track call of the e-mail events."""

    properties: EmailProperties | None = None


class View(Message):
    """A page or screen call."""

    name: Annotated[StrictStr | None, AfterValidator(short)] = None
    properties: ViewProperties | None = None


class Alias(Message):
    """An alias call."""

    previousId: Identifier = None  # noqa: N815  # the wire's name

    @model_validator(mode="after")
    def _both(self) -> "Alias":
        require(given(self.previousId) and given(self.userId), "one side is missing")
        return self


class Group(Message):
    """A group call."""

    groupId: Text = None  # noqa: N815  # the wire's name

    @model_validator(mode="after")
    def _named(self) -> "Group":
        require(given(self.groupId), "is missing")
        return self


def _trait(name: str, value: object) -> None:
    match value:
        case None | bool():
            return
        case str():
            short(value)
        case int() | float():
            require(isfinite(value) and abs(value) <= MAX_TRAIT_NUMBER, name)
        case list() if all(isinstance(each, str) for each in value):
            short(",".join(sorted(set(value))))
        case _:
            raise ValueError(name)


def _traits(value: dict[str, Any] | None) -> dict[str, Any] | None:
    for name, trait in (value or {}).items():
        if name in TRAIT_OF:
            _trait(name, trait)
    return value


class Identify(Message):
    """An identify call."""

    traits: Annotated[dict[StrictStr, Any] | None, AfterValidator(_traits)] = None
