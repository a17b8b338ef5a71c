"""Persons and their soft bounces in memory."""

from collections import defaultdict
from collections.abc import Iterable

from addressee.feedback.ports import Recipient


class InMemoryRecipients:
    """`Recipients` whose `people` are subject -> recipient and whose `soft` are subject -> entries."""

    def __init__(self) -> None:
        """Know nobody."""
        self.people: dict[str, Recipient] = {}
        self.soft: dict[str, set[str]] = defaultdict(set)

    def get(self, subject: str) -> Recipient | None:
        """Read a person, or None."""
        return self.people.get(subject)

    def note_soft_bounce(self, subject: str, entry: str) -> frozenset[str]:
        """Add an entry to the set, once, and return the set."""
        self.soft[subject].add(entry)
        return frozenset(self.soft[subject])

    def forget_soft_bounces(self, subject: str, entries: Iterable[str]) -> None:
        """Take entries out of the set."""
        self.soft[subject] -= set(entries)
