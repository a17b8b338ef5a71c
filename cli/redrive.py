"""Records put on the stream anew: from quarantine, and from batches that expired before they could be folded."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from addressee.adapters.kinesis import KinesisStream
from addressee.adapters.quarantine import QuarantineBucket
from addressee.adapters.s3 import S3Bucket
from addressee.events.event import Refusal
from addressee.events.read import read_message
from addressee.events.write import stream_record

RECORDS = "records/"
FAILED_BATCHES = "aws/lambda/"
"""Where Lambda's S3 on-failure destination puts its objects; the prefix is not ours to choose."""
PREFIXES = (RECORDS, FAILED_BATCHES)
SOURCE = "redrive"


@dataclass(frozen=True, slots=True)
class Ready:
    """A record that can be put on the stream: the normalised message, with its own `messageId` and `receivedAt`."""

    partition_key: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Left:
    """A record that would be refused again, and why: it stays in quarantine."""

    original: bytes
    at_ms: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a redrive did: objects looked at, records put, records left, by reason.

    `uncertain` of those put came from batches that had been given to the function, maybe in part folded.
    """

    objects: int
    put: int
    left: dict[str, int]
    uncertain: int = 0


class StreamRefused(Exception):
    """The stream did not take all records; the object stays and can be redriven again."""


def plan_record(body: bytes) -> list[Ready | Left]:
    """Plan one quarantine object: JSON with the original in base64 and the time when it was received."""
    kept = json.loads(body)
    return [_plan(base64.b64decode(kept["original"]), int(kept["at_ms"]))]


def plan_batch(body: bytes) -> list[Ready | Left]:
    """Plan one object of the on-failure destination: its `payload` is the whole event that the function was given."""
    payload = json.loads(body)["payload"]
    event = json.loads(payload) if isinstance(payload, str) else payload
    records = (each["kinesis"] for each in event["Records"])
    return [_plan(_data(each["data"]), round(each["approximateArrivalTimestamp"] * 1000)) for each in records]


def _data(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()


def _plan(original: bytes, at_ms: int) -> Ready | Left:
    """Read the record as the function would. It keeps the time when it first came, and goes by its own id."""
    event = read_message(original, received_at_ms=at_ms)
    if isinstance(event, Refusal):
        return Left(original, at_ms, event.field, event.reason)
    return Ready(event.partition_key, stream_record(event))


def redrive(
    bucket: S3Bucket, quarantine: QuarantineBucket, stream: KinesisStream, *, prefixes: Iterable[str] = PREFIXES
) -> Redriven:
    """Put on the stream what the quarantine bucket holds below `prefixes`, then delete what was put.

    What would be refused again is left in quarantine; from a batch it goes there. A record that was folded before
    counts once, as long as it is among the last 128 messages of its person: docs/exactly-once.md, Redrive, says why
    no more can be known. Raises `StreamRefused`.
    """
    objects = put = uncertain = 0
    left: Counter[str] = Counter()
    for key in _keys(bucket, prefixes):
        stored = bucket.get(key)
        if stored is None:
            continue
        is_record = key.startswith(RECORDS)
        outcomes = plan_record(stored.body) if is_record else plan_batch(stored.body)
        done = _put(outcomes, stream, key)
        put += done
        uncertain += 0 if is_record else done
        refused = [each for each in outcomes if isinstance(each, Left)]
        for each in refused if not is_record else ():
            quarantine.put(each.reason, each.original, field=each.field, at_ms=each.at_ms, source=SOURCE)
        if not (is_record and refused):
            bucket.delete(key)
        left.update(each.reason for each in refused)
        objects += 1
    return Redriven(objects, put, dict(left), uncertain)


def _put(outcomes: Iterable[Ready | Left], stream: KinesisStream, key: str) -> int:
    ready = [(each.partition_key, each.data) for each in outcomes if isinstance(each, Ready)]
    if failed := stream.put(ready):
        raise StreamRefused(f"{len(failed)} of {len(ready)} records of {key}")
    return len(ready)


def _keys(bucket: S3Bucket, prefixes: Iterable[str]) -> Iterator[str]:
    for prefix in prefixes:
        yield from [key for key, _, _ in bucket.keys(prefix)]
