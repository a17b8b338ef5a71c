"""`ingest_shard`: how many records a second one shard's handler folds, where every table call takes 5 ms."""

import base64
import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.dynamo_profiles import DynamoProfileStore
from addressee.adapters.firehose import FirehoseLake
from addressee.adapters.quarantine import QuarantineBucket
from addressee.adapters.secrets import Secret
from addressee.events.event import Event, Line
from addressee.events.write import stream_record
from addressee.profiles.update import Ports
from benchmarks.rows import row
from benchmarks.slow_services import DELAY_SECONDS, SlowBucket, SlowDeliveryStream, SlowTable, StillSecret
from functions.update_profiles.handler import CALLS_AT_ONCE, Wiring, handle

COMMAND = "make bench-ingest"
RECORDS = 500
USERS = 300
BATCHES = 12
WARM_UP = 2
NOW_MS = 1_790_000_000_000
FIRST_SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
TARGET_PER_SECOND = 1_000


def ingest_shard() -> list[dict[str, Any]]:
    """Give the real handler batches of 500 records of 300 users; the peer is AWS's limit for a shard's writers."""
    table = SlowTable()
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        wiring = _wiring(table, pool)
        rates = [_per_second(batch, wiring) for batch in _batches(Random(1))]  # noqa: S311  # seeded
    if table.versions() != BATCHES * USERS:
        raise AssertionError(f"{table.versions()} states were written instead of {BATCHES * USERS}")
    measured = rates[WARM_UP:]
    return [
        row(
            "ingest_shard",
            f"folded, {DELAY_SECONDS * 1000:g} ms a table call, {round(table.calls / BATCHES)} calls a batch",
            "records/s",
            measured,
            peer="what one Kinesis shard takes",
            peer_value=TARGET_PER_SECOND,
            ratio=median(measured) / TARGET_PER_SECOND,
            command=COMMAND,
        )
    ]


def _wiring(table: SlowTable, pool: ThreadPoolExecutor) -> Wiring:
    ports = Ports(
        store=DynamoProfileStore("profiles", pool, table),
        lake=FirehoseLake("lake", SlowDeliveryStream()),
        quarantine=QuarantineBucket("quarantine", SlowBucket()),
        people=DynamoPersonStore("profiles", table),
        pool=pool,
    )
    return Wiring(ports, Secret("subject", secrets=StillSecret()))


def _per_second(batch: Mapping[str, Any], wiring: Wiring) -> float:
    with contextlib.redirect_stdout(io.StringIO()) as log:
        begin = perf_counter()
        handle(batch, None, wiring)
        elapsed = perf_counter() - begin
    folded = json.loads(log.getvalue())["folded"]
    if folded != RECORDS:
        raise AssertionError(f"{folded} of {RECORDS} records were folded")
    return RECORDS / elapsed


def _batches(rng: Random) -> Iterator[dict[str, Any]]:
    """Every batch has `RECORDS` records of the same `USERS` users: an order each, and views."""
    for number in range(BATCHES):
        users = [*range(USERS), *(rng.randrange(USERS) for _ in range(RECORDS - USERS))]
        rng.shuffle(users)
        events = [_event(rng, user, number * RECORDS + place) for place, user in enumerate(users)]
        yield {"Records": [_record(event, number * RECORDS + place) for place, event in enumerate(events)]}


def _event(rng: Random, user: int, number: int) -> Event:
    bought = bool(rng.getrandbits(1))
    lines = [
        Line(f"item-{rng.randrange(5000)}", f"category-{rng.randrange(60)}", 1, 199) for _ in range(5 if bought else 1)
    ]
    return Event(
        message_id=f"message-{number}",
        kind="track",
        name="Order Completed" if bought else "Product Viewed",
        user_id=f"user-{user}",
        anonymous_id="",
        event_time_ms=NOW_MS - rng.randrange(86_400_000),
        received_at_ms=NOW_MS,
        order_id=f"order-{number}" if bought else "",
        amount_minor_units=199 * len(lines),
        currency="EUR",
        lines=tuple(lines),
        device="desktop",
        locale="de-AT",
        time_zone="Europe/Vienna",
    )


def _record(event: Event, number: int) -> dict[str, Any]:
    data = base64.b64encode(stream_record(event)).decode()
    kinesis = {"partitionKey": event.partition_key, "sequenceNumber": str(FIRST_SEQUENCE + 16 * number), "data": data}
    return {"kinesis": {**kinesis, "approximateArrivalTimestamp": NOW_MS / 1000}}
