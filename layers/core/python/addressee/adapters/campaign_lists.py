"""The recipients' lists of all campaigns in the Emails bucket, for learning from who was held out."""

import gzip
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_campaigns import ROOT, SUFFIX
from addressee.models.trials import Plan

MAX_BYTES = 60_000_000
"""Packed; about two million recipients."""
FETCHES = 8


class CampaignLists:
    """Reads lists; it never writes."""

    def __init__(self, bucket: S3Bucket, *, max_bytes: int = MAX_BYTES) -> None:
        """Wrap the Emails bucket; `max_bytes` is what is read at most."""
        self._bucket, self._max_bytes = bucket, max_bytes

    def plans(self, *, since_ms: int) -> Iterator[Plan]:
        """Read what was planned since then, whole lists; of too many, those whose names have the lowest hashes.

        A list holds a part of the audience that the table's own hashing draws, so some lists are a fair sample of
        their campaign. They are read a few at a time, in the order of their keys.
        """
        keys = self._keys(since_ms)
        with ThreadPoolExecutor(FETCHES) as pool:
            for start in range(0, len(keys), FETCHES):
                for plan in pool.map(self._read, keys[start : start + FETCHES]):
                    if plan is not None and plan.planned_at_ms >= since_ms:
                        yield plan

    def _keys(self, since_ms: int) -> Sequence[str]:
        """Choose keys; a list written before then was planned before then."""
        found = [
            (sha256(key.encode()).digest(), key, size)
            for key, size, written in self._bucket.keys(ROOT)
            if key.endswith(SUFFIX) and written * 1000 >= since_ms
        ]
        chosen, left = [], self._max_bytes
        for _, key, size in sorted(found):
            left -= size
            if left < 0:
                break
            chosen.append(key)
        return sorted(chosen)

    def _read(self, key: str) -> Plan | None:
        stored = self._bucket.get(key)
        if stored is None:
            return None
        said = json.loads(gzip.decompress(stored.body))
        return Plan(
            key.removeprefix(ROOT).partition("/")[0], said["planned_at_ms"], [(*row,) for row in said["recipients"]]
        )
