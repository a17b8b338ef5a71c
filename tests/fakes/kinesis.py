"""An in-memory Kinesis: `put_records` of a botocore client, failing as told."""

from collections.abc import Iterable, Sequence
from typing import Any

from botocore.exceptions import ClientError

MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024


class InMemoryKinesis:
    """Keeps (partition key, data) in order. `failures` says for each call in turn what fails.

    A number: so many of the call's first records fail; a string: the whole call raises this error code; after the
    last, nothing fails.
    """

    def __init__(self, failures: Iterable[int | str] = ()) -> None:
        """Begin empty; `calls` holds the size of each call."""
        self.records: list[tuple[str, bytes]] = []
        self.calls: list[int] = []
        self._failures = iter(failures)

    def put_records(self, *, StreamName: str, Records: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # botocore's names
        """Take the records that do not fail; refuse a call over the service's limits."""
        del StreamName
        size = sum(len(each["Data"]) + len(each["PartitionKey"].encode()) for each in Records)
        if not 1 <= len(Records) <= MAX_RECORDS or size > MAX_BYTES:
            raise _error("ValidationException")
        self.calls.append(len(Records))
        failing = next(self._failures, 0)
        if isinstance(failing, str):
            raise _error(failing)
        results: list[dict[str, str]] = [
            {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"}
        ] * min(failing, len(Records))
        for each in Records[failing:]:
            self.records.append((each["PartitionKey"], each["Data"]))
            results.append({"SequenceNumber": f"{len(self.records):056d}", "ShardId": "shardId-000000000000"})
        return {"FailedRecordCount": min(failing, len(Records)), "Records": results}


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "PutRecords")
