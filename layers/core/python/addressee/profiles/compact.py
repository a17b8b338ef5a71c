"""Compaction of the lake: raw rows and a day's earlier file -> one sorted, deduplicated Parquet file per day.

Works on local files with DuckDB. The same rows give the same bytes, in whatever files and order they come.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection, connect

LINE = {"item_id": "VARCHAR", "category": "VARCHAR", "quantity": "BIGINT", "amount_minor_units": "BIGINT"}
COLUMNS: dict[str, Any] = {
    "message_id": "VARCHAR",
    "subject": "VARCHAR",
    "anonymous_subject": "VARCHAR",
    "kind": "VARCHAR",
    "name": "VARCHAR",
    "event_time_ms": "BIGINT",
    "received_at_ms": "BIGINT",
    "order_id": "VARCHAR",
    "amount_minor_units": "BIGINT",
    "currency": "VARCHAR",
    "lines": [LINE],
    "send_id": "VARCHAR",
    "campaign": "VARCHAR",
    "label": "VARCHAR",
    "device": "VARCHAR",
    "locale": "VARCHAR",
    "time_zone": "VARCHAR",
}
REQUIRED = ("message_id", "subject", "kind", "event_time_ms", "received_at_ms")
LAST_MS = 253_402_300_799_999
"""The end of the year 9999: a later time is no time."""
MAX_LINE_BYTES = 4_000_000
SEPARATOR = "\x01"
"""Raw lines are read as CSV of one column; valid JSON holds no such character."""

_DEFAULTS = {"VARCHAR": "''", "BIGINT": "0"}
_SELECTED = ", ".join(f"coalesce({name}, {_DEFAULTS.get(str(kind), '[]')}) AS {name}" for name, kind in COLUMNS.items())
_DAY = "strftime(make_timestamp(received_at_ms * 1000), '%Y-%m-%d')"
_IS_ROW = " AND ".join(
    [f"r.{name} IS NOT NULL" for name in REQUIRED]
    + [f"r.received_at_ms BETWEEN 0 AND {LAST_MS}", "r.message_id <> ''", "r.subject <> ''"]
)
_IDENTITY = "CASE WHEN kind = 'merge' THEN 'merge ' || anonymous_subject ELSE 'event ' || message_id END"
_FIRST_COPY = ", ".join(["received_at_ms", "event_time_ms", *(name for name in COLUMNS if not name.endswith("_ms"))])


@dataclass(frozen=True)
class Day:
    """One day's compacted file: where it lies and how many rows it holds."""

    path: Path
    rows: int


class Compaction:
    """One pass: stage raw files, learn which days they touch, write those days anew."""

    def __init__(self, folder: Path, *, memory_limit: str = "1500MB") -> None:
        """Work in `folder`, which also takes what does not fit in memory."""
        self._folder = folder
        self._duckdb: DuckDBPyConnection = connect(
            config={
                "memory_limit": memory_limit,
                "temp_directory": str(folder / "spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )

    def stage(self, raw: Sequence[Path]) -> list[str]:
        """Read newline-delimited raw files (plain, UTF-8); return the days (YYYY-MM-DD) of their rows, in order."""
        self._duckdb.execute(
            f"""CREATE OR REPLACE TEMP TABLE lines AS
            SELECT line, CASE WHEN json_valid(line) THEN json_transform(line::JSON, $shape) END AS r
            FROM read_csv($files, columns = {{'line': 'VARCHAR'}}, delim = $separator, quote = '', escape = '',
                          header = false, auto_detect = false, max_line_size = {MAX_LINE_BYTES})""",  # noqa: S608  # constants
            {"shape": json.dumps(COLUMNS), "files": [str(path) for path in raw], "separator": SEPARATOR},
        )
        self._duckdb.execute(
            f"""CREATE OR REPLACE TEMP TABLE staged AS
            SELECT {_SELECTED} FROM (SELECT r.* FROM lines WHERE {_IS_ROW})"""  # noqa: S608  # constants
        )
        days = self._duckdb.execute(f"SELECT DISTINCT {_DAY} AS day FROM staged ORDER BY day")  # noqa: S608  # constants
        return [day for (day,) in days.fetchall()]

    def malformed(self) -> list[str]:
        """Return the staged lines that are no rows: no JSON, or without what every row has."""
        is_none = f"NOT coalesce({_IS_ROW}, false) AND trim(line) <> ''"
        found = self._duckdb.execute(f"SELECT line FROM lines WHERE {is_none}")  # noqa: S608  # constants
        return [line for (line,) in found.fetchall()]

    def write(self, earlier: Mapping[str, Path]) -> dict[str, Day]:
        """Write every touched day; `earlier` holds the compacted files, by day, that exist already.

        Kept is one row per message id and one merge per anonymous subject, the first received of all that are here: a
        copy that was received on a day that is not touched now is not seen. A day that loses its last row so becomes
        an empty file.
        """
        if earlier:
            self._duckdb.execute(
                f"INSERT INTO staged BY NAME SELECT {_SELECTED} FROM read_parquet($files, union_by_name = true)",  # noqa: S608
                {"files": [str(path) for path in earlier.values()]},
            )
        self._duckdb.execute(
            f"""CREATE OR REPLACE TEMP TABLE kept AS SELECT *, {_DAY} AS day FROM staged
            QUALIFY row_number() OVER (PARTITION BY {_IDENTITY} ORDER BY {_FIRST_COPY}) = 1
            ORDER BY day, subject, event_time_ms, message_id"""  # noqa: S608  # constants
        )
        counted = self._duckdb.execute("SELECT day, count(*) FROM kept GROUP BY day").fetchall()
        rows = dict.fromkeys(earlier, 0) | dict(counted)
        return {day: Day(self._write_day(day), rows[day]) for day in sorted(rows)}

    def _write_day(self, day: str) -> Path:
        path = self._folder / f"{day}.parquet"
        self._duckdb.execute(
            f"""COPY (SELECT * EXCLUDE (day) FROM kept WHERE day = '{day}' ORDER BY subject, event_time_ms, message_id)
            TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""  # noqa: S608  # `day` was made by DuckDB, the path by us
        )
        return path

    def close(self) -> None:
        """Let go of the database."""
        self._duckdb.close()
