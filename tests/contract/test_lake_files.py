"""Compaction over the wire: conditional writes, deletions and listings of a real S3 interface."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from botocore.config import Config
from botocore.session import Session

from addressee.adapters.lake_files import DayFile, LakeFiles
from addressee.adapters.s3 import PreconditionFailed
from addressee.adapters.s3_lake import S3Lake
from functions.compact_lake.handler import Wiring, handle
from tests.fakes.lake import order
from tests.fakes.s3 import InMemoryS3
from twin.process import Twin

FIRST_DAY = 20_000
"""2024-10-04."""


class LakeFilesContract:
    """What the bucket and its fake must both do."""

    def test_rows_are_compacted_and_late_ones_join_them(self, s3, bucket):
        """Import, compact, import a late row, compact again; two runs at once cannot overwrite each other."""
        with ThreadPoolExecutor(4) as pool:
            files = LakeFiles(bucket, pool, s3)
            wiring = Wiring(files, lambda: datetime(2024, 10, 7, tzinfo=UTC))
            S3Lake(bucket, s3).append([order("a" * 32, FIRST_DAY + number, "tea") for number in range(3)])
            done = {"dates": 3, "rows": 3, "malformed": 0, "through": "2024-10-06"}
            assert handle({}, None, wiring) == done
            S3Lake(bucket, s3).append([order("b" * 32, FIRST_DAY, "tea")])
            assert handle({}, None, wiring) == {**done, "dates": 1, "rows": 2}
            assert files.raw() == []

    def test_a_day_that_moved_is_not_overwritten(self, s3, bucket, tmp_path):
        """Write conditionally on what was read: nothing, or this very file."""
        old, new = tmp_path / "old", tmp_path / "new"
        with ThreadPoolExecutor(4) as pool:
            files = LakeFiles(bucket, pool, s3)
            for number in range(2):
                read = files.fetch_days(["2024-10-04"], tmp_path)["2024-10-04"]
                new.write_bytes(b"%d" % number)
                files.replace_days([("2024-10-04", new, read)])
                old.write_bytes(b"what was read")
                for etag in (None, '"00000000000000000000000000000000"'):
                    with pytest.raises(PreconditionFailed):
                        files.replace_days([("2024-10-04", new, DayFile(old, etag))])
            assert files.days() == ["2024-10-04"]


class TestInMemoryS3(LakeFilesContract):
    """The fake."""

    @pytest.fixture
    def s3(self):
        """Begin empty."""
        return InMemoryS3()

    @pytest.fixture
    def bucket(self):
        """Name a bucket."""
        return "lake"


class TestS3(LakeFilesContract):
    """The emulator."""

    @pytest.fixture
    def s3(self, emulator: Twin):
        """Connect to the emulator."""
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(s3={"addressing_style": "path"})
        return Session().create_client(
            "s3", endpoint_url=emulator.endpoint, region_name="us-east-1", config=config, **credentials
        )

    @pytest.fixture
    def bucket(self, s3):
        """Make a bucket."""
        name = f"lake-{uuid4().hex}"
        s3.create_bucket(Bucket=name)
        return name
