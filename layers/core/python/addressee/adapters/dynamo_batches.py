"""DynamoDB's batch calls, repeated until nothing is left unprocessed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import sleep
from typing import Any

READ_ROWS = 100
WRITE_ROWS = 25
MAX_ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.05

Typed = Mapping[str, Any]


class StillUnprocessed(Exception):
    """DynamoDB left rows of a batch unprocessed `MAX_ATTEMPTS` times in a row."""


def get_all(  # noqa: PLR0913  # each is named, and most have a default
    dynamodb: Any,  # noqa: ANN401  # a botocore client
    table: str,
    keys: Sequence[Typed],
    *,
    consistent: bool = True,
    attempts: int = MAX_ATTEMPTS,
    pause: Callable[[float], None] = sleep,
) -> list[dict[str, Any]]:
    """Read the rows of `keys` (no key twice), 100 a call, in no order. Raises `StillUnprocessed`."""
    rows: list[dict[str, Any]] = []
    for chunk in _chunks(keys, READ_ROWS):
        wanted: Mapping[str, Any] = {table: {"Keys": chunk, "ConsistentRead": consistent}}
        for attempt in range(attempts):
            answer = dynamodb.batch_get_item(RequestItems=wanted)
            rows.extend(answer.get("Responses", {}).get(table, []))
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                break
            pause(FIRST_PAUSE_SECONDS * 2**attempt)
        if wanted:
            raise StillUnprocessed(table)
    return rows


def put_all(
    dynamodb: Any,  # noqa: ANN401  # a botocore client
    table: str,
    rows: Sequence[Typed],
    *,
    pause: Callable[[float], None] = sleep,
) -> None:
    """Put rows (no key twice), 25 a call, replacing what was there. Raises `StillUnprocessed`."""
    for chunk in _chunks(rows, WRITE_ROWS):
        wanted: Mapping[str, Any] = {table: [{"PutRequest": {"Item": row}} for row in chunk]}
        for attempt in range(MAX_ATTEMPTS):
            wanted = dynamodb.batch_write_item(RequestItems=wanted).get("UnprocessedItems") or {}
            if not wanted:
                break
            pause(FIRST_PAUSE_SECONDS * 2**attempt)
        if wanted:
            raise StillUnprocessed(table)


def _chunks(rows: Sequence[Typed], size: int) -> Iterator[Sequence[Typed]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
