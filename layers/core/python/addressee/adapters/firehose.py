"""Firehose: lake rows, packed newline-delimited into few large records."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import sleep as pause
from typing import Any

from addressee.adapters.aws import client

MAX_RECORD_BYTES = 1_000_000
MAX_CALL_RECORDS = 500
MAX_CALL_BYTES = 4_000_000
ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.1


class LakeStreamBusy(Exception):
    """Firehose kept refusing records; the message holds the last error code."""


class FirehoseLake:
    """The `Lake` over a Firehose delivery stream. See the service's quotas: 500 records or 4 MiB a call."""

    def __init__(self, stream: str, firehose: Any = None, *, sleep: Callable[[float], None] = pause) -> None:  # noqa: ANN401
        """Name the delivery stream; `firehose` is a botocore client, `sleep` pauses between attempts (seconds)."""
        self._stream, self._sleep = stream, sleep
        self._firehose = firehose or client("firehose")

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put all rows or raise; what Firehose refuses is put again, a row may arrive twice."""
        for records in _calls(packed(rows)):
            self._put(records)

    def _put(self, records: list[bytes]) -> None:
        code = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(FIRST_PAUSE_SECONDS * 2**attempt)
            answer = self._firehose.put_record_batch(
                DeliveryStreamName=self._stream, Records=[{"Data": data} for data in records]
            )
            if not answer.get("FailedPutCount"):
                return
            outcomes = list(zip(records, answer["RequestResponses"], strict=True))
            code = next(outcome["ErrorCode"] for _, outcome in outcomes if outcome.get("ErrorCode"))
            records = [data for data, outcome in outcomes if outcome.get("ErrorCode")]
        raise LakeStreamBusy(code)


def row_line(row: Mapping[str, Any]) -> bytes:
    """Write a lake row as one line of JSON, newline included."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def packed(rows: Iterable[Mapping[str, Any]], *, limit: int = MAX_RECORD_BYTES) -> Iterator[bytes]:
    """Pack rows into newline-delimited blocks of at most `limit` bytes (a single longer row is a block of its own)."""
    block: list[bytes] = []
    size = 0
    for line in map(row_line, rows):
        if block and size + len(line) > limit:
            yield b"".join(block)
            block, size = [], 0
        block.append(line)
        size += len(line)
    if block:
        yield b"".join(block)


def _calls(records: Iterable[bytes]) -> Iterator[list[bytes]]:
    call: list[bytes] = []
    size = 0
    for data in records:
        if call and (len(call) == MAX_CALL_RECORDS or size + len(data) > MAX_CALL_BYTES):
            yield call
            call, size = [], 0
        call.append(data)
        size += len(data)
    if call:
        yield call
