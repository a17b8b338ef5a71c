"""DynamoDB's batch write in memory; now and then it leaves a row unprocessed, as the service does."""

from typing import Any

from addressee.adapters.dynamo import from_item


class InMemoryRows:
    """A botocore client of tables with keys `subject` and `part`; `rows` is (subject, part) -> row as plain values."""

    def __init__(self, *, throttled: int = 0) -> None:
        """Begin empty; the first `throttled` calls leave their last row unprocessed."""
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls = 0
        self._throttled = throttled

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:  # noqa: N803  # botocore's name
        """Put rows, at most 25."""
        self.calls += 1
        ((table, requests),) = RequestItems.items()
        if len(requests) > 25:
            raise ValueError("more than 25 rows")
        done = requests[:-1] if self.calls <= self._throttled else requests
        for request in done:
            row = from_item(request["PutRequest"]["Item"])
            self.rows[row["subject"], row["part"]] = row
        left = requests[len(done) :]
        return {"UnprocessedItems": {table: left} if left else {}}
