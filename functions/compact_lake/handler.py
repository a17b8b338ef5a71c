"""Raw lake rows -> one sorted, deduplicated Parquet file a day. Answers how far the lake reaches."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from addressee.adapters.lake_files import LakeFiles, RawObject
from addressee.adapters.log import log_metrics
from addressee.profiles.compact import Compaction
from addressee.settings import read_settings

FUNCTION = "compact_lake"
CALLS_AT_ONCE = 8
MAX_PASS_BYTES = 250_000_000
"""Plain bytes that one pass takes, on disk and in DuckDB; every pass writes each day that it touches."""


@dataclass(frozen=True)
class Settings:
    """The environment of this function."""

    lake_bucket: str


@dataclass(frozen=True)
class Wiring:
    """What the handler works with; `now` is the clock."""

    lake: LakeFiles
    now: Callable[[], datetime]


@cache
def wiring() -> Wiring:
    """Build the adapters once per process."""
    settings = read_settings(Settings, os.environ)
    lake = LakeFiles(settings.lake_bucket, ThreadPoolExecutor(CALLS_AT_ONCE))
    return Wiring(lake, lambda: datetime.now(UTC))


def handle(_event: object, _context: object, wired: Wiring | None = None) -> dict[str, Any]:
    """Compact what waits; answer `{dates, rows, malformed, through}`, `through` the last complete UTC day (or null)."""
    wired = wired or wiring()
    today = wired.now().date().isoformat()
    written: dict[str, int] = {}
    malformed = 0
    for objects in passes(wired.lake.raw()):
        with TemporaryDirectory() as folder:
            days, broken = compact(wired.lake, objects, Path(folder), today=today)
        written |= days
        malformed += broken
    counts = {"dates": len(written), "rows": sum(written.values()), "malformed": malformed}
    log_metrics("compacted", counts, function=FUNCTION)
    return {**counts, "through": max((day for day in wired.lake.days() if day < today), default=None)}


def passes(objects: Sequence[RawObject]) -> Iterator[list[RawObject]]:
    """Cut the waiting objects into passes of about `MAX_PASS_BYTES`, or one larger object."""
    taken: list[RawObject] = []
    size = 0
    for each in objects:
        if taken and size + each.plain_size > MAX_PASS_BYTES:
            yield taken
            taken, size = [], 0
        taken.append(each)
        size += each.plain_size
    if taken:
        yield taken


def compact(
    lake: LakeFiles, objects: Sequence[RawObject], folder: Path, *, today: str
) -> tuple[Mapping[str, int], int]:
    """Compact one pass; return the rows of each day written and the number of malformed lines.

    Raw objects are deleted last, and only those that were read: a crash repeats the pass, to the same bytes. A day's
    file is replaced only if it still is the one read, so two runs at once cannot lose each other's rows.
    """
    raw, unreadable = lake.fetch_raw(objects, folder)
    compaction = Compaction(folder)
    earlier = lake.fetch_days(compaction.stage(raw), folder)
    days = compaction.write({day: file.path for day, file in earlier.items() if file.etag})
    malformed = list(chain(unreadable, (line.encode() for line in compaction.malformed())))
    compaction.close()
    lake.keep_malformed(malformed, day=today)
    lake.replace_days([(day, file.path, earlier[day]) for day, file in days.items()])
    lake.remove_raw(objects)
    return {day: file.rows for day, file in days.items()}, len(malformed)
