"""What the lake tells about a campaign's people: opens, clicks, orders of some days, compacted or not; segments."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from addressee.adapters.duckdb_lake import FETCHES, connect
from addressee.adapters.lake_files import RAW, LakeFiles
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.score_snapshots import PREFIX as SNAPSHOTS
from addressee.feedback.attribution import ORDER_NAMES, Engagement, Kind, OrderEvent
from addressee.profiles.compact import Compaction

KINDS: Mapping[str, Kind] = {"Email Opened": "open", "Email Link Clicked": "click", "Unsubscribed": "unsubscribe"}
ANOTHER_SENDER = "(another sender)"
"""The campaign of a click that names none: it takes an order all the same."""

_TOLD = """
CREATE TABLE told AS
SELECT message_id, subject, subject = anonymous_subject AS anonymous, name, order_id, event_time_ms,
    amount_minor_units, currency, split_part(send_id, '.', 1) AS sent_to, split_part(send_id, '.', 2) AS sent_by,
    campaign, label
FROM read_parquet($files, hive_partitioning = false, union_by_name = true)
WHERE kind = 'track' AND event_time_ms >= $since_ms AND list_contains($names, name)
QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY received_at_ms, event_time_ms, subject, name) = 1
"""
_ENGAGEMENTS = """
SELECT message_id, coalesce(nullif(sent_to, ''), subject) AS who,
    coalesce(nullif(campaign, ''), nullif(sent_by, ''), $other), name, label, event_time_ms
FROM told WHERE list_contains($names, name) AND who IN (SELECT subject FROM people)
"""
_ORDERS = """
SELECT message_id, subject, name, order_id, event_time_ms, amount_minor_units, currency
FROM told WHERE list_contains($names, name) AND (anonymous OR subject IN (SELECT subject FROM people))
"""


class LakeStory(NamedTuple):
    """Rows of the lake, each message once. Orders of anonymous subjects, whoever they are, are among `orders`."""

    engagements: list[Engagement]
    orders: list[OrderEvent]


class Segments(NamedTuple):
    """Segments by subject and kind, as a scoring run saw them at the end of the day `as_of`; empty: there was none."""

    as_of: str
    by_subject: dict[str, dict[str, str]]


class StoryLake:
    """Reads the lake bucket for reports, days at a time, into an in-memory DuckDB."""

    def __init__(self, bucket: str, s3: Any = None) -> None:  # noqa: ANN401
        """Wrap the lake bucket; `s3` is a botocore client, the process's own by default."""
        self._name, self._s3, self._bucket = bucket, s3, S3Bucket(bucket, s3)

    def read(self, subjects: Collection[str], *, since_ms: int, last_day: date) -> LakeStory:
        """Read what happened to `subjects` from `since_ms` on and was received until `last_day`.

        An event is never received before it happened, so older dates are not read. Raw objects are fetched before
        compacted files: what is compacted meanwhile is in both, and counts once.
        """
        first_day = datetime.fromtimestamp(since_ms / 1000, UTC).date()
        with TemporaryDirectory(prefix="story-") as folder, ThreadPoolExecutor(FETCHES) as pool:
            files = LakeFiles(self._name, pool, self._s3)
            paths = _raw_days(files, first_day, Path(folder))
            paths += _compacted_days(files, first_day, last_day, Path(folder))
            if not paths:
                return LakeStory([], [])
            with connect(Path(folder)) as lake:
                return _tell(lake, paths, subjects, since_ms)

    def segments(self, subjects: Collection[str], *, before: date) -> Segments:
        """Read the segments of the last scoring run as of a day before `before`."""
        keys = [key for key, _, _ in self._bucket.keys(SNAPSHOTS)]
        days = {key.removeprefix(SNAPSHOTS).partition("/")[0] for key in keys}
        as_of = max((day for day in days if day < before.isoformat()), default="")
        if not as_of:
            return Segments("", {})
        with TemporaryDirectory(prefix="segments-") as folder:
            parts = [key for key in keys if key.startswith(f"{SNAPSHOTS}{as_of}/")]
            paths = [self._fetch(key, Path(folder) / f"{number}.parquet") for number, key in enumerate(parts)]
            with connect(Path(folder)) as lake:
                _register(lake, subjects)
                rows = lake.execute(
                    "SELECT subject, segments FROM read_parquet($files) SEMI JOIN people USING (subject)",
                    {"files": paths},
                ).fetchall()
        return Segments(as_of, {subject: dict(segments or {}) for subject, segments in rows})

    def _fetch(self, key: str, path: Path) -> str:
        stored = self._bucket.get(key)
        if stored is not None:
            path.write_bytes(stored.body)
        return str(path)


def _raw_days(files: LakeFiles, first_day: date, folder: Path) -> list[str]:
    """Write what waits for compaction as local files; an object may lie one date before rows that it holds."""
    oldest = f"{RAW}received_date={(first_day - timedelta(1)).isoformat()}"
    objects = [each for each in files.raw() if each.key >= oldest]
    if not objects:
        return []
    raw = folder / "raw"
    raw.mkdir()
    paths, _ = files.fetch_raw(objects, raw)
    compaction = Compaction(raw)
    try:
        compaction.stage(paths)
        return [str(day.path) for day in compaction.write({}).values()]
    finally:
        compaction.close()


def _compacted_days(files: LakeFiles, first_day: date, last_day: date, folder: Path) -> list[str]:
    days = [day for day in files.days() if first_day.isoformat() <= day <= last_day.isoformat()]
    return [str(each.path) for each in files.fetch_days(days, folder).values() if each.etag is not None]


def _tell(lake: DuckDBPyConnection, paths: Sequence[str], subjects: Collection[str], since_ms: int) -> LakeStory:
    names = [*KINDS, *ORDER_NAMES]
    lake.execute(_TOLD, {"files": list(paths), "since_ms": since_ms, "names": names})
    _register(lake, subjects)
    engaged = lake.execute(_ENGAGEMENTS, {"names": list(KINDS), "other": ANOTHER_SENDER}).fetchall()
    ordered = lake.execute(_ORDERS, {"names": list(ORDER_NAMES)}).fetchall()
    engagements = [
        Engagement(message_id, who, campaign, KINDS[name], label or "unknown", at_ms)
        for message_id, who, campaign, name, label, at_ms in engaged
    ]
    return LakeStory(engagements, [OrderEvent(*row) for row in ordered])


def _register(lake: DuckDBPyConnection, subjects: Collection[str]) -> None:
    lake.execute("CREATE TABLE people AS SELECT unnest($subjects) AS subject", {"subjects": list(subjects)})
