"""The Emails bucket below `campaigns/`: what the Distributed Map reads, and the lists of recipients."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.emails.plan import Chunk, Recipient

ROOT = "campaigns/"
SUFFIX = ".json.gz"


class S3Campaigns:
    """A `ChunkStore`, and the chunks' manifest; every object is written once."""

    def __init__(self, bucket: S3Bucket) -> None:
        """Wrap the Emails bucket."""
        self._bucket = bucket

    def put_manifest(self, campaign: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Write `chunks.json` unless there is one; return the one that stands: chunks never change their bounds."""
        return list(json.loads(self._put_once(_manifest_key(campaign), json.dumps(items).encode(), "application/json")))

    def manifest(self, campaign: str) -> list[dict[str, Any]]:
        """Read `chunks.json`; empty where there is none."""
        stored = self._bucket.get(_manifest_key(campaign))
        return list(json.loads(stored.body)) if stored else []

    def get(self, campaign: str, number: int) -> Chunk | None:
        """Read a chunk's list, or None."""
        stored = self._bucket.get(_key(campaign, number))
        return _read(stored.body) if stored else None

    def put_once(self, campaign: str, number: int, chunk: Chunk) -> Chunk:
        """Write a chunk's list unless there is one; return the one that stands."""
        return _read(self._put_once(_key(campaign, number), _write(chunk), "application/gzip"))

    def numbers(self, campaign: str) -> list[int]:
        """List the chunks that there are, in order."""
        below = f"{_folder(campaign)}recipients/"
        return [int(key.removeprefix(below).removesuffix(SUFFIX)) for key, _, _ in self._bucket.keys(below)]

    def recipients(self, campaign: str) -> Iterator[Recipient]:
        """Read everybody who has a row, or is to get one."""
        for number in self.numbers(campaign):
            if (chunk := self.get(campaign, number)) is not None:
                yield from chunk.recipients

    def _put_once(self, key: str, body: bytes, content_type: str) -> bytes:
        try:
            self._bucket.put_if(key, body, etag=None, content_type=content_type)
        except PreconditionFailed:
            stored = self._bucket.get(key)
            if stored is None:
                raise
            return stored.body
        return body


def _folder(campaign: str) -> str:
    return f"{ROOT}{campaign}/"


def _manifest_key(campaign: str) -> str:
    return f"{_folder(campaign)}chunks.json"


def _key(campaign: str, number: int) -> str:
    return f"{_folder(campaign)}recipients/{number:05d}{SUFFIX}"


def _write(chunk: Chunk) -> bytes:
    body = {"planned_at_ms": chunk.planned_at_ms, "recipients": chunk.recipients}
    return gzip.compress(json.dumps(body, separators=(",", ":")).encode(), mtime=0)


def _read(body: bytes) -> Chunk:
    stored = json.loads(gzip.decompress(body))
    return Chunk(stored["planned_at_ms"], [Recipient(*row) for row in stored["recipients"]])
