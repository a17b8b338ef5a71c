"""The quarantine bucket: one object per refused record, with its reason and the original bytes."""

import base64
import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from addressee.adapters.s3 import S3Bucket

PREFIX = "records/"
MAX_SLUG = 60


class QuarantineBucket:
    """The `Quarantine` over S3. Key: `records/<reason-slug>/YYYY-MM-DD/<sha256 of the original>.json`."""

    def __init__(self, name: str, s3: Any = None) -> None:  # noqa: ANN401
        """Wrap bucket `name`; `s3` is a botocore client, the process's own by default."""
        self._bucket = S3Bucket(name, s3)

    def put(self, reason: str, original: bytes, *, field: str, at_ms: int, source: str) -> None:
        """Keep `original` as JSON `{reason, field, source, at_ms, original (base64)}`, once."""
        body = {
            "reason": reason,
            "field": field,
            "source": source,
            "at_ms": at_ms,
            "original": base64.b64encode(original).decode(),
        }
        day = datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
        key = f"{PREFIX}{slug(reason)}/{day}/{sha256(original).hexdigest()}.json"
        self._bucket.put(key, json.dumps(body, separators=(",", ":")).encode(), content_type="application/json")


def slug(reason: str) -> str:
    """Shorten a reason to what a key may hold: lower-case words joined by hyphens; digits and quotes are dropped."""
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", reason.lower())
    return re.sub(r"[^a-z]+", "-", unquoted).strip("-")[:MAX_SLUG].rstrip("-") or "refused"
