"""Readers of single values that callers send: each returns the stored form or raises `ValueError` with a reason."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

MAX_ID_BYTES = 256
MAX_ADDRESS_BYTES = 254
MAX_FIRST_NAME = 80
MAX_REPURCHASE_DAYS = 3650
_CURRENCY = re.compile(r"[A-Z]{3}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_WEB_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]{1,2000}")
_ADDRESS = re.compile(r"[^\s@,;<>\"()\[\]]{1,64}@[^\s@,;<>\"()\[\]]+\.[^\s@,;<>\"()\[\].]+")


def identifier(value: object) -> str | None:
    """Say why `value` cannot be an id, or None: a string of 1 to 256 bytes without control characters."""
    if not isinstance(value, str) or not value.strip():
        return "must be a string that is not empty"
    if len(value.encode(errors="replace")) > MAX_ID_BYTES:
        return f"is longer than {MAX_ID_BYTES} bytes"
    return None if value.isprintable() else "holds control characters"


def text(value: object) -> str:
    """Accept a string that UTF-8 can carry."""
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004  # one exception for every reason
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("holds half a character")
    return value


def up_to(characters: int) -> Callable[[object], str]:
    """Make a reader of strings of at most so many characters."""

    def read(value: object) -> str:
        if len(text(value)) > characters:
            raise ValueError(f"is longer than {characters} characters")
        return text(value)

    return read


def boolean(value: object) -> bool:
    """Accept true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  # one exception for every reason
    return value


def minor_units(value: object) -> int:
    """Read an amount of money (a JSON number, hundredths at most) as hundredths, rounded half up."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        raise ValueError("must be a number from 0 to 1e12")
    return int((Decimal(repr(value)) * 100).to_integral_value(ROUND_HALF_UP))


def whole_days(value: object) -> int:
    """Accept a whole number of days, 0 to 3650."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_REPURCHASE_DAYS:
        raise ValueError(f"must be a whole number of days, 0 to {MAX_REPURCHASE_DAYS}")
    return value


def currency(value: object) -> str:
    """Accept an ISO 4217 code."""
    return _matching(value, _CURRENCY, "must be a currency's three capital letters")


def locale(value: object) -> str:
    """Accept a language tag such as `de` or `en-GB`."""
    return _matching(value, _LOCALE, "must be a language tag such as en-GB")


def web_address(value: object) -> str:
    """Accept an http or https address."""
    return _matching(value, _WEB_ADDRESS, "must be an http or https address")


def address(value: object) -> str:
    """Accept an e-mail address; stripped, case kept."""
    stripped = text(value).strip()
    if len(stripped.encode()) > MAX_ADDRESS_BYTES:
        raise ValueError(f"is longer than {MAX_ADDRESS_BYTES} bytes")
    return _matching(stripped, _ADDRESS, "must be an e-mail address")


def first_name(value: object) -> str:
    """Accept what a mail may call somebody: one line of at most 80 characters, stripped, no address in it."""
    stripped = up_to(MAX_FIRST_NAME)(value).strip()
    if not stripped.isprintable():
        raise ValueError("holds control characters")
    if "@" in stripped or "://" in stripped:
        raise ValueError("must be a name, not an address")
    return stripped


def time_zone(value: object) -> str:
    """Accept the IANA name of a time zone."""
    name = up_to(64)(value)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be the IANA name of a time zone, such as Europe/Berlin") from None
    return name


def time_ms(value: object) -> int:
    """Read an ISO 8601 time (UTC where it names no offset) as milliseconds since the epoch; never before 1970."""
    try:
        moment = datetime.fromisoformat(text(value))
    except ValueError:
        raise ValueError("must be an ISO 8601 time such as 2026-01-31T12:00:00Z") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    elapsed = aware - datetime(1970, 1, 1, tzinfo=UTC)
    if elapsed.days < 0:
        raise ValueError("lies before 1970")
    return (elapsed.days * 86_400 + elapsed.seconds) * 1000 + elapsed.microseconds // 1000


def _matching(value: object, pattern: re.Pattern[str], reason: str) -> str:
    if not pattern.fullmatch(text(value)):
        raise ValueError(reason)
    return text(value)
