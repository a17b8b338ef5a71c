"""`addressee redrive`: quarantine and expired batches back on the stream."""

import base64
import json

import pytest

from addressee.adapters.kinesis import KinesisStream
from addressee.adapters.quarantine import QuarantineBucket, slug
from addressee.adapters.s3 import S3Bucket
from addressee.events.read import read_message
from cli.redrive import Left, Ready, Redriven, StreamRefused, plan_batch, plan_record, redrive
from tests.fakes.kinesis import InMemoryKinesis
from tests.fakes.s3 import InMemoryS3

AT_MS = 1_700_000_000_000
MESSAGE = b'{"type":"track","event":"Order Completed","userId":"u","anonymousId":"v"}'


class World:
    """A quarantine bucket and a stream in memory."""

    def __init__(self, **settings: object) -> None:
        """Begin empty."""
        self.s3, self.kinesis = InMemoryS3(), InMemoryKinesis(**settings)
        self.quarantine = QuarantineBucket("q", self.s3)

    def redrive(self) -> Redriven:
        """Redrive everything."""
        stream = KinesisStream("s", self.kinesis, pause=lambda _: None)
        return redrive(S3Bucket("q", self.s3), self.quarantine, stream)

    def kept(self) -> list[str]:
        """List what the bucket holds."""
        return sorted(key for _, key in self.s3.objects)


def batch(*originals: bytes) -> bytes:
    """Write an object of Lambda's on-failure destination."""
    kinesis = [
        {"data": base64.b64encode(each).decode(), "approximateArrivalTimestamp": AT_MS / 1000} for each in originals
    ]
    return json.dumps({"payload": json.dumps({"Records": [{"kinesis": each} for each in kinesis]})}).encode()


def test_a_record_that_reads_now_is_put_with_its_own_id_time_and_key():
    """A record quarantined for its partition key goes by the user id; its time and message id stay."""
    body = {"original": base64.b64encode(MESSAGE).decode(), "at_ms": AT_MS}
    (ready,) = plan_record(json.dumps(body).encode())
    assert isinstance(ready, Ready)
    assert ready.partition_key == "u"
    again = read_message(ready.data, received_at_ms=AT_MS + 999_999)
    assert again == read_message(MESSAGE, received_at_ms=AT_MS)


def test_a_batch_is_planned_record_by_record():
    """Its payload may be text or an object, its data broken."""
    text = json.loads(batch(MESSAGE, b"no"))
    assert [type(each) for each in plan_batch(json.dumps(text).encode())] == [Ready, Left]
    text["payload"] = json.loads(text["payload"])
    text["payload"]["Records"][0]["kinesis"]["data"] = "%"
    assert [type(each) for each in plan_batch(json.dumps(text).encode())] == [Left, Left]


def test_what_was_put_is_deleted_and_what_would_be_refused_again_stays():
    """Redrive one good record, one bad one, and a batch of both."""
    world = World()
    world.quarantine.put("is missing", MESSAGE, field="userId", at_ms=AT_MS, source="test")
    world.quarantine.put("is not valid: 'x'", b"bad", field="", at_ms=AT_MS, source="test")
    world.s3.objects["q", "aws/lambda/m/shardId-0/2026/01/01/x"] = batch(MESSAGE, b"worse")
    done = world.redrive()
    assert (done.objects, done.put, sum(done.left.values())) == (3, 2, 2)
    assert done.uncertain == 1, "the batch's: it may have been folded before it failed"
    assert [key for key, _ in world.kinesis.records] == ["u", "u"]
    assert all(key.startswith("records/is-not-valid") for key in world.kept())
    assert len(world.kept()) == 2
    assert world.redrive().put == 0


def test_an_object_stays_while_the_stream_refuses_it():
    """Raise, and try again later."""
    world = World(failures=[1] * 50)
    world.quarantine.put("is missing", MESSAGE, field="userId", at_ms=AT_MS, source="test")
    with pytest.raises(StreamRefused):
        world.redrive()
    assert len(world.kept()) == 1


@pytest.mark.parametrize(
    ("reason", "folder"),
    [
        ("is missing", "is-missing"),
        ("is longer than 256 bytes", "is-longer-than-bytes"),
        ("must be 'a' or \"b\", not 7", "must-be-or-not"),
        ("1234", "refused"),
        ("x" * 100, "x" * 60),
    ],
)
def test_a_reason_becomes_a_folder(reason, folder):
    """Few folders, whatever the numbers and values in a reason."""
    assert slug(reason) == folder


def test_the_same_record_is_one_object():
    """Quarantine twice."""
    world = World()
    for _ in range(2):
        world.quarantine.put("is missing", MESSAGE, field="userId", at_ms=AT_MS, source="test")
    (key,) = world.kept()
    assert key.startswith("records/is-missing/2023-11-14/")
    kept = json.loads(world.s3.objects["q", key])
    assert base64.b64decode(kept.pop("original")) == MESSAGE
    assert kept == {"reason": "is missing", "field": "userId", "source": "test", "at_ms": AT_MS}
