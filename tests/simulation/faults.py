"""The gate that every port call passes: it gives control back before and after the effect, and injects the faults."""

from collections import Counter
from collections.abc import Callable, Mapping
from math import log
from typing import Any, Literal

from tests.simulation.history import ASKS, FAULT, GETS, RAISES
from tests.simulation.scheduler import Crashed, Scheduler

Kind = Literal["read", "write", "sql", "mail"]
CRASH_BEFORE, CRASH_AFTER = "crash before the effect", "crash after the effect"
LOST_ANSWER, REPEATED = "effect done, answer lost", "effect done twice by the SDK"
REFUSED, SLOW_BEFORE, SLOW_AFTER = "nothing done, error", "slow before the effect", "slow after the effect"
TIMED_OUT, THROTTLED, REJECTED = "not accepted, timed out", "throttled", "rejected"

FAULTS: Mapping[Kind, tuple[str, ...]] = {
    "read": (CRASH_BEFORE, CRASH_AFTER, REFUSED, REFUSED, SLOW_AFTER),
    "write": (
        CRASH_BEFORE,
        CRASH_AFTER,
        LOST_ANSWER,
        LOST_ANSWER,
        REPEATED,
        REPEATED,
        REFUSED,
        SLOW_BEFORE,
        SLOW_AFTER,
    ),
    "sql": (CRASH_BEFORE, CRASH_AFTER, LOST_ANSWER, REFUSED, SLOW_BEFORE, SLOW_AFTER),
    "mail": (CRASH_BEFORE, CRASH_AFTER, LOST_ANSWER, TIMED_OUT, SLOW_BEFORE, SLOW_AFTER),
}
"""What may happen to a call of each kind. A mail is not `REPEATED`: its SDK does not retry; nor is SQL."""
WEIGHTS: Mapping[Kind, int] = {"read": 1, "write": 2, "sql": 2, "mail": 10}
"""How much sooner a call of each kind meets a fault: there are few writes, and fewer mails."""
FIRST_FAULTS = 3
FIRST_WITHIN = 40
LONGEST_MS = 15 * 60_000
"""How long a call, or a frozen machine, may take: Lambda lets nothing run longer."""


class Trouble(Exception):
    """A service answered with an error that may pass, or not at all."""


class Gate:
    """Counts calls down to the next fault. `calm` is the mean weight of calls between two; `most` bounds them all."""

    def __init__(self, scheduler: Scheduler, *, calm: float, most: int) -> None:
        """Draw the first fault; the first three come early, so that every schedule has them."""
        self.scheduler, self.calm, self.most = scheduler, calm, most
        self.counts: Counter[str] = Counter()
        self.faults = 0
        self._left = 1 + int(scheduler.random() * FIRST_WITHIN)

    def port(self, name: str, target: object, kinds: Mapping[str, Kind]) -> Any:  # any port
        """Wrap the methods of a port; an attribute without a kind is not reached."""
        return Port({each: self.bind(f"{name}.{each}", getattr(target, each), kind) for each, kind in kinds.items()})

    def bind(self, label: str, effect: Callable[..., Any], kind: Kind) -> Callable[..., Any]:
        """Wrap one call."""
        scheduler, weight = self.scheduler, WEIGHTS[kind]
        pause, rows = scheduler.pause, scheduler.history.rows

        def call(*args: Any, **named: Any) -> Any:
            actor = scheduler.current
            if actor.dead:
                raise Crashed
            rows.append((scheduler.steps, scheduler.now_ms, actor.name, ASKS, label, (args, named) if named else args))
            pause()
            self._left -= weight
            try:
                if self._left <= 0 and self.faults < self.most:
                    answer = self._faulty(kind, lambda: effect(*args, **named), label)
                else:
                    answer = effect(*args, **named)
            except Exception as error:
                rows.append((scheduler.steps, scheduler.now_ms, actor.name, RAISES, label, error))
                pause()
                raise
            rows.append((scheduler.steps, scheduler.now_ms, actor.name, GETS, label, answer))
            pause()
            return answer

        return call

    def count(self, fault: str, label: str) -> None:
        """Note a fault."""
        self.counts[fault] += 1
        self.faults += 1
        self.scheduler.history.note(self.scheduler, FAULT, label, fault)

    def _faulty(self, kind: Kind, effect: Callable[[], Any], label: str) -> Any:
        self._draw()
        fault = self.scheduler.rng.choice(FAULTS[kind])
        self.count(fault, label)
        if fault in {REFUSED, TIMED_OUT}:
            raise Trouble(fault)
        if fault == CRASH_BEFORE:
            self.kill()
        if fault == SLOW_BEFORE:
            self.slow()
        answer = effect()
        if fault == REPEATED:
            self.scheduler.pause()
            answer = effect()
        if fault == CRASH_AFTER:
            self.kill()
        if fault == SLOW_AFTER:
            self.slow()
        if fault == LOST_ANSWER:
            raise Trouble(fault)
        return answer

    def kill(self) -> None:
        """Kill the process of the running actor."""
        self.scheduler.current.kill()
        raise Crashed

    def slow(self) -> None:
        """Let the running actor stand still, mostly for seconds, now and then for minutes."""
        random = self.scheduler.random
        self.scheduler.sleep(int(LONGEST_MS * random() ** 6))

    def _draw(self) -> None:
        random = self.scheduler.random
        if self.faults < FIRST_FAULTS:
            self._left = 1 + int(random() * FIRST_WITHIN)
        else:
            self._left = 1 + int(-self.calm * log(1.0 - random()))


class Port:
    """The wrapped methods of a port, as attributes."""

    def __init__(self, calls: Mapping[str, Callable[..., Any]]) -> None:
        """Take them."""
        self.__dict__.update(calls)
