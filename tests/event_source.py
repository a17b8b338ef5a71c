"""AWS's Kinesis event source, played against a real handler: what the local emulator does not do.

Two shards and their children after a reshard, 56-digit sequence numbers, batches, a raised batch given again (bisected
or whole) until its records are too old, copies of batches that were done, and the on-failure destination.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from random import Random
from typing import Any

from tests.fakes.watched import Crash

MAX_AGE_MS = 23 * 3_600_000
FIRST_SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
HASHES = 2**128
Kinesis = dict[str, Any]


@dataclass(slots=True)
class Shard:
    """A range of hashed partition keys; it is read only when its parents have been read to their end."""

    name: str
    first: int
    last: int
    sequence: int
    parents: tuple["Shard", ...] = ()
    closed: bool = False
    records: list[Kinesis] = field(default_factory=list)
    waiting: list[list[Kinesis]] = field(default_factory=list)
    position: int = 0

    @property
    def drained(self) -> bool:
        """Whether everything was handled or has expired."""
        return self.position == len(self.records) and not self.waiting

    @property
    def readable(self) -> bool:
        """Whether there is work that may be done now."""
        return not self.drained and all(parent.drained for parent in self.parents)


class EventSource:
    """A stream and the event source mapping that reads it. `rng` decides sizes, copies and which shard comes next."""

    def __init__(self, handler: Callable[[dict[str, Any]], object], *, now_ms: int, rng: Random | None = None) -> None:
        """Open two shards; without `rng` there are no copies, and shards take turns."""
        self.handler, self.now_ms, self.rng = handler, now_ms, rng
        self.batch_size, self.bisect, self.replays = 100, True, 0.0
        self.failures: dict[str, bytes] = {}
        self.errors: list[BaseException] = []
        self.shards = [
            Shard("shardId-000000000000", 0, HASHES // 2 - 1, FIRST_SEQUENCE),
            Shard("shardId-000000000001", HASHES // 2, HASHES - 1, FIRST_SEQUENCE + 22_300_745_198_530_623_141_535),
        ]

    def put(self, partition_key: str, data: bytes) -> Kinesis:
        """Put a record on its shard, as the trigger's payload will show it."""
        place = int.from_bytes(md5(partition_key.encode(), usedforsecurity=False).digest(), "big")
        shard = next(each for each in self.shards if not each.closed and each.first <= place <= each.last)
        shard.sequence += self.rng.randrange(1, 10**9) if self.rng else 16
        record = {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": str(shard.sequence),
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": self.now_ms / 1000,
        }
        shard.records.append(record)
        return record

    def reshard(self) -> None:
        """Split every open shard in two; records of a key go on in a child, with greater sequence numbers."""
        for parent in [each for each in self.shards if not each.closed]:
            parent.closed = True
            middle = (parent.first + parent.last) // 2
            for first, last in ((parent.first, middle), (middle + 1, parent.last)):
                sequence = parent.sequence + 10**30 * (1 + len(self.shards))
                name = f"shardId-{len(self.shards):012d}"
                self.shards.append(Shard(name, first, last, sequence, (parent,)))

    def run(self) -> None:
        """Read until nothing is left; a handler that never succeeds loses its records to their age."""
        while ready := [each for each in self.shards if each.readable]:
            self.step(self.rng.choice(ready) if self.rng else ready[0])

    def step(self, shard: Shard) -> None:
        """Give one batch of a shard to the handler, and act on its outcome as AWS does."""
        batch = shard.waiting.pop(0) if shard.waiting else self._next(shard)
        batch = self._young(shard, batch)
        if not batch:
            return
        try:
            self.handler(payload(shard, batch))
        except (Exception, Crash) as error:  # noqa: BLE001  # AWS retries whatever a handler raises, and who died
            self.errors.append(error)
            self._again(shard, batch)
        else:
            self._replay(shard)

    def _next(self, shard: Shard) -> list[Kinesis]:
        size = self.rng.randint(1, self.batch_size) if self.rng else self.batch_size
        batch = shard.records[shard.position : shard.position + size]
        shard.position += len(batch)
        return batch

    def _young(self, shard: Shard, batch: list[Kinesis]) -> list[Kinesis]:
        """Send what is too old to the on-failure destination."""
        oldest = self.now_ms / 1000 - MAX_AGE_MS / 1000
        expired = [each for each in batch if each["approximateArrivalTimestamp"] < oldest]
        if expired:
            self.failures[f"aws/lambda/mapping/{shard.name}/2026/01/01/{len(self.failures)}"] = json.dumps(
                {
                    "requestContext": {"condition": "RecordAgeExceeded"},
                    "KinesisBatchInfo": {"shardId": shard.name, "batchSize": len(expired)},
                    "payload": json.dumps(payload(shard, expired)),
                }
            ).encode()
        return [each for each in batch if each not in expired]

    def _again(self, shard: Shard, batch: list[Kinesis]) -> None:
        if self.bisect and len(batch) > 1:
            middle = len(batch) // 2
            shard.waiting[:0] = [batch[:middle], batch[middle:]]
        else:
            shard.waiting.insert(0, batch)

    def _replay(self, shard: Shard) -> None:
        """Now and then give records again that were done: a copy of a batch, or one that overlaps two."""
        if not self.rng or self.rng.random() >= self.replays:
            return
        last = shard.position - sum(len(each) for each in shard.waiting)
        first = max(0, last - self.rng.randint(1, 2 * self.batch_size))
        copy = shard.records[first : self.rng.randint(first, last)]
        if copy:
            try:
                self.handler(payload(shard, copy))
            except (Exception, Crash) as error:  # noqa: BLE001  # the copy's owner gave up on it
                self.errors.append(error)


def payload(shard: Shard, batch: list[Kinesis]) -> dict[str, Any]:
    """Build what Lambda hands to the function."""
    return {
        "Records": [
            {
                "kinesis": record,
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard.name}:{record['sequenceNumber']}",
                "eventName": "aws:kinesis:record",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/events",
            }
            for record in batch
        ]
    }
