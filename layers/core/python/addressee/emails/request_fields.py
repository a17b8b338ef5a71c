"""Readers of a request's single fields: each returns the value or raises `InvalidField` with field and reason."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, cast

from addressee.decisions.request import InvalidField
from addressee.profiles.checks import up_to

MAX_NAME = 64
Value = TypeVar("Value")


def json_object(value: object, field: str) -> Mapping[str, Any]:
    """Accept a JSON object."""
    if not isinstance(value, Mapping):
        raise InvalidField(field, "must be a JSON object")
    return cast("Mapping[str, Any]", value)


def only(given: Mapping[str, Any], known: Collection[str], prefix: str = "") -> Mapping[str, Any]:
    """Accept an object that has no other fields than `known`; `prefix` says where it sits."""
    for field in given:
        if field not in known:
            raise InvalidField(f"{prefix}{field}", "is no field of this request")
    return given


def number(value: object, most: float, field: str) -> float:
    """Accept a number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise InvalidField(field, f"must be a number from 0 to {most}")
    return float(value)


def whole(value: object, most: int, field: str) -> int:
    """Accept a whole number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise InvalidField(field, f"must be a whole number from 0 to {most}")
    return value


def name(value: object, field: str) -> str:
    """Accept a name: 1 to 64 characters."""
    if not (found := checked(up_to(MAX_NAME), value, field)):
        raise InvalidField(field, "must not be empty")
    return found


def one_of(known: Mapping[str, Value], value: object, field: str) -> Value:
    """Accept one of a few words."""
    if not isinstance(value, str) or value not in known:
        raise InvalidField(field, f"must be {' or '.join(known)}")
    return known[value]


def checked(read: Callable[[object], Value], value: object, field: str) -> Value:
    """Read a value with a reader of `profiles/checks.py`; its reason becomes the field's."""
    try:
        return read(value)
    except ValueError as wrong:
        raise InvalidField(field, str(wrong)) from None
