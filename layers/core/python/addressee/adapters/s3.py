"""S3: objects of one bucket, with conditional writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import error_code


class PreconditionFailed(Exception):
    """Somebody else wrote the object since it was read."""


@dataclass(frozen=True)
class Stored:
    """An object's bytes and its ETag."""

    body: bytes
    etag: str


class S3Bucket:
    """One bucket. Every method is one call, save `keys`, which pages."""

    def __init__(self, name: str, s3: Any = None) -> None:  # noqa: ANN401
        """Wrap bucket `name`; `s3` is a botocore client, the process's own by default."""
        self.name = name
        self._s3 = s3 or client("s3")

    def get(self, key: str) -> Stored | None:
        """Read an object, or None where there is none."""
        try:
            answer = self._s3.get_object(Bucket=self.name, Key=key)
        except Exception as error:  # either client's; its code tells
            if error_code(error) in {"NoSuchKey", "404"}:
                return None
            raise
        return Stored(answer["Body"].read(), answer["ETag"])

    def get_changed(self, key: str, *, etag: str) -> Stored | None:
        """Read an object unless it still has `etag`: then None. Raises the client's error where there is no object."""
        try:
            answer = self._s3.get_object(Bucket=self.name, Key=key, IfNoneMatch=etag)
        except Exception as error:  # either client's; its code tells
            if error_code(error) in {"304", "NotModified"}:
                return None
            raise
        return Stored(answer["Body"].read(), answer["ETag"])

    def put(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Write an object, replacing what was there."""
        self._s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type)

    def put_if(self, key: str, body: bytes, *, etag: str | None, content_type: str = "application/json") -> None:
        """Write only if the object still has `etag` (None: does not exist yet). Raises `PreconditionFailed`."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            self._s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type, **condition)
        except Exception as error:  # either client's; its code tells
            if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}:
                raise PreconditionFailed(key) from error
            raise

    def keys(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """List keys below `prefix` in order, each with its size in bytes and its last modification (epoch seconds)."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
            for entry in page.get("Contents", ()):
                yield entry["Key"], entry["Size"], entry["LastModified"].timestamp()

    def delete(self, key: str) -> None:
        """Delete an object; deleting what is not there is no error."""
        self._s3.delete_object(Bucket=self.name, Key=key)
