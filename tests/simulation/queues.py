"""SQS and its event source: messages come twice, late or out of order; a crashed worker's come back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from tests.simulation.faults import Gate
from tests.simulation.scheduler import Actor, Scheduler

Handle = Callable[[Any], bool]
"""Takes the body of a message; says whether it is done, or has to come again."""


@dataclass(slots=True, eq=False)
class Message:
    """One message; `receives` counts how often it was handed out, `receipt` names the last time."""

    body: Any
    receives: int = 0
    receipt: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue behaves. `workers` is the event source's concurrency, times are milliseconds."""

    workers: int
    batch: int
    visibility_ms: int
    max_receives: int
    copies: float = 0.02
    undeleted: float = 0.02


@dataclass(slots=True)
class Queue:
    """A queue and the function behind it. `skews` are the clocks of its workers' machines, `dead` the dead letters."""

    name: str
    scheduler: Scheduler
    gate: Gate
    handle: Handle
    rules: QueueRules
    skews: Sequence[int]
    visible: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    open: int = 0
    _free: list[int] = field(default_factory=list)
    _invocations: int = 0

    def __post_init__(self) -> None:
        """Make every worker free."""
        self._free = list(range(self.rules.workers))

    @property
    def _rng(self) -> Random:
        return self.scheduler.rng

    def put(self, body: Any, *, delay_ms: int = 0) -> None:
        """Take a message; now and then it is delivered twice."""
        self._arrive(body, delay_ms)
        if self.scheduler.random() < self.rules.copies:
            self.gate.count("message delivered twice", self.name)
            self._arrive(body, delay_ms + int(self.scheduler.random() ** 3 * 600_000))

    def waiting(self) -> int:
        """Count the messages that are not deleted and not dead."""
        return self.open

    def _arrive(self, body: Any, delay_ms: int) -> None:
        message = Message(body)
        self.open += 1
        if delay_ms:
            self.scheduler.after(delay_ms, lambda: self._show(message))
        else:
            self._show(message)

    def _show(self, message: Message) -> None:
        if message.gone:
            return
        if message.receives >= self.rules.max_receives:
            message.gone = True
            self.open -= 1
            self.dead.append(message)
            return
        self.visible.append(message)
        self.pump()

    def pump(self) -> None:
        """Start invocations as long as there are messages and free workers; which messages, nobody knows."""
        while self.visible and self._free:
            worker = self._free.pop(int(self.scheduler.random() * len(self._free)))
            size = min(len(self.visible), 1 + int(self.scheduler.random() * self.rules.batch))
            batch = [self.visible.pop(int(self.scheduler.random() * len(self.visible))) for _ in range(size)]
            self._invoke(worker, batch)

    def _invoke(self, worker: int, batch: list[Message]) -> None:
        """Run an invocation: a thread for each message, as the handlers do; a crash kills all of them."""
        self._invocations += 1
        receipt = self._invocations
        done: list[Message] = []
        threads: list[Actor] = []

        def ended() -> None:
            left[0] -= 1
            if not left[0]:
                crashed = any(thread.dead for thread in threads)
                self._free.append(worker)
                self._delete([] if crashed else done)
                self.pump()

        left = [len(batch)]
        skew_ms = self.skews[worker % len(self.skews)]
        for place, message in enumerate(batch):
            message.receives += 1
            message.receipt = receipt
            name = f"{self.name}-{worker + 1}#{receipt}.{place}"
            thread = self.scheduler.start(name, partial(self._work, message, done), skew_ms=skew_ms, ended=ended)
            thread.process = threads
            threads.append(thread)
        self.scheduler.after(self.rules.visibility_ms, lambda: self._return(batch, receipt))

    def _work(self, message: Message, done: list[Message]) -> None:
        if self.handle(message.body):
            done.append(message)

    def _delete(self, batch: Sequence[Message]) -> None:
        if batch and self.scheduler.random() < self.rules.undeleted:
            self.gate.count("messages not deleted", self.name)
            return
        for message in batch:
            if not message.gone:
                message.gone = True
                self.open -= 1
                if message in self.visible:
                    self.visible.remove(message)

    def _return(self, batch: Sequence[Message], receipt: int) -> None:
        """Show what was not deleted within the visibility timeout, whether or not somebody still works on it."""
        for message in batch:
            if not message.gone and message.receipt == receipt:
                self._show(message)
