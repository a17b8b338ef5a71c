"""Consent per purpose: a withdrawal loses only to a later grant that carries proof."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from addressee.profiles.traits import Stamp

MARKETING = "email"
PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_PURPOSES = 16
MAX_PROOF_BYTES = 512
PREFIX = "c_"
PAUSED = "paused"
"""The attribute of a pause: map `{until, at, id}`."""
TOPIC = "topic_"
"""A topic of the preference page is the purpose of this prefix and its name."""


class GrantWithoutProof(Exception):
    """Somebody tried to grant a purpose without saying what proves it."""


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One purpose granted or withdrawn. A grant says what proves it. Raises `GrantWithoutProof`."""

    purpose: str
    granted: bool
    stamp: Stamp
    proof: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a grant without proof: none such can exist."""
        if self.granted and not self.proof:
            raise GrantWithoutProof(self.purpose)

    @property
    def rank(self) -> tuple[int, bool, bool, str]:
        """Order changes of one purpose: by time; at the same time a withdrawal wins; then one with proof; then by id.

        The event that tells of a withdrawal has its time and no proof: it does not take the proof out of the row.
        """
        return (self.stamp.at_ms, not self.granted, bool(self.proof), self.stamp.id)


def newer_consent(stored: Mapping[str, ConsentChange], changes: Iterable[ConsentChange]) -> dict[str, ConsentChange]:
    """Pick the changes that win over `stored`, by purpose; writers commute and a repeat changes nothing."""
    won: dict[str, ConsentChange] = {}
    for change in changes:
        known = won.get(change.purpose) or stored.get(change.purpose)
        if known is None or change.rank > known.rank:
            won[change.purpose] = change
    return won


def read_consent(row: Mapping[str, Any]) -> dict[str, ConsentChange]:
    """Read a stored `consent` row (attributes `c_<purpose>` = {granted, at, id, proof, source}), by purpose."""
    return {key.removeprefix(PREFIX): _read(key, cell) for key, cell in row.items() if key.startswith(PREFIX)}


def has_consent(row: Mapping[str, Any], purpose: str = MARKETING) -> bool:
    """Say whether a stored `consent` row grants `purpose`; what was never granted is not."""
    cell = row.get(PREFIX + purpose)
    return cell is not None and bool(cell["granted"])


def topic_purpose(topic: str) -> str:
    """Return the purpose that stands for a topic of the preference page."""
    return TOPIC + topic


def withdrawn_purposes(row: Mapping[str, Any]) -> frozenset[str]:
    """List the purposes of a stored `consent` row that were withdrawn."""
    return frozenset(
        key.removeprefix(PREFIX) for key, cell in row.items() if key.startswith(PREFIX) and not cell["granted"]
    )


def paused_until_ms(row: Mapping[str, Any]) -> int:
    """Return the time before which the person wants no mail, milliseconds; 0 where there is none."""
    return int(row.get(PAUSED, {}).get("until", 0))


def consent_cells(changes: Iterable[ConsentChange]) -> dict[str, dict[str, Any]]:
    """Write consent as stored attributes: `c_<purpose>` = {granted, at, id, proof, source}."""
    return {
        PREFIX + each.purpose: {
            "granted": each.granted,
            "at": each.stamp.at_ms,
            "id": each.stamp.id,
            "proof": each.proof,
            "source": each.source,
        }
        for each in changes
    }


def _read(key: str, cell: Mapping[str, Any]) -> ConsentChange:
    stamp = Stamp(cell["at"], cell["id"])
    return ConsentChange(key.removeprefix(PREFIX), cell["granted"], stamp, cell["proof"], cell["source"])
