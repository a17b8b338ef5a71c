"""Schedules of `update_profiles`: two shards, two owners of a batch at once, crashes, copies, batches cut anew."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from addressee.profiles.batch import Record
from addressee.profiles.people import PersonChange
from addressee.profiles.update import Ports, update_profiles
from tests.fakes.people import InMemoryPersonStore
from tests.fakes.profiles import InMemoryLake
from tests.shoppers import KEY, NOW_MS, Story, assert_same_world, fresh_ports, records_of, simulate
from tests.simulation.faults import Gate, Kind, Trouble
from tests.simulation.history import History
from tests.simulation.result import Result
from tests.simulation.scheduler import Scheduler

KINDS: Mapping[str, Mapping[str, Kind]] = {
    "store": {"read": "read", "write": "write", "merge": "write"},
    "lake": {"append": "write"},
    "quarantine": {"put": "write"},
    "people": {"carry_over": "write", "apply_many": "write"},
}
Update = Callable[[Sequence[Record], Ports], object]
"""What folds a batch; tests of the checker give one that is wrong."""


@dataclass(slots=True)
class Shard:
    """A shard's records and the event source that reads it: the next batch begins only when the last one is done."""

    name: str
    records: Sequence[Record]
    position: int = 0
    done: int = 0
    invocations: int = 0


class PartialLake(InMemoryLake):
    """A lake whose append now and then takes some of the rows and raises, as Firehose does."""

    def __init__(self, random: Callable[[], float]) -> None:
        """Begin empty."""
        super().__init__()
        self._random = random

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take all rows, or some and raise."""
        if rows and self._random() < FAILING:
            super().append(rows[: int(self._random() * len(rows))])
            raise Trouble("some rows were not taken")
        super().append(rows)


class PartialPeople(InMemoryPersonStore):
    """People whose many changes are several transactions: some may be done when one fails."""

    def __init__(self, random: Callable[[], float]) -> None:
        """Know nobody."""
        super().__init__()
        self._random = random

    def apply_many(self, changes: Sequence[PersonChange]) -> None:
        """Apply all changes, or some and raise."""
        if changes and self._random() < FAILING:
            super().apply_many(changes[: int(self._random() * len(changes))])
            raise Trouble("some people were not written")
        super().apply_many(changes)


FAILING = 0.03
BATCH = 8


def ours(records: Sequence[Record], ports: Ports) -> None:
    """Fold a batch with the product's use case."""
    update_profiles(records, ports, key=KEY)


def run_folding(seed: int, update: Update = ours) -> Result:
    """Tell a story of shoppers under faults, and compare what came of it with the story told tidily."""
    rng = Random(seed)
    story = simulate(rng, users=3, steps=30)
    records = records_of(story.messages)
    history = History()
    scheduler = Scheduler(rng, history, now_ms=NOW_MS, sticky=rng.choice((0.0, 0.5, 0.8)))
    gate = Gate(scheduler, calm=rng.choice((8.0, 20.0, 60.0)), most=60)
    ports = replace(fresh_ports(), lake=PartialLake(scheduler.random), people=PartialPeople(scheduler.random))
    gated = replace(ports, **{name: gate.port(name, getattr(ports, name), kinds) for name, kinds in KINDS.items()})
    for number, shard_records in enumerate(_shards(records)):
        source = EventSource(
            scheduler, gate, Shard(f"shard-{number}", shard_records), lambda batch: update(batch, gated)
        )
        source.next()
    scheduler.run()
    problems = _differences(ports, story, records)
    return Result(seed, gate.counts, history, problems, recipients=len(story.users), workers=4)


def _shards(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    visitors = [each for each in records if "browser" in each.partition_key]
    return visitors, [each for each in records if "browser" not in each.partition_key]


@dataclass(slots=True)
class EventSource:
    """Reads one shard: gives batches, failed ones again, some to a second owner, some long after they were done."""

    scheduler: Scheduler
    gate: Gate
    shard: Shard
    update: Callable[[Sequence[Record]], object]

    def next(self) -> None:
        """Start on the next batch, of any size."""
        shard, rng = self.shard, self.scheduler.rng
        batch = shard.records[shard.position : shard.position + rng.randint(1, BATCH)]
        shard.position += len(batch)
        if batch:
            self._own(batch, lambda: self._finished(batch))

    def _finished(self, batch: Sequence[Record]) -> None:
        shard, rng = self.shard, self.scheduler.rng
        shard.done += len(batch)
        if rng.random() < 0.15:
            first = rng.randrange(shard.done)
            copy = shard.records[first : rng.randint(first + 1, shard.done)]
            self.gate.count("done records given again", shard.name)
            self._invoke(copy, lambda _done: None)
        self.next()

    def _own(self, batch: Sequence[Record], finished: Callable[[], None]) -> None:
        """Give a batch to an owner, sometimes to two; the first who is done moves the shard on."""
        settled: list[bool] = []

        def over(*, done: bool) -> None:
            if settled:
                return
            if done:
                settled.append(True)
                finished()
            elif owners.pop() is None and not owners:
                self._again(batch, finished)

        owners: list[None] = [None]
        if self.scheduler.random() < 0.1:
            owners.append(None)
            self.gate.count("two owners of a batch", self.shard.name)
        for _ in tuple(owners):
            self._invoke(batch, lambda done: over(done=done))

    def _again(self, batch: Sequence[Record], finished: Callable[[], None]) -> None:
        """Give a failed batch again, whole or cut in two."""
        if len(batch) > 1 and self.scheduler.random() < 0.5:
            middle = len(batch) // 2
            self._own(batch[:middle], lambda: self._own(batch[middle:], finished))
        else:
            self._own(batch, finished)

    def _invoke(self, batch: Sequence[Record], over: Callable[[bool], None]) -> None:
        self.shard.invocations += 1
        name = f"update_profiles-{self.shard.name}#{self.shard.invocations}"
        actor = self.scheduler.start(name, lambda: self._body(batch), ended=lambda: over(actor.done))

    def _body(self, batch: Sequence[Record]) -> None:
        self.update(batch)


def _differences(ports: Ports, story: Story, records: Sequence[Record]) -> list[str]:
    expected = fresh_ports()
    for first in range(0, len(records), 25):
        update_profiles(records[first : first + 25], expected, key=KEY)
    try:
        assert_same_world(ports, expected, story)
    except (AssertionError, KeyError) as difference:
        return [f"the world differs from a tidy run's: {difference}"]
    return []
