"""The lake in DuckDB: the same rows, held in memory or read from the files."""

from datetime import date, timedelta

import pytest

from addressee.adapters.duckdb_lake import HELD_BYTES, lake_dates, open_lake
from addressee.adapters.s3 import S3Bucket
from tests.fakes.lake import order, put_compacted
from tests.fakes.s3 import InMemoryS3


@pytest.mark.parametrize(("held_bytes", "kind"), [(HELD_BYTES, "BASE TABLE"), (0, "VIEW")])
def test_a_large_lake_is_read_from_its_files(held_bytes, kind):
    """What would fill memory as a table is a view; both hold the same rows."""
    s3 = InMemoryS3()
    put_compacted(s3, "lake", [order("one", 20_000.5, "tea"), order("two", 20_001.5, "jam")])
    bucket = S3Bucket("lake", s3)
    dates = lake_dates(bucket)
    with open_lake(bucket, dates, held_bytes=held_bytes) as lake:
        assert lake.execute("SELECT subject FROM events ORDER BY subject").fetchall() == [("one",), ("two",)]
        assert lake.execute("SELECT table_type FROM information_schema.tables").fetchall() == [(kind,)]
    assert dates == [date(1970, 1, 1) + timedelta(days=day) for day in (20_000, 20_001)]
