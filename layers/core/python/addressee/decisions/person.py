"""`Person`: everything that a decision reads of one person, and the fold of the stored rows into it."""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from addressee.models.recommenders import Nightly, Ranked
from addressee.profiles.consent import PREFIX as CONSENT
from addressee.profiles.consent import has_consent, paused_until_ms, withdrawn_purposes
from addressee.profiles.hashing import send_hash
from addressee.profiles.packing import unpack
from addressee.profiles.state import State, empty_state
from addressee.profiles.traits import trait_values

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Scores:
    """What the last scoring run said about a person at the end of the day `as_of`; empty where there was none.

    `hours` are local hours of the week by kind, best first (`models/timers.py`); a kind without any is absent.
    """

    as_of: str = ""
    segments: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    candidates: Mapping[str, tuple[Ranked, ...]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def nightly(self, use: str) -> Nightly | None:
        """Return the candidates of a use as recommenders take them, or None where there are none."""
        scored = self.candidates.get(use)
        return Nightly(date.fromisoformat(self.as_of).toordinal() - _EPOCH, scored) if scored and self.as_of else None


@dataclass(frozen=True, slots=True)
class Person:
    """One person as the tables know them; somebody never seen has an empty state and no rows.

    `granted` is None where consent cannot be read, `suppression` the reason for which the address is never mailed.
    `touches` are our own sends of the last 7 days: (send id, time in milliseconds); `touches_version` guards them.
    `withdrawn` are the purposes that the person said no to, topics (`topic_<name>`) among them; no mail goes out before
    `paused_until_ms`.
    """

    subject: str
    state: State = field(default_factory=empty_state)
    granted: bool | None = False
    granted_at_ms: int = 0
    suppression: str | None = None
    address: str = ""
    traits: Mapping[str, Any] = field(default_factory=dict)
    touches: tuple[tuple[str, int], ...] = ()
    scores: Scores = field(default_factory=Scores)
    user_id: str = ""
    first_name: str = ""
    withdrawn: frozenset[str] = frozenset()
    paused_until_ms: int = 0
    touches_version: int = 0

    @property
    def time_zone(self) -> str:
        """The IANA name that the person or the CRM declared, or an empty string."""
        return str(self.traits.get("time_zone", ""))

    def sends(self) -> dict[int, int]:
        """Return every known send once: its hash -> its latest time in milliseconds, whoever sent it."""
        known = dict(self.state.recent_sends)
        for send_id, at_ms in self.touches:
            hashed = send_hash(send_id)
            known[hashed] = max(at_ms, known.get(hashed, at_ms))
        return known


def read_person(subject: str, rows: Iterable[Mapping[str, Any]], *, purpose: str) -> Person:
    """Fold a subject's rows (attribute `part` names each) into a person; rows of other parts are ignored.

    Raises `DamagedState` where the packed state is none.
    """
    parts = {str(row["part"]): row for row in rows}
    packed = parts.get("state", {}).get("packed")
    consent = parts.get("consent", {})
    return Person(
        subject=subject,
        state=unpack(packed) if packed else empty_state(),
        granted=has_consent(consent, purpose),
        granted_at_ms=int(consent.get(CONSENT + purpose, {}).get("at", 0)),
        address=str(parts.get("person", {}).get("address", "")),
        traits=trait_values(parts.get("traits", {})),
        touches=_touches(parts.get("touches", {}).get("body")),
        scores=_scores(parts.get("scores", {}).get("body")),
        user_id=str(parts.get("person", {}).get("user_id", "")),
        first_name=str(parts.get("person", {}).get("first_name", "")),
        withdrawn=withdrawn_purposes(consent),
        paused_until_ms=paused_until_ms(consent),
        touches_version=int(parts.get("touches", {}).get("version", 0)),
    )


def _touches(body: bytes | None) -> tuple[tuple[str, int], ...]:
    return tuple((str(send_id), int(at_ms)) for send_id, at_ms in json.loads(body)) if body else ()


def _scores(body: bytes | None) -> Scores:
    if not body:
        return Scores()
    stored = json.loads(body if body[:1] == b"{" else zlib.decompress(body))  # plain as it once was
    candidates = {use: tuple(map(tuple, rows)) for use, rows in stored.get("candidates", {}).items()}
    return Scores(
        as_of=str(stored.get("as_of", "")),
        segments=stored.get("segments", {}),
        scores=stored.get("scores", {}),
        candidates=candidates,
        versions=stored.get("versions", {}),
        hours={kind: tuple(hours) for kind, hours in stored.get("hours", {}).items()},
    )
