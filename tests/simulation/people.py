"""Everybody in a schedule: their rows, and what stands in the way of mailing them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from random import Random
from typing import Any

from addressee.decisions.person import Person, read_person
from addressee.emails.send import slot_of
from addressee.profiles.consent import MARKETING, ConsentChange
from addressee.profiles.subject import address_hash, subject_of
from addressee.profiles.traits import Stamp, TraitChange
from tests.fakes.people import InMemoryPersonStore
from tests.fakes.suppressions import InMemorySuppressions

KEY = b"a made-up key"
PARTS = ("state", "person", "traits", "consent", "scores", "touches")
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LEAST_PEOPLE, MOST_PEOPLE, SHARED_SHARDS = 10, 13, 3
ZONES = ("", "", "", "UTC", "Europe/Paris", "America/New_York")
AT_CAP = "at the cap"
EARLIER_TOUCHES = range(9)
"""The mails that somebody at the cap got an hour ago: as many as the largest cap."""
CONDITIONS = (
    *("plain",) * 10,
    "no consent",
    "withdrawn",
    "suppressed",
    AT_CAP,
    "no address",
    "unsubscribes",
    "unsubscribes",
    "pauses",
    "is suppressed",
)
"""What people are drawn from; the last four happen while mails go out."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person of a schedule."""

    user_id: str
    subject: str
    address: str
    address_hash: str
    condition: str


@cache
def somebody(number: int, condition: str) -> Somebody:
    """Name a person; the same in every schedule, since hashing takes time."""
    user_id = _user_ids()[number]
    address = f"{user_id}@example.com"
    subject = subject_of(user_id, kind="user", key=KEY)
    return Somebody(user_id, subject, address, address_hash(address, key=KEY), condition)


@cache
def _user_ids() -> list[str]:
    """Choose people of three shards: with so few, ten shards would hold one person each."""
    named = (f"person-{number}" for number in count())
    shared = (name for name in named if shard_of(subject_of(name, kind="user", key=KEY)) < SHARED_SHARDS)
    return list(islice(shared, MOST_PEOPLE))


def shard_of(subject: str) -> int:
    """Return the shard of a person's slots."""
    return int(slot_of(subject, 0).partition("#")[2])


class PeopleTable(InMemoryPersonStore):
    """The Profiles table: `People`, `Touches`, `PersonStore` and `PreferenceStore` at once, by the rules of each."""

    def get(self, subject: str) -> Person:
        """Read a person as they are now."""
        rows = self.rows
        parts = [{**rows[subject, part], "part": part} for part in PARTS if (subject, part) in rows]
        return read_person(subject, parts, purpose=MARKETING)

    def note(self, subject: str, touches: Iterable[tuple[str, int]], *, version: int) -> bool:
        """Replace the list if it still has `version`."""
        row = self.rows.get((subject, "touches"), {})
        if row.get("version", 0) != version:
            return False
        body = json.dumps([list(touch) for touch in touches]).encode()
        self.rows[subject, "touches"] = {"body": body, "version": version + 1}
        return True

    def touches(self, subject: str) -> Sequence[Sequence[Any]]:
        """Read the list."""
        body = self.rows.get((subject, "touches"), {}).get("body", b"[]")
        touches: Sequence[Sequence[Any]] = json.loads(body)
        return touches


@dataclass(slots=True)
class Crowd:
    """The people of a schedule and the tables that hold them."""

    everybody: Sequence[Somebody]
    table: PeopleTable
    suppressions: InMemorySuppressions

    def by_subject(self) -> Mapping[str, Somebody]:
        """Return them by subject."""
        return {each.subject: each for each in self.everybody}


def draw_crowd(rng: Random, *, now_ms: int) -> Crowd:
    """Draw 10 to 13 people, each with a condition."""
    table, suppressions = PeopleTable(), InMemorySuppressions()
    everybody = [somebody(number, rng.choice(CONDITIONS)) for number in range(rng.randint(LEAST_PEOPLE, MOST_PEOPLE))]
    for each in everybody:
        _settle_in(each, table, suppressions, rng, now_ms)
    return Crowd(everybody, table, suppressions)


def _settle_in(
    each: Somebody, table: PeopleTable, suppressions: InMemorySuppressions, rng: Random, now_ms: int
) -> None:
    before = Stamp(now_ms - 30 * DAY_MS, "sign-up")
    table.put_person(each.subject, each.user_id, None if each.condition == "no address" else each.address)
    if each.condition != "no consent":
        table.apply(each.subject, consent=[ConsentChange(MARKETING, granted=True, stamp=before, proof="sign-up form")])
    if zone := rng.choice(ZONES):
        table.apply(each.subject, traits=[TraitChange("time_zone", zone, before)])
    if each.condition == "withdrawn":
        said = Stamp(now_ms - DAY_MS, "said no")
        table.apply(each.subject, consent=[ConsentChange(MARKETING, granted=False, stamp=said)])
    if each.condition == "suppressed":
        suppressions.suppress(each.address_hash, reason="complaint", at_ms=now_ms - DAY_MS)
    if each.condition == AT_CAP:
        earlier = [(f"{each.subject}.earlier-{number}", now_ms - HOUR_MS) for number in EARLIER_TOUCHES]
        table.note(each.subject, earlier, version=0)
