"""An in-memory Firehose: `put_record_batch` of a botocore client, within the service's limits, failing as told."""

from collections.abc import Iterable, Sequence
from typing import Any

MAX_RECORDS = 500
MAX_CALL_BYTES = 4 * 1024 * 1024
MAX_RECORD_BYTES = 1000 * 1024


class InMemoryFirehose:
    """Keeps the data of records in order. `failures` says for each call in turn how many of its first records fail."""

    def __init__(self, failures: Iterable[int] = ()) -> None:
        """Begin empty; `calls` holds the number of records of each call."""
        self.records: list[bytes] = []
        self.calls: list[int] = []
        self._failures = iter(failures)

    def put_record_batch(self, *, DeliveryStreamName: str, Records: Sequence[dict[str, bytes]]) -> dict[str, Any]:  # noqa: N803  # botocore's names
        """Take the records that do not fail; refuse a call over the service's limits."""
        del DeliveryStreamName
        sizes = [len(each["Data"]) for each in Records]
        if not 1 <= len(sizes) <= MAX_RECORDS or sum(sizes) > MAX_CALL_BYTES or max(sizes) > MAX_RECORD_BYTES:
            raise ValueError(sizes)
        self.calls.append(len(Records))
        failing = min(next(self._failures, 0), len(Records))
        self.records += [each["Data"] for each in Records[failing:]]
        failed = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "slow down"}
        taken = {"RecordId": "record"}
        return {
            "FailedPutCount": failing,
            "RequestResponses": [failed] * failing + [taken] * (len(Records) - failing),
        }
