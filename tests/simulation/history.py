"""What happened in a schedule, in order: who, which call, which fault, when; raw while it runs, readable afterwards."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

STARTED, ENDED, FAILED, KILLED = "starts", "ends", "fails", "is killed"
ASKS, GETS, RAISES, FAULT, FACT = "asks", "gets", "raises", "FAULT", "fact"


class Entry(NamedTuple):
    """One line: the number of the step, the true time, the actor, what it does, the call, and what goes with it."""

    step: int
    at_ms: int
    actor: str
    what: str
    call: str
    given: Any


class _Running(Protocol):
    steps: int
    now_ms: int
    current: Any


class History:
    """The entries of one schedule as plain tuples: making named ones costs a tenth of a run."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: list[tuple[int, int, str, str, str, Any]] = []

    def note(self, running: _Running, what: str, call: str, given: object = None) -> None:
        """Add an entry of the running actor."""
        self.rows.append((running.steps, running.now_ms, running.current.name, what, call, given))

    def entries(self) -> Iterable[Entry]:
        """Return the entries with their names."""
        return map(Entry._make, self.rows)

    def text(self, about: str = "", *, limit: int = 400) -> str:
        """Print the last entries, of a subject or campaign alone where one is given; faults always."""
        lines = [_line(entry) for entry in self.entries()]
        told = [line for line in lines if not about or about in line or f" {FAULT} " in line or f" {KILLED} " in line]
        return "\n".join(told[-limit:])


def _line(entry: Entry) -> str:
    at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).strftime("%d %H:%M:%S.%f")[:-3]
    given = "" if entry.given is None else f" {entry.given!r}"
    return f"{entry.step:5d} {at} {entry.actor:18s} {entry.what} {entry.call}{given}"[:400]
