"""Traits: what is declared about a person, each attribute with the stamp of its newest writer."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
    """One trait that somebody declared; `first_ms` where the trait was declared before its stamp, too."""

    name: str
    value: Trait
    stamp: Stamp
    first_ms: int | None = None

    @property
    def first_declared_ms(self) -> int:
        """The earliest time of any declaration of this trait: the least of all stamps, in whichever order they came."""
        return self.stamp.at_ms if self.first_ms is None else self.first_ms


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
    """Pick the changes that win over `stored`, by name, and what an older one says of the first declaration.

    Each name is decided by its own stamp, so writers commute and a repeat changes nothing. A name that would be the
    65th of a person is left out: the first 64 stay.
    """
    won: dict[str, TraitChange] = {}
    for change in sorted(changes, key=lambda each: each.stamp):
        known = won.get(change.name, stored.get(change.name))
        if known is None:
            if len(stored.keys() | won.keys()) < MAX_TRAITS:
                won[change.name] = change
        elif (joined := _joined(known, change)) != known:
            won[change.name] = joined
    return won


def _joined(known: TraitChange, change: TraitChange) -> TraitChange:
    newest = change if change.stamp > known.stamp else known
    first_ms = min(known.first_declared_ms, change.first_declared_ms)
    return replace(newest, first_ms=None if first_ms == newest.stamp.at_ms else first_ms)


def read_traits(row: Mapping[str, Any]) -> dict[str, TraitChange]:
    """Read a stored `traits` row (attributes `t_<name>` = {v, at, id} and perhaps first), by name."""
    return {
        key.removeprefix(PREFIX): TraitChange(
            key.removeprefix(PREFIX), cell["v"], Stamp(cell["at"], cell["id"]), cell.get("first")
        )
        for key, cell in row.items()
        if key.startswith(PREFIX)
    }


def trait_values(row: Mapping[str, Any]) -> dict[str, Trait]:
    """Read the plain values of a stored `traits` row, by name."""
    return {key.removeprefix(PREFIX): cell["v"] for key, cell in row.items() if key.startswith(PREFIX)}


def trait_cells(changes: Iterable[TraitChange]) -> dict[str, dict[str, Any]]:
    """Write traits as stored attributes: `t_<name>` = {v, at, id}, and `first` where it was declared before."""
    return {PREFIX + each.name: _cell(each) for each in changes}


def _cell(change: TraitChange) -> dict[str, Any]:
    cell = {"v": change.value, "at": change.stamp.at_ms, "id": change.stamp.id}
    return cell if change.first_ms is None else {**cell, "first": change.first_ms}
