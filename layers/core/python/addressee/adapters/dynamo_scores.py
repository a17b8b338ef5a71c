"""The `scores` rows of the Profiles table: what the models say of a person, one JSON body each."""

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import to_item
from addressee.adapters.dynamo_batches import put_all

PART = "scores"
LEVEL = 6


class DynamoScores:
    """Writes `scores` rows. Writing the same body again changes nothing."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap the Profiles table; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def put_all(self, bodies: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
        """Write (subject, body) pairs, no subject twice; return how many. Raises `StillUnprocessed`."""
        rows = [to_item({"subject": subject, "part": PART, "body": body_bytes(body)}) for subject, body in bodies]
        put_all(self._dynamodb, self._table, rows)
        return len(rows)


def body_bytes(body: Mapping[str, Any]) -> bytes:
    """Write a body as compact JSON, keys in the body's order, compressed: DynamoDB charges by the KB, each night."""
    return zlib.compress(json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(), LEVEL)
