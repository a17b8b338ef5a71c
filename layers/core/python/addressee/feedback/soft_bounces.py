"""Soft bounces of the last 30 days: a set of entries `<day>#<send id>`, so that a repeat adds nothing."""

from collections.abc import Iterable
from typing import NamedTuple

DAY_MS = 86_400_000
WINDOW_DAYS = 30


class SoftBounces(NamedTuple):
    """How many mails bounced softly in the `WINDOW_DAYS` up to the newest, and the entries that are older."""

    recent: int
    expired: frozenset[str]


def entry(send_id: str, at_ms: int) -> str:
    """Write the entry of a mail that bounced at `at_ms`."""
    return f"{at_ms // DAY_MS}#{send_id}"


def tally(entries: Iterable[str]) -> SoftBounces:
    """Count the mails, each once. The window ends at the newest entry: the order in which they came does not matter."""
    days = {each: _day(each) for each in entries}
    oldest = max(days.values(), default=0) - WINDOW_DAYS
    recent = {each.partition("#")[2] for each, day in days.items() if day > oldest}
    return SoftBounces(len(recent), frozenset(each for each, day in days.items() if day <= oldest))


def _day(each: str) -> int:
    day = each.partition("#")[0]
    return int(day) if day.isdecimal() else 0
