"""Every `Lake` keeps all rows that it was handed, each as one line of JSON."""

import gzip
import json

import pytest

from addressee.adapters.firehose import FirehoseLake, LakeStreamBusy, packed
from addressee.adapters.s3_lake import S3Lake
from tests.fakes.firehose import InMemoryFirehose
from tests.fakes.profiles import InMemoryLake
from tests.fakes.s3 import InMemoryS3

MIDNIGHT_MS = 1_700_006_400_000
"""2023-11-15 00:00 UTC."""


def row(number, **fields):
    """Build as much of a row as a lake looks at."""
    return {"message_id": f"m{number}", "received_at_ms": MIDNIGHT_MS + number, "name": "Käse\n\u2028", **fields}


class LakeContract:
    """What each lake must do; `read` returns the rows that arrived."""

    def test_rows_arrive_as_they_were(self, lake):
        """Keep order and content, across calls."""
        rows = [row(number) for number in range(1200)]
        lake.append(rows[:700])
        lake.append(rows[700:])
        assert sorted(self.read(lake), key=lambda each: int(each["message_id"][1:])) == rows

    def test_no_rows_are_no_trouble(self, lake):
        """Write nothing."""
        lake.append([])
        assert self.read(lake) == []

    def test_large_rows_arrive(self, lake):
        """Stay within the limits of whatever is behind."""
        rows = [row(number, lines="x" * 240_000) for number in range(30)]
        lake.append(rows)
        assert len(self.read(lake)) == 30


class TestInMemoryLake(LakeContract):
    """The fake."""

    @pytest.fixture
    def lake(self):
        """Begin empty."""
        return InMemoryLake()

    def read(self, lake):
        """Look at the rows."""
        return list(lake.rows)


class TestFirehoseLake(LakeContract):
    """The delivery stream, which now and then refuses records."""

    @pytest.fixture
    def lake(self):
        """Let the first call fail in part."""
        return FirehoseLake("lake", InMemoryFirehose([1, 2]), sleep=lambda _: None)

    def read(self, lake):
        """Read the lines of all records."""
        return [json.loads(line) for record in lake._firehose.records for line in record.decode().split("\n") if line]

    def test_few_large_records_are_cheaper_than_many_small_ones(self):
        """Pack a batch of 500 ordinary rows into one record."""
        firehose = InMemoryFirehose()
        FirehoseLake("lake", firehose).append([row(number) for number in range(500)])
        assert (firehose.calls, len(firehose.records)) == ([1], 1)

    def test_a_stream_that_stays_busy_raises(self):
        """Let the batch come again."""
        with pytest.raises(LakeStreamBusy, match="ServiceUnavailableException"):
            FirehoseLake("lake", InMemoryFirehose([1] * 9), sleep=lambda _: None).append([row(1)])

    def test_a_block_ends_before_it_grows_too_large(self):
        """Cut between rows."""
        line = len(next(packed([row(1)])))
        assert [block.count(b"\n") for block in packed([row(each) for each in range(5)], limit=2 * line)] == [2, 2, 1]


class TestS3Lake(LakeContract):
    """The bucket."""

    @pytest.fixture
    def lake(self):
        """Begin empty."""
        return S3Lake("lake", InMemoryS3())

    def read(self, lake):
        """Read the lines of all objects."""
        bodies = lake._bucket._s3.objects.values()
        return [json.loads(line) for body in bodies for line in gzip.decompress(body).decode().split("\n") if line]

    def test_the_same_rows_are_the_same_object(self, lake):
        """Repeat an append, below the newest row's date."""
        for _ in range(2):
            lake.append([row(-5), row(3)])
        ((_, key),) = lake._bucket._s3.objects
        assert key.startswith("raw/received_date=2023-11-15/import-")
        assert key.endswith(".jsonl.gz")
