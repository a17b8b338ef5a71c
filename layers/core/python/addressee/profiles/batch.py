"""Records of the stream, read into arrivals: an event with the subjects that it names; or rejected, with the reason."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from addressee.events.event import Event, Refusal
from addressee.events.read import read_message
from addressee.profiles.subject import subject_of

POISON = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What pure code raises when a record trips it. A retry would raise it again and block the shard: it is a rejection."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it came: `sequence_number` is a decimal string that may have 56 digits, comparable within a key."""

    partition_key: str
    sequence_number: str
    data: bytes
    arrived_at_ms: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that goes to quarantine; `field` is a dotted path, `reason` one of few sentences."""

    record: Record
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A readable record. `user` or `anonymous` is empty where the event lacks that id.

    `aliases` are the anonymous subjects that the event says are the user's, oldest claim first.
    """

    record: Record
    event: Event
    user: str
    anonymous: str
    aliases: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The subject by the event's own word: the user's, else the anonymous one."""
        return self.user or self.anonymous

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every subject that the event names."""
        return (self.user, *self.aliases) if self.user else (self.anonymous,)


def read_records(records: Iterable[Record], *, key: bytes) -> tuple[list[Arrival], list[Rejected]]:
    """Read a batch in order; `key` is the installation's secret behind every subject."""
    arrivals: list[Arrival] = []
    rejected: list[Rejected] = []
    for record in records:
        outcome = _read(record, key)
        if isinstance(outcome, Rejected):
            rejected.append(outcome)
        else:
            arrivals.append(outcome)
    return arrivals, rejected


def _read(record: Record, key: bytes) -> Arrival | Rejected:
    try:
        event = read_message(record.data, received_at_ms=record.arrived_at_ms)
    except POISON as error:
        return Rejected(record, "", f"cannot be read ({type(error).__name__})")
    if isinstance(event, Refusal):
        return Rejected(record, event.field, event.reason)
    if record.partition_key not in {event.user_id, event.anonymous_id} - {""}:
        return Rejected(record, "partitionKey", "is neither the user id nor the anonymous id")
    return arrive(record, event, key=key)


def arrive(record: Record, event: Event, *, key: bytes) -> Arrival:
    """Name the subjects of a readable record's event."""
    user = subject_of(event.user_id, kind="user", key=key) if event.user_id else ""
    anonymous = subject_of(event.anonymous_id, kind="anonymous", key=key) if event.anonymous_id else ""
    previous = subject_of(event.previous_id, kind="anonymous", key=key) if event.previous_id else ""
    aliases = tuple(dict.fromkeys(each for each in (anonymous, previous) if each)) if user else ()
    return Arrival(record, event, user, anonymous, aliases)
