"""What a person wants: to unsubscribe or come back, topics, a pause. Each is a change of their `consent` row.

`send_email` reads that row consistently before every mail, so what was saved here holds for mails already queued.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

from addressee.emails.links import Token
from addressee.profiles.consent import (
    MARKETING,
    MAX_PURPOSES,
    PAUSED,
    PREFIX,
    PURPOSE,
    ConsentChange,
    has_consent,
    paused_until_ms,
    topic_purpose,
    withdrawn_purposes,
)
from addressee.profiles.state import DAY_MS
from addressee.profiles.traits import Stamp

PAUSE_DAYS = 30
MAX_TOPICS = MAX_PURPOSES - 1
SOURCE = "preference page"
_ID_DIGITS = 16


class InvalidTopics(Exception):
    """The setting TOPICS is not a JSON object of topic names and labels."""


class PreferenceStore(Protocol):
    """Keeps `consent` rows; the newest stamp of each attribute wins, so a repeat is harmless."""

    def consent_row(self, subject: str) -> Mapping[str, Any]:
        """Read the row as it is now; empty where there is none."""
        ...

    def apply(self, subject: str, *, consent: Sequence[ConsentChange] = ()) -> None:
        """Merge consent, each purpose by its own stamp."""
        ...

    def pause(self, subject: str, until_ms: int, stamp: Stamp) -> None:
        """Let no mail go out before `until_ms` (0 ends a pause)."""
        ...


@dataclass(frozen=True, slots=True)
class Preferences:
    """What stands: whether mails are wanted at all, which topics, and until when there is a pause (ms; 0: none)."""

    subscribed: bool
    topics: Mapping[str, bool]
    paused_until_ms: int


def read_topics(text: str) -> dict[str, str]:
    """Read the setting TOPICS: JSON, topic name -> label; empty means none. Raises `InvalidTopics`."""
    try:
        topics = json.loads(text or "{}")
    except ValueError as error:
        raise InvalidTopics(str(error)) from None
    if not isinstance(topics, dict) or len(topics) > MAX_TOPICS:
        raise InvalidTopics(f"must be an object of at most {MAX_TOPICS} topics")
    for name, label in topics.items():
        if not PURPOSE.fullmatch(topic_purpose(name)) or not isinstance(label, str) or not label.strip():
            raise InvalidTopics(f"{name}: a name matches [a-z0-9_]{{1,34}}, a label is a text")
    return topics


def read_preferences(token: Token, people: PreferenceStore, topics: Mapping[str, str], *, now_ms: int) -> Preferences:
    """Read what stands for the person of a token; a topic that nobody turned off is on."""
    row = people.consent_row(token.subject)
    off, until_ms = withdrawn_purposes(row), paused_until_ms(row)
    shown = {name: topic_purpose(name) not in off for name in topics}
    return Preferences(has_consent(row), shown, until_ms if until_ms > now_ms else 0)


def unsubscribe(token: Token, people: PreferenceStore, *, now_ms: int) -> int:
    """Withdraw the purpose `email`; return when it was withdrawn. Said again, the first withdrawal stands."""
    known = people.consent_row(token.subject).get(PREFIX + MARKETING, {})
    if known and not known["granted"]:
        return int(known["at"])
    change = _change(token, MARKETING, known, granted=False, now_ms=now_ms)
    people.apply(token.subject, consent=[change])
    return change.stamp.at_ms


def resubscribe(token: Token, people: PreferenceStore, *, now_ms: int) -> bool:
    """Take a withdrawal of the purpose `email` back; say whether there is consent now.

    Only somebody who withdrew can come back this way: a link grants nothing that was never granted.
    """
    known = people.consent_row(token.subject).get(PREFIX + MARKETING, {})
    if known and not known["granted"]:
        people.apply(token.subject, consent=[_change(token, MARKETING, known, granted=True, now_ms=now_ms)])
    return bool(known)


def save(  # noqa: PLR0913  # each is named
    token: Token,
    pressed: str,
    chosen: Collection[str],
    people: PreferenceStore,
    topics: Mapping[str, str],
    *,
    now_ms: int,
) -> bool:
    """Do what a button of the page says (`topics`, `pause`, `resume`); say whether there is such a button.

    `topics` turns those in `chosen` on and all others off. A pause lasts `PAUSE_DAYS` from now.
    """
    match pressed:
        case "topics":
            _choose(token, chosen, people, topics, now_ms)
        case "pause":
            _pause(token, people, now_ms + PAUSE_DAYS * DAY_MS, now_ms)
        case "resume":
            _pause(token, people, 0, now_ms)
        case _:
            return False
    return True


def _choose(
    token: Token, chosen: Collection[str], people: PreferenceStore, topics: Mapping[str, str], now_ms: int
) -> None:
    """Say yes or no to each topic whose standing answer is the other; what already stands is not written again."""
    row = people.consent_row(token.subject)
    off = withdrawn_purposes(row)
    changes = [
        _change(
            token, topic_purpose(name), row.get(PREFIX + topic_purpose(name), {}), granted=name in chosen, now_ms=now_ms
        )
        for name in topics
        if (name in chosen) == (topic_purpose(name) in off)
    ]
    people.apply(token.subject, consent=changes)


def _pause(token: Token, people: PreferenceStore, until_ms: int, now_ms: int) -> None:
    known = people.consent_row(token.subject).get(PAUSED, {})
    at_ms = max(now_ms, int(known.get("at", 0)) + 1)
    people.pause(token.subject, until_ms, Stamp(at_ms, _stamp_id(token)))


def _change(token: Token, purpose: str, known: Mapping[str, Any], *, granted: bool, now_ms: int) -> ConsentChange:
    """Say it later than what is known, so that the person's word counts though another clock was ahead of ours."""
    at_ms = max(now_ms, int(known.get("at", 0)) + 1)
    said_at = datetime.fromtimestamp(now_ms // 1000, UTC).isoformat()
    proof = f"{SOURCE}, send {token.send_id}, {said_at}"
    return ConsentChange(purpose, granted, Stamp(at_ms, _stamp_id(token)), proof, SOURCE)


def _stamp_id(token: Token) -> str:
    return f"{token.kind}-{sha256(token.send_id.encode()).hexdigest()[:_ID_DIGITS]}"
