"""An in-memory S3: the calls of a botocore client that `adapters/s3.py` makes, with conditional writes."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

from botocore.exceptions import ClientError

WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC)


class InMemoryS3:
    """All buckets of an account; a bucket exists as soon as somebody writes to it."""

    def __init__(self) -> None:
        """Begin empty. `objects` is (bucket, key) -> bytes, for tests to look at."""
        self.objects: dict[tuple[str, str], bytes] = {}

    def get_object(
        self,
        *,
        Bucket: str,  # noqa: N803  # botocore's names
        Key: str,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        """Read an object; `NoSuchKey` where there is none, `304` where it still is the one named."""
        body = self.objects.get((Bucket, Key))
        if body is None:
            raise _error("NoSuchKey", "GetObject")
        if IfNoneMatch == _etag(body):
            raise _error("304", "GetObject")
        return {"Body": io.BytesIO(body), "ETag": _etag(body)}

    def put_object(
        self,
        *,
        Bucket: str,  # noqa: N803  # botocore's names
        Key: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        IfMatch: str | None = None,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
        **_: object,
    ) -> dict[str, Any]:
        """Write an object; `PreconditionFailed` where the condition does not hold."""
        stored = self.objects.get((Bucket, Key))
        if IfMatch is not None and (stored is None or _etag(stored) != IfMatch):
            raise _error("PreconditionFailed", "PutObject")
        if IfNoneMatch == "*" and stored is not None:
            raise _error("PreconditionFailed", "PutObject")
        self.objects[Bucket, Key] = bytes(Body)
        return {"ETag": _etag(bytes(Body))}

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # botocore's names
        """Delete an object; deleting what is not there is no error."""
        self.objects.pop((Bucket, Key), None)
        return {}

    def get_paginator(self, operation: str) -> "InMemoryS3":
        """Return a paginator; only `list_objects_v2` has one."""
        if operation != "list_objects_v2":
            raise ValueError(operation)
        return self

    def paginate(self, *, Bucket: str, Prefix: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803  # botocore's names
        """List two keys a page, so that whoever forgets to page is found out."""
        keys = sorted(key for bucket, key in self.objects if bucket == Bucket and key.startswith(Prefix))
        for start in range(0, len(keys) or 1, 2):
            contents = [
                {"Key": key, "Size": len(self.objects[Bucket, key]), "LastModified": WRITTEN_AT}
                for key in keys[start : start + 2]
            ]
            yield {"Contents": contents} if contents else {}


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
