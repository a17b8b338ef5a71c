"""`snapshots/scores/` in the lake: everybody's scores as of a day, as Parquet that Athena and notebooks read."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from addressee.adapters.duckdb_lake import FETCHES, connect
from addressee.adapters.s3 import S3Bucket
from addressee.models.outcomes import K, Snapshot
from addressee.models.score import ScoredPerson

PREFIX = "snapshots/scores/as_of="
MOST_PARTS = 250

_COLUMNS = {
    "subject": "VARCHAR",
    "segments": "MAP(VARCHAR, VARCHAR)",
    "scores": "MAP(VARCHAR, DOUBLE)",
    "candidates": "MAP(VARCHAR, STRUCT(item_id VARCHAR, score DOUBLE, support DOUBLE)[])",
    "versions": "MAP(VARCHAR, VARCHAR)",
}

_SCORES = """
SELECT entry.key, subject, entry.value FROM (SELECT unnest(map_entries(scores)) AS entry, subject, versions FROM people)
JOIN served ON served.kind = entry.key AND served.version = versions[entry.key]
"""
_PRODUCTS = """
SELECT entry.key, subject, list_transform(entry.value[1:$k], lambda each: each.item_id)
FROM (SELECT unnest(map_entries(candidates)) AS entry, subject, versions FROM people)
JOIN served ON served.kind = entry.key AND served.version = versions[entry.key]
"""
_SERVED = """
CREATE TABLE served AS
SELECT DISTINCT ON (kind) kind, version FROM (
    SELECT entry.key AS kind, entry.value AS version, count(*) AS people
    FROM (SELECT unnest(map_entries(versions)) AS entry FROM people) GROUP BY ALL
) ORDER BY kind, people DESC, version
"""


def put_snapshot(lake: S3Bucket, as_of: str, part: int, people: Sequence[ScoredPerson]) -> str:
    """Write one part of the snapshot of `as_of`, replacing it; return its key. Nothing is written for nobody."""
    key = f"{PREFIX}{as_of}/part-{part:05d}.parquet"
    if people:
        lake.put(key, _parquet(people), content_type="application/vnd.apache.parquet")
    return key


def read_snapshot(lake: S3Bucket, as_of: str, *, most: int = MOST_PARTS) -> Snapshot:
    """Read what was said of people at the end of `as_of`; empty where nobody was scored on that day.

    Of each kind the version that spoke of most people is read, and what it said: while a canary ran, the champion.
    Of more parts than `most` the first ones: people stand in the order of a keyed hash, so they are a random sample.
    """
    day = (date.fromisoformat(as_of) - date(1970, 1, 1)).days
    keys = [key for key, _, _ in lake.keys(f"{PREFIX}{as_of}/")][:most]
    with TemporaryDirectory(prefix="scores-") as folder, ThreadPoolExecutor(FETCHES) as pool:
        paths = list(pool.map(lambda key: _fetched(lake, key, Path(folder)), keys))
        if not paths:
            return Snapshot(day)
        with connect(Path(folder)) as database:
            database.read_parquet(paths, hive_partitioning=False).create("people")
            database.execute(_SERVED)
            scores = database.execute(_SCORES).fetchall()
            products = database.execute(_PRODUCTS, {"k": K}).fetchall()
            versions = database.table("served").fetchall()
    return Snapshot(day, _by_kind(scores), _by_kind(products), dict(versions))


def _fetched(lake: S3Bucket, key: str, folder: Path) -> str:
    path = folder / key.rpartition("/")[2]
    stored = lake.get(key)
    if stored is not None:
        path.write_bytes(stored.body)
    return str(path)


def _by_kind(rows: Sequence[tuple[str, str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for kind, subject, value in rows:
        found.setdefault(kind, {})[subject] = value
    return found


def _parquet(people: Sequence[ScoredPerson]) -> bytes:
    with TemporaryDirectory(prefix="scores-") as folder:
        rows, file = Path(folder) / "scores.jsonl", Path(folder) / "scores.parquet"
        rows.write_text("".join(map(_line, people)), encoding="utf-8")
        with connect(Path(folder)) as database:
            columns = database.read_json(str(rows), columns=_COLUMNS, format="newline_delimited")
            columns.write_parquet(str(file), compression="zstd")
        return file.read_bytes()


def _line(person: ScoredPerson) -> str:
    candidates = {
        use: [dict(zip(("item_id", "score", "support"), row, strict=True)) for row in rows]
        for use, rows in person.body["candidates"].items()
    }
    kept = {name: person.body[name] for name in ("segments", "scores", "versions")}
    return json.dumps({"subject": person.subject, **kept, "candidates": candidates}, ensure_ascii=False) + "\n"
