"""A small lake in memory: events with as little said as a test needs, as rows, in DuckDB, or compacted in S3."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from addressee.adapters.duckdb_lake import NO_EVENTS
from addressee.events.event import Event, Line
from addressee.profiles.lake import lake_row, merge_row
from tests.fakes.s3 import InMemoryS3

DAY_MS = 86_400_000


def order(  # noqa: PLR0913  # each has a default
    subject: str,
    day: float,
    *items: str,
    received: float | None = None,
    message_id: str = "",
    label: str = "",
    anonymous: str = "",
) -> dict[str, Any]:
    """Build the row of an order on `day` (days since the epoch, with fraction), one unit of 100 minor units an item."""
    event = Event(
        message_id=message_id or f"{subject}-{day}",
        kind="track",
        name="Order Completed",
        user_id="-",
        anonymous_id="",
        event_time_ms=round(day * DAY_MS),
        received_at_ms=round((day if received is None else received) * DAY_MS),
        order_id=f"order-{subject}-{day}",
        amount_minor_units=100 * len(items),
        lines=tuple(Line(item, f"category of {item}", 1, 100) for item in items),
        label=label,
    )
    return lake_row(event, subject, anonymous)


def mail(  # noqa: PLR0913  # each has a default
    subject: str,
    campaign: str,
    day: float,
    name: str = "Email Sent",
    *,
    received: float | None = None,
    label: str = "",
    time_zone: str = "",
) -> dict[str, Any]:
    """Build the row of what became of a mail: sent, opened, clicked."""
    event = Event(
        message_id=f"{name}-{subject}-{campaign}-{day}",
        kind="track",
        name=name,
        user_id="-",
        anonymous_id="",
        event_time_ms=round(day * DAY_MS),
        received_at_ms=round((day if received is None else received) * DAY_MS),
        send_id=f"{subject}.{campaign}",
        campaign=campaign,
        label=label,
        time_zone=time_zone,
    )
    return lake_row(event, subject, "")


def link(anonymous: str, subject: str, day: float) -> dict[str, Any]:
    """Build the row that says: `anonymous` belongs to `subject` from `day` on."""
    return merge_row(subject, anonymous, round(day * DAY_MS))


def lake_of(rows: Iterable[Mapping[str, Any]], *, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB whose table `events` holds the rows, in their order."""
    lake = duckdb.connect(config={"threads": threads})
    lake.execute(NO_EVENTS)
    columns = {name: kind for name, kind, *_ in lake.execute("DESCRIBE events").fetchall()}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        if Path(file.name).stat().st_size:
            lake.read_json(file.name, columns=columns, format="newline_delimited").insert_into("events")
    return lake


def put_compacted(s3: InMemoryS3, bucket: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the rows as the compacted lake: one Parquet object for each received date."""
    by_date: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        day = datetime.fromtimestamp(row["received_at_ms"] / 1000, UTC).date().isoformat()
        by_date.setdefault(day, []).append(row)
    with tempfile.TemporaryDirectory() as folder:
        for day, its_rows in by_date.items():
            file = Path(folder) / "events.parquet"
            lake_of(its_rows).execute(
                f"COPY (FROM events ORDER BY subject, event_time_ms, message_id) TO '{file}' (FORMAT parquet)"
            )
            s3.objects[bucket, f"events/received_date={day}/events.parquet"] = file.read_bytes()
