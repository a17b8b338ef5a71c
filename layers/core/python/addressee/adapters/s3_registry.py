"""The model registry in S3: every version is kept, the pointer is replaced with a conditional write."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.models.bundle import META_FILE, Bundle
from addressee.models.registry import (
    POINTER_KEY,
    SERVING_FILES,
    Pointer,
    Pointers,
    file_key,
    published,
    read_pointers,
    write_pointers,
)

ATTEMPTS = 8
PREFIX = "models/"
PARTS = 4
"""Of a bundle's key: models/<kind>/<version>/<file>."""
Transition = Callable[[Pointers], Mapping[str, Pointer]]


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
        return self.document(kind, version, META_FILE)

    def document(self, kind: str, version: str, name: str) -> dict[str, Any]:
        """Read a JSON file of a version; empty where it is not there."""
        body = self.files(kind, version, [name]).get(name)
        return dict(json.loads(body)) if body else {}

    def versions(self, kind: str = "") -> dict[tuple[str, str], float]:
        """Return (kind, version) -> when it was published (epoch seconds), of one kind or all; half-written: absent."""
        below = f"{PREFIX}{kind}/" if kind else PREFIX
        parted = ((key.split("/"), at) for key, _, at in self._bucket.keys(below))
        return {(parts[1], parts[2]): at for parts, at in parted if len(parts) == PARTS and parts[3] == META_FILE}

    def former(self, kind: str, *, since: str, until: str) -> list[dict[str, Any]]:
        """Read `bundle.json` of what passed the gate on tables of the days `since` to `until` (ISO 8601), oldest first.

        Versions that were withdrawn are left out: people answered what the test had promised.
        """
        pointer = self.pointers().get(kind, Pointer(""))
        days = [version for _, version in sorted(self.versions(kind)) if since <= version[: len(since)] <= until]
        wanted = [version for version in days if pointer.state(version) != "withdrawn"]
        return [meta for version in wanted if (meta := self.meta(kind, version))]

    def publish(self, bundle: Bundle, *, share: float = 0.0, now_ms: int = 0) -> Pointer:
        """Store the bundle's files, `bundle.json` last, then serve it (`registry.published`); a repeat changes nothing.

        `share` is the canary's, 0 for none. Raises `PreconditionFailed` as `change` does.
        """
        for name in sorted(bundle.files, key=lambda name: name == META_FILE):
            self._bucket.put(file_key(bundle.kind, bundle.version, name), bundle.files[name])
        serve = partial(published, kind=bundle.kind, version=bundle.version, share=share, now_ms=now_ms)
        return self.change(serve)[bundle.kind]

    def change(self, transition: Transition) -> dict[str, Pointer]:
        """Move the pointers by a transition of `models/registry.py` and return them.

        Kinds are trained at the same time and share the object: whoever lost the race reads it again. Raises
        `PreconditionFailed` after `ATTEMPTS` lost races.
        """
        for _ in range(ATTEMPTS - 1):
            with suppress(PreconditionFailed):
                return self._change(transition)
        return self._change(transition)

    def _change(self, transition: Transition) -> dict[str, Pointer]:
        stored = self._bucket.get(POINTER_KEY)
        before = read_pointers(stored.body if stored else None)
        after = dict(transition(before))
        if after != before:
            self._bucket.put_if(POINTER_KEY, write_pointers(after), etag=stored.etag if stored else None)
        return after
