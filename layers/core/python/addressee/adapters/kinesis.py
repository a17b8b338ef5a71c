"""Kinesis: records put in as many calls as the limits ask for, and again while some of them fail."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from time import monotonic, sleep
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from addressee.adapters.aws import client
from addressee.adapters.dynamo import error_code

MAX_RECORDS = 500
MAX_BYTES = 5_000_000
ATTEMPTS = 6
FIRST_DELAY_SECONDS = 0.05
LONGEST_DELAY_SECONDS = 1.0
ANSWER_SECONDS = 4.0
PATIENCE_SECONDS = 10.0
"""When a put began longer ago than this, no further call is made: who waits for the answer gets one in time."""
TRANSIENT = frozenset(
    {
        "InternalFailure",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)
StreamRecord = tuple[str, bytes]
"""Partition key and data."""


class KinesisStream:
    """One stream. `random` and `pause` (seconds) decide how long it waits between attempts, `clock` when to give up."""

    def __init__(
        self,
        name: str,
        kinesis: Any = None,  # noqa: ANN401  # botocore has no static types
        *,
        random: Random | None = None,
        pause: Callable[[float], None] = sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Wrap stream `name`; `kinesis` is a botocore client, the process's own by default."""
        self._name = name
        self._kinesis = kinesis or client(  # `put` repeats, so the client does not
            "kinesis", read_timeout_seconds=ANSWER_SECONDS, connect_timeout_seconds=1, attempts=1
        )
        self._random, self._pause, self._clock = random or Random(), pause, clock  # noqa: S311  # jitter is no secret

    def put(self, records: Sequence[StreamRecord]) -> list[StreamRecord]:
        """Put all records, in order per call; return those that failed after `ATTEMPTS` attempts or the patience.

        Partial failures and throttling are retried with capped exponential backoff and full jitter (Brooker,
        "Exponential Backoff And Jitter", AWS Architecture Blog); other errors fly. A retried record may come after
        later ones: the fold does not depend on order.
        """
        until = self._clock() + PATIENCE_SECONDS
        failed = self._attempt(records, until)
        for attempt in range(1, ATTEMPTS):
            if not failed or self._clock() >= until:
                break
            longest = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**attempt)
            self._pause(self._random.uniform(0, longest))
            failed = self._attempt(failed, until)
        return failed

    def _attempt(self, records: Sequence[StreamRecord], until: float) -> list[StreamRecord]:
        outcomes = (self._put_chunk(chunk) if self._clock() < until else chunk for chunk in _chunks(records))
        return [failed for outcome in outcomes for failed in outcome]

    def _put_chunk(self, chunk: list[StreamRecord]) -> list[StreamRecord]:
        entries = [{"PartitionKey": key, "Data": data} for key, data in chunk]
        try:
            answer = self._kinesis.put_records(StreamName=self._name, Records=entries)
        except BotoCoreError:  # the endpoint cannot be reached or did not answer: the outcome is unknown, so repeat
            return chunk
        except ClientError as error:
            if error_code(error) in TRANSIENT:
                return chunk
            raise
        if not answer["FailedRecordCount"]:
            return []
        return [record for record, result in zip(chunk, answer["Records"], strict=True) if result.get("ErrorCode")]


def _chunks(records: Sequence[StreamRecord]) -> Iterator[list[StreamRecord]]:
    chunk: list[StreamRecord] = []
    size = 0
    for key, data in records:
        weight = len(key.encode()) + len(data)
        if chunk and (len(chunk) == MAX_RECORDS or size + weight > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append((key, data))
        size += weight
    if chunk:
        yield chunk
