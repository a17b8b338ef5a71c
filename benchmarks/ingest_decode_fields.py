"""The annotated types and checks of the peer's models: text, identifiers, moments, numbers."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StrictFloat, StrictInt, StrictStr

from addressee.events.addresses import looks_like_address
from addressee.events.declared import (
    MAX_AMOUNT_MINOR_UNITS,
    MAX_DURATION_MS,
    MAX_PRICE,
    MAX_QUANTITY,
    MAX_TEXT_BYTES,
)

LONGEST_NUMBER = 40


def require(condition: object, reason: str) -> None:
    """Raise `ValueError` with the reason where the condition does not hold."""
    if not condition:
        raise ValueError(reason)


def given(value: str | float | None) -> bool:
    """Tell whether something was sent: no null, no blank text."""
    return value.strip() != "" if isinstance(value, str) else value is not None


def short(value: str | float | None) -> str | float | None:
    """Return the value where its text has at most 256 bytes of UTF-8 and no NUL."""
    if isinstance(value, str):
        text = value
    else:
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise ValueError("is too long")
    if "\0" in text:
        raise ValueError("holds a NUL")
    return value


def no_address(value: str | float | None) -> str | float | None:
    """Return the value where it is short and no e-mail address; most texts need no search for one."""
    short(value)
    if isinstance(value, str) and ("@" in value or "%" in value) and looks_like_address(value):
        raise ValueError("looks like an address")
    return value


def moment_ms(value: object) -> int | None:
    """Read ISO 8601 as milliseconds since the epoch, once."""
    if not isinstance(value, str):
        require(value is None, "is no text")
        return None
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = datetime.fromisoformat(value.strip().upper())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def number(value: str | float | None) -> Decimal:
    """Return the value as a finite decimal; nothing is zero."""
    text = str(value)
    try:
        amount = Decimal(0 if value in {None, ""} else text) if len(text) <= LONGEST_NUMBER else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    require(amount.is_finite(), "is not a number")
    return amount


def at_most(value: str | float | None, largest: int) -> str | float | None:
    """Return the value where it is a number not beyond `largest`; only a text must be read for that."""
    fits = abs(number(value)) <= largest if isinstance(value, str) else -largest <= (value or 0) <= largest
    if not fits:
        raise ValueError(f"is larger than {largest}")
    return value


def duration(value: float | None) -> float | None:
    """Return the value where it is nothing or at most a day in milliseconds."""
    require(value is None or 0 <= value <= MAX_DURATION_MS, "is no duration")
    return value


Sent = StrictStr | StrictInt | StrictFloat | None
Text = Annotated[Sent, AfterValidator(short)]
Identifier = Annotated[Sent, AfterValidator(no_address)]
Moment = Annotated[int | None, BeforeValidator(moment_ms)]
Price = Annotated[Sent, AfterValidator(lambda value: at_most(value, MAX_PRICE))]
Quantity = Annotated[Sent, AfterValidator(lambda value: at_most(value, MAX_QUANTITY))]
Amount = Annotated[Sent, AfterValidator(lambda value: at_most(value, MAX_AMOUNT_MINOR_UNITS // 100))]
MinorUnits = Annotated[StrictInt | None, AfterValidator(lambda value: at_most(value, MAX_AMOUNT_MINOR_UNITS))]
