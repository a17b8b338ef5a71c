"""Traits: what is declared about a person, each attribute with the stamp of its newest writer."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from addressee.events.event import Trait

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_TRAITS = 64
MAX_TRAIT_BYTES = 256
MIN_NUMBER, MAX_NUMBER = 1e-100, 2.0**53
PREFIX = "t_"


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """When something was said and by which message; the newest wins, ties go to the greater id."""

    at_ms: int
    id: str


@dataclass(frozen=True, slots=True)
class TraitChange:
    """One trait that somebody declared."""

    name: str
    value: Trait
    stamp: Stamp


def refused_trait(name: str, value: object) -> str | None:
    """Say why a trait is not accepted, or None: its name, type and size; numbers as table and JSON both carry them."""
    if not NAME.fullmatch(name):
        return "the name must match [a-z][a-z0-9_]{0,39}"
    if not isinstance(value, str | int | float | bool):
        return "must be a string, a number or a boolean"
    if isinstance(value, str):
        return _refused_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    if value and not MIN_NUMBER <= abs(value) <= MAX_NUMBER:
        return "is a number beyond 2**53 or below 1e-100"
    return None


def _refused_text(value: str) -> str | None:
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "holds half a character"
    return f"is longer than {MAX_TRAIT_BYTES} bytes" if size > MAX_TRAIT_BYTES else None


def newer_traits(stored: Mapping[str, TraitChange], changes: Iterable[TraitChange]) -> dict[str, TraitChange]:
    """Pick the changes that win over `stored`, by name.

    Each name is decided by its own stamp, so writers commute and a repeat changes nothing. A name that would be the
    65th of a person is left out: the first 64 stay.
    """
    won: dict[str, TraitChange] = {}
    for change in sorted(changes, key=lambda each: each.stamp):
        known = stored.get(change.name)
        if known is not None and change.stamp <= known.stamp:
            continue
        if known is None and change.name not in won and len(stored.keys() | won.keys()) >= MAX_TRAITS:
            continue
        won[change.name] = change
    return won


def read_traits(row: Mapping[str, Any]) -> dict[str, TraitChange]:
    """Read a stored `traits` row (attributes `t_<name>` = {v, at, id}), by name."""
    return {
        key.removeprefix(PREFIX): TraitChange(key.removeprefix(PREFIX), cell["v"], Stamp(cell["at"], cell["id"]))
        for key, cell in row.items()
        if key.startswith(PREFIX)
    }


def trait_values(row: Mapping[str, Any]) -> dict[str, Trait]:
    """Read the plain values of a stored `traits` row, by name."""
    return {key.removeprefix(PREFIX): cell["v"] for key, cell in row.items() if key.startswith(PREFIX)}


def trait_cells(changes: Iterable[TraitChange]) -> dict[str, dict[str, Any]]:
    """Write traits as stored attributes: `t_<name>` = {v, at, id}."""
    return {PREFIX + each.name: {"v": each.value, "at": each.stamp.at_ms, "id": each.stamp.id} for each in changes}
