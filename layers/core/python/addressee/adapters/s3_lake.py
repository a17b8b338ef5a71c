"""The lake bucket, written straight: what an import lands without Firehose."""

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from addressee.adapters.firehose import row_line
from addressee.adapters.s3 import S3Bucket

RAW = "raw/received_date="


class S3Lake:
    """The `Lake` over S3: one newline-delimited, gzipped object per call, named by its content.

    The object lies under the newest row's received date and may hold rows of other dates, as Firehose's do around
    midnight: compaction places each row by its own `received_at_ms`.
    """

    def __init__(self, bucket: str, s3: Any = None) -> None:  # noqa: ANN401
        """Wrap the lake bucket; `s3` is a botocore client, the process's own by default."""
        self._bucket = S3Bucket(bucket, s3)

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows as one object; the same rows again are the same object."""
        if not rows:
            return
        body = gzip.compress(b"".join(map(row_line, rows)), compresslevel=5, mtime=0)
        newest = max(row["received_at_ms"] for row in rows)
        day = datetime.fromtimestamp(newest / 1000, UTC).date().isoformat()
        name = sha256(body).hexdigest()[:32]
        self._bucket.put(f"{RAW}{day}/import-{name}.jsonl.gz", body, content_type="application/gzip")
