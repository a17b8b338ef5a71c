"""Money and days as a person's language writes them, by Babel (CLDR)."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

DEFAULT_LOCALE = "en_US"
_HUNDRED = Decimal(100)


class Money(NamedTuple):
    """An amount in hundredths of a currency (ISO 4217), whatever the currency's own minor unit is."""

    amount_minor_units: int
    currency: str


def resolve_locale(*wanted: str) -> str:
    """Return the first locale that Babel has data for, as `de_AT`; a region that it lacks falls back to its language.

    Nothing known: `en_US`. The answer is kept with a mail, so that replay does not depend on which data there is.
    """
    for text in wanted:
        for candidate in (text, text.replace("_", "-").partition("-")[0]):
            if (found := _known(candidate)) is not None:
                return found
    return DEFAULT_LOCALE


@lru_cache(maxsize=512)
def _known(text: str) -> str | None:
    try:
        return str(Locale.parse(text.replace("-", "_"))) if text else None
    except (UnknownLocaleError, ValueError):
        return None


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(maxsize=4096)
def money_text(money: Money, locale: str) -> str:
    """Write an amount with its currency's sign and decimals: 4,99 EUR in de_DE is `4,99 €`."""
    return format_currency(Decimal(money.amount_minor_units) / _HUNDRED, money.currency, locale=_locale(locale))


def day_text(iso_day: str, locale: str, style: str = "long") -> str:
    """Write a day (`YYYY-MM-DD`); `style` is `short`, `medium`, `long` or `full`."""
    return format_date(date.fromisoformat(iso_day), format=style, locale=_locale(locale))
