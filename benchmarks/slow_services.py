"""Services in memory that answer as late as the network does: what the ingestion benchmark writes to."""

from collections.abc import Mapping, Sequence
from threading import Lock
from time import sleep
from typing import Any

from botocore.exceptions import ClientError

DELAY_SECONDS = 0.005


class SlowTable:
    """A botocore DynamoDB client of one table: state rows, conditional puts; every call takes `DELAY_SECONDS`."""

    def __init__(self) -> None:
        """Begin empty; `calls` counts."""
        self.calls = 0
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._lock = Lock()

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803  # botocore's names
        """Read up to 100 rows."""
        self._wait()
        ((table, ask),) = RequestItems.items()
        if len(ask["Keys"]) > 100:  # noqa: PLR2004  # the service's limit
            raise ValueError(len(ask["Keys"]))
        with self._lock:
            found = [self._rows.get(key["subject"]["S"]) for key in ask["Keys"]]
        return {"Responses": {table: [row for row in found if row]}}

    def put_item(self, *, Item: Mapping[str, Any], **condition: Any) -> dict[str, Any]:  # noqa: N803, ANN401
        """Write a row if its version still is the one in the condition."""
        self._wait()
        subject = Item["subject"]["S"]
        expected = condition.get("ExpressionAttributeValues", {}).get(":version")
        with self._lock:
            if (self._rows.get(subject) or {}).get("version") != expected:
                raise ClientError({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}, "PutItem")
            self._rows[subject] = Item
        return {}

    def versions(self) -> int:
        """Sum up the versions of all rows: how many states were written."""
        return sum(int(row["version"]["N"]) for row in self._rows.values())

    def _wait(self) -> None:
        with self._lock:
            self.calls += 1
        sleep(DELAY_SECONDS)


class SlowDeliveryStream:
    """A botocore Firehose client that takes everything."""

    def put_record_batch(self, *, Records: Sequence[Mapping[str, bytes]], **_: Any) -> dict[str, Any]:  # noqa: N803, ANN401
        """Take the records."""
        sleep(DELAY_SECONDS)
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": ""}] * len(Records)}


class SlowBucket:
    """A botocore S3 client that takes everything."""

    def put_object(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        """Take the object."""
        sleep(DELAY_SECONDS)
        return {}


class StillSecret:
    """A botocore Secrets Manager client with one secret."""

    def get_secret_value(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the text."""
        return {"SecretString": "a made-up key"}
