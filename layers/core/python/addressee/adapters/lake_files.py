"""The lake bucket as compaction sees it: raw objects to local files, a day's file read and replaced."""

import gzip
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from addressee.adapters.s3 import S3Bucket
from addressee.profiles.compact import MAX_LINE_BYTES, SEPARATOR

RAW = "raw/"
EVENTS = "events/received_date="
MALFORMED = "malformed/"
GZIP = b"\x1f\x8b"
GZIP_RATIO = 10
"""What newline-delimited rows shrink by, roughly."""


@dataclass(frozen=True)
class RawObject:
    """A raw object and its size as stored, in bytes."""

    key: str
    size: int

    @property
    def plain_size(self) -> int:
        """About how many bytes it unpacks to."""
        return self.size * GZIP_RATIO if self.key.endswith(".gz") else self.size


@dataclass(frozen=True)
class DayFile:
    """A day's compacted file as it was read; `etag` None where there was none."""

    path: Path
    etag: str | None


class LakeFiles:
    """Raw objects in, day files out. `pool` runs the calls of many objects at once."""

    def __init__(self, bucket: str, pool: Executor, s3: Any = None) -> None:  # noqa: ANN401
        """Wrap the lake bucket; `s3` is a botocore client, the process's own by default."""
        self._bucket, self._pool = S3Bucket(bucket, s3), pool

    def raw(self) -> list[RawObject]:
        """List what waits to be compacted."""
        return [RawObject(key, size) for key, size, _ in self._bucket.keys(RAW)]

    def fetch_raw(self, objects: Sequence[RawObject], folder: Path) -> tuple[list[Path], list[bytes]]:
        """Download raw objects, gzip or not, as plain files; return them and the lines that no text reader takes."""
        fetched = self._pool.map(lambda each: self._fetch_raw(each.key, folder), objects)
        paths: list[Path] = []
        broken: list[bytes] = []
        for path, lines in fetched:
            paths.append(path)
            broken += lines
        return paths, broken

    def _fetch_raw(self, key: str, folder: Path) -> tuple[Path, list[bytes]]:
        stored = self._bucket.get(key)
        text, broken = readable(b"" if stored is None else stored.body)
        path = folder / f"{sha256(key.encode()).hexdigest()}.jsonl"
        path.write_bytes(text)
        return path, broken

    def fetch_days(self, days: Sequence[str], folder: Path) -> dict[str, DayFile]:
        """Download the compacted files of `days`; a day without one has an `etag` of None and no file."""
        return dict(zip(days, self._pool.map(lambda day: self._fetch_day(day, folder), days), strict=True))

    def _fetch_day(self, day: str, folder: Path) -> DayFile:
        path = folder / f"earlier-{day}.parquet"
        stored = self._bucket.get(day_key(day))
        if stored is None:
            return DayFile(path, None)
        path.write_bytes(stored.body)
        return DayFile(path, stored.etag)

    def replace_days(self, files: Sequence[tuple[str, Path, DayFile]]) -> None:
        """Write days anew as (day, new file, file as read). Raises `PreconditionFailed` where one moved meanwhile."""
        list(self._pool.map(lambda each: self._replace_day(*each), files))

    def _replace_day(self, day: str, new: Path, earlier: DayFile) -> None:
        body = new.read_bytes()
        if earlier.etag is None or earlier.path.read_bytes() != body:
            self._bucket.put_if(day_key(day), body, etag=earlier.etag, content_type="application/vnd.apache.parquet")

    def keep_malformed(self, lines: Iterable[bytes], *, day: str) -> None:
        """Set malformed lines aside, once: `malformed/<day>/<sha256>.txt`."""
        body = b"".join(line + b"\n" for line in lines)
        if body:
            self._bucket.put(f"{MALFORMED}{day}/{sha256(body).hexdigest()}.txt", body, content_type="text/plain")

    def remove_raw(self, objects: Sequence[RawObject]) -> None:
        """Delete raw objects whose rows are in their days' files now."""
        list(self._pool.map(lambda each: self._bucket.delete(each.key), objects))

    def days(self) -> list[str]:
        """List the days that have a compacted file, in order."""
        keys = (key for key, _, _ in self._bucket.keys(EVENTS))
        return sorted({key.removeprefix(EVENTS).partition("/")[0] for key in keys})


def day_key(day: str) -> str:
    """Return the key of a day's compacted file."""
    return f"{EVENTS}{day}/events.parquet"


def readable(body: bytes) -> tuple[bytes, list[bytes]]:
    """Unpack a raw object; split off lines that are not UTF-8, too long, or hold the separator. Ends with a newline."""
    try:
        plain = gzip.decompress(body) if body.startswith(GZIP) else body
    except (OSError, EOFError, zlib.error):
        return b"", [body]
    if _is_text(plain) and len(plain) <= MAX_LINE_BYTES:
        return plain + b"\n", []
    good: list[bytes] = []
    broken: list[bytes] = []
    for line in plain.split(b"\n"):
        (good if _is_text(line) and len(line) < MAX_LINE_BYTES else broken).append(line)
    return b"\n".join(good) + b"\n", broken


def _is_text(data: bytes) -> bool:
    try:
        return SEPARATOR not in data.decode() and "\0" not in data.decode()
    except UnicodeDecodeError:
        return False
