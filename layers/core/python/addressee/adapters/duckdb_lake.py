"""The compacted lake in DuckDB: the days' Parquet objects, fetched to a temporary folder, as the view `events`."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from addressee.adapters.s3 import S3Bucket

EVENTS = "events/received_date="
FILE = "events.parquet"
MEMORY_MB = 1_600
THREADS = 2
FETCHES = 8
HELD_BYTES = 64_000_000
"""Days whose files are larger together are read from their files by each query: as a table they would fill memory."""

NO_EVENTS = """
CREATE TABLE events (message_id VARCHAR, subject VARCHAR, anonymous_subject VARCHAR, kind VARCHAR, name VARCHAR,
  event_time_ms BIGINT, received_at_ms BIGINT, order_id VARCHAR, amount_minor_units BIGINT, currency VARCHAR,
  lines STRUCT(item_id VARCHAR, category VARCHAR, quantity BIGINT, amount_minor_units BIGINT)[], send_id VARCHAR,
  campaign VARCHAR, label VARCHAR, device VARCHAR, locale VARCHAR, time_zone VARCHAR)
"""


def lake_dates(bucket: S3Bucket) -> list[date]:
    """Return the received dates that have been compacted, in order."""
    keys = (key.removeprefix(EVENTS) for key, _, _ in bucket.keys(EVENTS))
    return sorted(date.fromisoformat(key.partition("/")[0]) for key in keys if key.endswith(f"/{FILE}"))


@contextmanager
def open_lake(
    bucket: S3Bucket,
    dates: Sequence[date],
    *,
    memory_mb: int = MEMORY_MB,
    threads: int = THREADS,
    held_bytes: int = HELD_BYTES,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the events of `dates` as `events` in an in-memory DuckDB that downloads no extensions.

    Up to `held_bytes` of files become a table, more a view of the files. Beyond `memory_mb` DuckDB spills to the
    temporary folder, which is gone when the context ends.
    """
    with TemporaryDirectory(prefix="lake-") as folder:
        files = _fetch(bucket, dates, Path(folder))
        with connect(Path(folder), memory_mb=memory_mb, threads=threads) as lake:
            if files:
                events = lake.read_parquet([str(file) for file in files], hive_partitioning=False)
                held = sum(file.stat().st_size for file in files) <= held_bytes
                (events.create if held else events.create_view)("events")
            else:
                lake.execute(NO_EVENTS)
            yield lake


def connect(folder: Path, *, memory_mb: int = MEMORY_MB, threads: int = THREADS) -> duckdb.DuckDBPyConnection:
    """Open an empty in-memory DuckDB that spills to `folder`, never reaches for the network."""
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def _fetch(bucket: S3Bucket, dates: Sequence[date], folder: Path) -> list[Path]:
    def fetch(day: date) -> Path | None:
        stored = bucket.get(f"{EVENTS}{day.isoformat()}/{FILE}")
        if stored is None:
            return None
        file = folder / f"{day.isoformat()}.parquet"
        file.write_bytes(stored.body)
        return file

    with ThreadPoolExecutor(FETCHES) as pool:
        return [file for file in pool.map(fetch, dates) if file is not None]


def days_until(last: date, *, days: int) -> list[date]:
    """Return the `days` dates that end with `last`, in order."""
    return [last - timedelta(days=back) for back in reversed(range(days))]
