"""Traits: declared names, scalar values, short."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from addressee.events.declared import MAX_TEXT_BYTES, MAX_TRAIT_NUMBER, PLACE_TRAITS, TRAIT_OF
from addressee.events.event import Trait
from addressee.events.messages import NotAccepted
from addressee.events.passing import SURELY_SHORT, Gate

_DIGITS = 9
_YEAR_DIGITS = 4


def read_traits(sent: Mapping[str, Any], gate: Gate) -> dict[str, Trait]:
    """Return the declared traits of `sent`, sorted by name; undeclared ones and nulls do not pass.

    Besides plain names: `address.city` and its like, and of a `birthday` the year alone. A list of strings becomes one
    string, sorted and joined by commas. Addresses are dropped and counted wherever a string holds one. Raises
    `NotAccepted` for a declared trait that is an object, longer than 256 bytes, or beyond 10^15.
    """
    traits: dict[str, Trait] = {}
    is_plain = gate.is_plain
    for sent_name, value in _flat(sent):
        if not is_plain and isinstance(value, str) and not gate.without_address(value):
            continue
        name = TRAIT_OF.get(sent_name)
        if name is not None and value is not None:
            _add(traits, name, value, gate)
    return dict(sorted(traits.items()))


def _flat(sent: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    if "address" not in sent and "birthday" not in sent:
        return sent.items()
    rows: list[tuple[str, Any]] = []
    place = sent.get("address")
    if isinstance(place, dict):
        rows = [(name, place[name]) for name in PLACE_TRAITS if name in place]
    birthday = sent.get("birthday")
    if isinstance(birthday, str) and (year := _year(birthday)):
        rows.append(("birth_year", year))
    return rows + list(sent.items())


def _year(birthday: str) -> int:
    try:
        return date.fromisoformat(birthday[:10]).year
    except ValueError:
        return int(birthday) if len(birthday) == _YEAR_DIGITS and birthday.isdecimal() else 0


def _add(traits: dict[str, Trait], name: str, value: object, gate: Gate) -> None:
    if gate.is_plain and type(value) is str and 0 < len(value) <= SURELY_SHORT:
        traits[name] = value
        return
    field = f"traits.{name}"
    trait = _joined(value, field, gate) if isinstance(value, list) else _scalar(value, field)
    if trait != "":
        traits[name] = trait


def _joined(values: list[Any], field: str, gate: Gate) -> str:
    if not all(isinstance(value, str) for value in values):
        raise NotAccepted(field, "must be a list of strings alone")
    return str(_scalar(",".join(sorted({kept for value in values if (kept := gate.without_address(value))})), field))


def _scalar(value: object, field: str) -> Trait:
    match value:
        case bool():
            return value
        case int() | float() if abs(value) > MAX_TRAIT_NUMBER:
            raise NotAccepted(field, f"is larger than {MAX_TRAIT_NUMBER}")
        case int():
            return value
        case float():
            return round(value, _DIGITS) + 0.0
        case str() if len(value.encode()) > MAX_TEXT_BYTES:
            raise NotAccepted(field, f"is longer than {MAX_TEXT_BYTES} bytes")
        case str() if "\0" in value:
            raise NotAccepted(field, "holds a NUL character")
        case str():
            return value
    raise NotAccepted(field, "must be a string, a number, true, false or a list of strings")
