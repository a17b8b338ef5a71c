"""What recording feedback needs from outside: the suppression list, recipients and their soft bounces, the stream."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol


class Recipient(NamedTuple):
    """Who gets a person's mails. `address` is empty where none is known."""

    user_id: str
    address: str


class SuppressionList(Protocol):
    """Writes the list of addresses that are never mailed."""

    def suppress(self, address_hash: str, *, reason: str, at_ms: int) -> None:
        """Add an address; the first reason and time stay."""
        ...


class Recipients(Protocol):
    """Reads the `person` row and keeps the `bounces` row beside it."""

    def get(self, subject: str) -> Recipient | None:
        """Read a person, or None where there is no such row."""
        ...

    def note_soft_bounce(self, subject: str, entry: str) -> frozenset[str]:
        """Add an entry to the set, once, and return the set."""
        ...

    def forget_soft_bounces(self, subject: str, entries: Iterable[str]) -> None:
        """Take entries out of the set."""
        ...


class EventStream(Protocol):
    """Takes records of the event stream."""

    def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[tuple[str, bytes]]:
        """Put records (partition key, data); return those that could not be put."""
        ...
