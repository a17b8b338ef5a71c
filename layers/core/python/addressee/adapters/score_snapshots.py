"""`snapshots/scores/` in the lake: everybody's scores as of a day, as Parquet that Athena and notebooks read."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from addressee.adapters.duckdb_lake import connect
from addressee.adapters.s3 import S3Bucket
from addressee.models.score import ScoredPerson

PREFIX = "snapshots/scores/as_of="

_COLUMNS = {
    "subject": "VARCHAR",
    "segments": "MAP(VARCHAR, VARCHAR)",
    "scores": "MAP(VARCHAR, DOUBLE)",
    "candidates": "MAP(VARCHAR, STRUCT(item_id VARCHAR, score DOUBLE, support DOUBLE)[])",
    "versions": "MAP(VARCHAR, VARCHAR)",
}


def put_snapshot(lake: S3Bucket, as_of: str, part: int, people: Sequence[ScoredPerson]) -> str:
    """Write one part of the snapshot of `as_of`, replacing it; return its key. Nothing is written for nobody."""
    key = f"{PREFIX}{as_of}/part-{part:05d}.parquet"
    if people:
        lake.put(key, _parquet(people), content_type="application/vnd.apache.parquet")
    return key


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
