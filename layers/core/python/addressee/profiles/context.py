"""The context of an activity as one number: the class of device, and language and country of its locale."""

import re
from functools import lru_cache

from addressee.profiles.places import LETTERS, letters_code

DEVICES = ("android", "desktop", "ios", "mobile", "tablet", "tv", "watch", "web")
OTHER_DEVICE = len(DEVICES) + 1
LETTER_BITS, DEVICE_BITS = 10, 4
LANGUAGE_SHIFT, DEVICE_SHIFT = LETTER_BITS, 2 * LETTER_BITS
CONTEXT_BITS = DEVICE_SHIFT + DEVICE_BITS
LANGUAGE, COUNTRY = r"^([A-Za-z]{2})(?:[_-]|$)", r"[_-]([A-Za-z]{2})(?:[_-]|$)"
"""Where a locale such as de, de-AT or zh_Hans_CN holds both; DuckDB searches with the same expressions."""
_LANGUAGE, _COUNTRY = re.compile(LANGUAGE.replace("$", r"\Z")), re.compile(COUNTRY.replace("$", r"\Z"))
"""Python's `$` would also match before a last line break."""


@lru_cache(maxsize=512)
def context_code(device: str, locale: str) -> int:
    """Return the code of a device class and a locale, empty where not told: 0 where neither says anything."""
    if not device and not locale:
        return 0
    number = DEVICES.index(device) + 1 if device in DEVICES else OTHER_DEVICE * bool(device)
    return number << DEVICE_SHIFT | _letters(_LANGUAGE, locale) << LANGUAGE_SHIFT | _letters(_COUNTRY, locale)


def _letters(where: re.Pattern[str], locale: str) -> int:
    found = where.search(locale)
    return letters_code(found[1]) if found else 0


def device_of(code: int) -> int:
    """Return the device's number, 0 for none."""
    return code >> DEVICE_SHIFT


def language_of(code: int) -> int:
    """Return the language's code of letters, 0 for none."""
    return code >> LANGUAGE_SHIFT & (1 << LETTER_BITS) - 1


def country_of(code: int) -> int:
    """Return the country's code of letters, 0 for none."""
    return code & (1 << LETTER_BITS) - 1


def context_sql() -> str:
    """Write `context_code` of the columns `device` and `locale` in DuckDB's SQL."""
    known = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(DEVICES, 1))
    device = f"CASE device WHEN '' THEN 0 {known} ELSE {OTHER_DEVICE} END"
    both = f"{_letters_sql(LANGUAGE)} * {1 << LANGUAGE_SHIFT} + {_letters_sql(COUNTRY)}"
    locale = f"CASE locale WHEN '' THEN 0 ELSE {both} END"
    return f"coalesce(({device}) * {1 << DEVICE_SHIFT} + {locale}, 0)::UINTEGER"


def _letters_sql(where: str) -> str:
    found = f"upper(regexp_extract(locale, '{where}', 1))"
    high, low = (f"(ascii({found}[{place}]) - {ord('A')})" for place in (1, 2))
    return f"(CASE WHEN {found} = '' THEN 0 ELSE 1 + {LETTERS} * {high} + {low} END)"
