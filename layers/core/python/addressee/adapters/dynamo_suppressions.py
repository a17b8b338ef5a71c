"""The Suppressions table: addresses that are never mailed again, known by their hash alone."""

from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item, to_item


class DynamoSuppressions:
    """A `Suppressions` list on its table."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def is_suppressed(self, address_hash: str) -> bool:
        """Say whether the address with this hash (`profiles/subject.py`) must not be mailed."""
        return self.reason(address_hash) is not None

    def reason(self, address_hash: str) -> str | None:
        """Return why the address is suppressed, or None."""
        key = {"address_hash": {"S": address_hash}}
        answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return str(from_item(answer["Item"])["reason"]) if "Item" in answer else None

    def suppress(self, address_hash: str, *, reason: str, at_ms: int) -> None:
        """Add an address; the first reason and time stay."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key={"address_hash": {"S": address_hash}},
            UpdateExpression="SET reason = if_not_exists(reason, :reason), at_ms = if_not_exists(at_ms, :at_ms)",
            ExpressionAttributeValues=to_item({":reason": reason, ":at_ms": at_ms}),
        )
