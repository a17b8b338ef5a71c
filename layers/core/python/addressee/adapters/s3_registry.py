"""The model registry in S3: every version is kept, the pointer is replaced with a conditional write."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.models.bundle import META_FILE, Bundle
from addressee.models.registry import (
    POINTER_KEY,
    SERVING_FILES,
    Pointer,
    file_key,
    promoted,
    read_pointers,
    write_pointers,
)

ATTEMPTS = 8


class S3Registry:
    """The registry in one bucket."""

    def __init__(self, bucket: S3Bucket) -> None:
        """Wrap the models bucket."""
        self._bucket = bucket

    def pointers(self) -> dict[str, Pointer]:
        """Return what is served, by kind."""
        stored = self._bucket.get(POINTER_KEY)
        return read_pointers(stored.body if stored else None)

    def files(self, kind: str, version: str, names: Sequence[str] = SERVING_FILES) -> dict[str, bytes]:
        """Read files of a version; those that are not there are absent (`open_bundle` then says so)."""
        found = {name: self._bucket.get(file_key(kind, version, name)) for name in names}
        return {name: stored.body for name, stored in found.items() if stored is not None}

    def meta(self, kind: str, version: str) -> dict[str, Any]:
        """Read a version's `bundle.json`; empty where there is no such version."""
        body = self.files(kind, version, [META_FILE]).get(META_FILE)
        return dict(json.loads(body)) if body else {}

    def former(self, kind: str, *, since: str, until: str) -> list[dict[str, Any]]:
        """Read `bundle.json` of what was published of tables of the days `since` to `until` (ISO 8601), oldest first.

        Whatever was published was champion, save what came from older tables than the champion's.
        """
        below = file_key(kind, "", "").removesuffix("/")
        versions = sorted({key.removeprefix(below).partition("/")[0] for key, _, _ in self._bucket.keys(below)})
        wanted = [version for version in versions if since <= version[: len(since)] <= until]
        return [meta for version in wanted if (meta := self.meta(kind, version))]

    def publish(self, bundle: Bundle) -> Pointer:
        """Store the bundle's files, `bundle.json` last, then make it champion; repeating it changes nothing.

        Kinds are trained at the same time and share the pointer: whoever lost the race reads it again. Raises
        `PreconditionFailed` after `ATTEMPTS` lost races.
        """
        for name in sorted(bundle.files, key=lambda name: name == META_FILE):
            self._bucket.put(file_key(bundle.kind, bundle.version, name), bundle.files[name])
        for _ in range(ATTEMPTS - 1):
            with suppress(PreconditionFailed):
                return self._promote(bundle)
        return self._promote(bundle)

    def _promote(self, bundle: Bundle) -> Pointer:
        stored = self._bucket.get(POINTER_KEY)
        before = read_pointers(stored.body if stored else None)
        after = promoted(before, bundle)
        if after != before:
            self._bucket.put_if(POINTER_KEY, write_pointers(after), etag=stored.etag if stored else None)
        return after[bundle.kind]
