"""The scheduler: every actor is a greenlet, one seed decides who goes on, what time it is and when something is slow.

Nothing runs at the same time: an actor runs from one port call to the next, then somebody, perhaps itself, goes on. So
a history is a sequence, and the same seed gives the same one.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it ships no types

from tests.simulation.history import ENDED, FAILED, KILLED, STARTED, History

STEP_MS = 40


class Crashed(BaseException):
    """The process was killed here: no handler of the code under test may catch it."""


class Actor:
    """A thread of an invocation, on a machine whose clock is `skew_ms` ahead; those of its `process` die together."""

    __slots__ = ("dead", "done", "greenlet", "name", "process", "skew_ms", "slow")

    def __init__(self, name: str, skew_ms: int) -> None:
        """Name it; it does not run yet."""
        self.name, self.skew_ms = name, skew_ms
        self.dead = self.done = self.slow = False
        self.greenlet: Any = None
        self.process: list[Actor] = [self]

    def kill(self) -> None:
        """Kill the process: none of its threads does anything more."""
        for each in self.process:
            each.dead = True


class Scheduler:
    """Runs actors and timers. `now_ms` is the true time; `sticky` is how likely an actor goes on by itself."""

    def __init__(self, rng: Random, history: History, *, now_ms: int, sticky: float = 0.0) -> None:
        """Begin with nobody."""
        self.rng, self.random, self.sticky = rng, rng.random, sticky
        self.history, self.now_ms, self.steps = history, now_ms, 0
        self._hub = getcurrent()
        self._world = self.current = Actor("world", 0)
        self._ready: list[Actor] = []
        self._timers: list[tuple[int, int, Callable[[], None]]] = []
        self._due_ms = 2**62
        self._count = 0

    def after(self, delay_ms: int, call: Callable[[], None]) -> None:
        """Call something, outside of every actor, in `delay_ms`."""
        self._count += 1
        heappush(self._timers, (self.now_ms + delay_ms, self._count, call))
        self._due_ms = self._timers[0][0]

    def start(self, name: str, body: Callable[[], object], *, skew_ms: int = 0, ended: Callable[[], None]) -> Actor:
        """Make an actor ready to run `body`; `ended` is called when it is over, however it ended."""
        actor = Actor(name, skew_ms)

        def run() -> None:
            self.history.note(self, STARTED, name)
            try:
                body()
            except Crashed:
                self.history.note(self, KILLED, name)
            except Exception as error:  # noqa: BLE001  # Lambda takes whatever a function raises as its failure
                self.history.note(self, FAILED, name, error)
            else:
                actor.done = True
                self.history.note(self, ENDED, name)
            self._ready.remove(actor)
            ended()

        actor.greenlet = greenlet(run, self._hub)
        self._ready.append(actor)
        return actor

    def clock(self) -> int:
        """Tell the running actor the time, as its machine has it."""
        return self.now_ms + self.current.skew_ms

    def pause(self) -> None:
        """Give control back: somebody else may go on first. Raises `Crashed` in an actor that is dead."""
        me, random = self.current, self.random
        self.steps += 1
        self.now_ms += int(random() * STEP_MS)
        if self.now_ms >= self._due_ms or me.slow:
            self._hub.switch()
        elif len(self._ready) > 1 and random() >= self.sticky:
            other = self._ready[int(random() * len(self._ready))]
            if other is not me:
                self.current = other
                other.greenlet.switch()
        if me.dead:
            raise Crashed

    def sleep(self, delay_ms: int) -> None:
        """Let the running actor stand still for `delay_ms`; everything else goes on."""
        me = self.current
        self._ready.remove(me)
        me.slow = True

        def wake() -> None:
            me.slow = False
            self._ready.append(me)

        self.after(delay_ms, wake)
        self.pause()

    def run(self) -> None:
        """Run until nobody is ready and no timer is left."""
        while True:
            while self._due_ms <= self.now_ms:
                self._fire()
            if self._ready:
                self.current = self._ready[int(self.random() * len(self._ready))]
                self.current.greenlet.switch()
            elif self._timers:
                self.now_ms = max(self.now_ms, self._due_ms)
            else:
                self.current = self._world
                return

    def _fire(self) -> None:
        self.current = self._world
        _, _, call = heappop(self._timers)
        self._due_ms = self._timers[0][0] if self._timers else 2**62
        call()
