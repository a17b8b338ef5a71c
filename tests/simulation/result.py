"""What a schedule came to: its faults, its history, and every promise that was broken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.history import History


@dataclass(frozen=True, slots=True)
class Result:
    """`problems` are sentences; `failures` counts them by kind, `ended` rows by state."""

    seed: int
    faults: Counter[str]
    history: History
    problems: Sequence[str]
    failures: Mapping[str, int] = field(default_factory=dict)
    ended: Mapping[str, int] = field(default_factory=dict)
    recipients: int = 0
    workers: int = 0

    def text(self, about: str = "", *, lines: int = 400) -> str:
        """Print the end of the history and what is wrong, as a failing test shows it."""
        faults = ", ".join(f"{name} x {count}" for name, count in sorted(self.faults.items()))
        return "\n".join([self.history.text(about, limit=lines), f"seed {self.seed}: {faults}", *self.problems])
