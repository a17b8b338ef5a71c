"""Rules that settings obey: each returns a reader that turns a raw value into a typed one or says what it must be."""

import json
from collections.abc import Callable
from re import fullmatch
from typing import Any
from zoneinfo import available_timezones

Reader = Callable[[Any], Any]


class Unusable(ValueError):
    """A value breaks its rule; the text says what it must be."""


def text(pattern: str, must: str) -> Reader:
    """Accept text that matches `pattern` whole."""

    def read(value: Any) -> str:  # noqa: ANN401  # cdk.json may hold anything
        if not isinstance(value, str) or not fullmatch(pattern, value):
            raise Unusable(must)
        return value

    return read


def choice(*allowed: str) -> Reader:
    """Accept one of the words."""
    return text("|".join(allowed), f"must be one of {', '.join(allowed)}")


def number(low: int, high: int, what: str) -> Reader:
    """Accept a whole number from `low` to `high`, as JSON or as the text of one."""

    def read(value: Any) -> int:  # noqa: ANN401
        found = _json(value)
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            raise Unusable(f"must be {low} to {high} {what}")
        return found

    return read


def share(most: float) -> Reader:
    """Accept a number from 0 to `most`."""

    def read(value: Any) -> float:  # noqa: ANN401
        found = _json(value)
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= most:
            raise Unusable(f"must be a share from 0 to {most}")
        return float(found)

    return read


def number_of(allowed: tuple[int, ...], what: str) -> Reader:
    """Accept one of the whole numbers."""

    def read(value: Any) -> int:  # noqa: ANN401
        found = _json(value)
        if isinstance(found, bool) or found not in allowed:
            raise Unusable(f"must be one of {', '.join(map(str, allowed))} {what}")
        return int(found)

    return read


def flag() -> Reader:
    """Accept true or false."""

    def read(value: Any) -> bool:  # noqa: ANN401
        found = _json(value)
        if not isinstance(found, bool):
            raise Unusable("must be true or false")
        return found

    return read


def time_zone() -> Reader:
    """Accept the IANA name of a time zone."""

    def read(value: Any) -> str:  # noqa: ANN401
        if value not in available_timezones():
            raise Unusable("must be an IANA time zone such as Europe/Berlin")
        return str(value)

    return read


def texts(pattern: str, must: str) -> Reader:
    """Accept a list of texts that each match `pattern` whole."""
    each = text(pattern, must)

    def read(value: Any) -> tuple[str, ...]:  # noqa: ANN401
        found = _json(value)
        if not isinstance(found, list):
            raise Unusable(must)
        return tuple(each(entry) for entry in found)

    return read


def days_by_category() -> Reader:
    """Accept an object of category -> days in which `*` stands for all other categories."""
    days = number(0, 3_650, "days for each category")

    def read(value: Any) -> dict[str, int]:  # noqa: ANN401
        found = _json(value)
        if not isinstance(found, dict) or "*" not in found:
            raise Unusable('must be an object of days by category with "*" for all others')
        return {category: days(each) for category, each in found.items()}

    return read


def labels_by_name(pattern: str, must: str) -> Reader:
    """Accept an object of name -> label whose names match `pattern` whole and whose labels hold something."""

    def read(value: Any) -> dict[str, str]:  # noqa: ANN401
        found = _json(value)
        if not isinstance(found, dict) or not all(
            fullmatch(pattern, name) and isinstance(label, str) and label.strip() for name, label in found.items()
        ):
            raise Unusable(must)
        return dict(found)

    return read


def _json(value: Any) -> Any:  # noqa: ANN401
    """Undo the text that the command line's `-c name=value` makes of every value."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None
