"""The `person` row as mails need it, and the `bounces` row: a set of strings, whose writers commute."""

from collections.abc import Iterable
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item
from addressee.feedback.ports import Recipient


class DynamoRecipients:
    """`Recipients` on the Profiles table."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def get(self, subject: str) -> Recipient | None:
        """Read a person, or None where there is no such row."""
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=_key(subject, "person"), ProjectionExpression="user_id, address"
        )
        row = from_item(answer.get("Item", {}))
        return Recipient(row["user_id"], row.get("address", "")) if row.get("user_id") else None

    def note_soft_bounce(self, subject: str, entry: str) -> frozenset[str]:
        """Add an entry to the set, once, and return the set."""
        answer = self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(subject, "bounces"),
            UpdateExpression="ADD soft :entry",
            ExpressionAttributeValues={":entry": {"SS": [entry]}},
            ReturnValues="ALL_NEW",
        )
        return frozenset(answer["Attributes"]["soft"]["SS"])

    def forget_soft_bounces(self, subject: str, entries: Iterable[str]) -> None:
        """Take entries out of the set."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(subject, "bounces"),
            UpdateExpression="DELETE soft :entries",
            ExpressionAttributeValues={":entries": {"SS": sorted(entries)}},
        )


def _key(subject: str, part: str) -> dict[str, dict[str, str]]:
    return {"subject": {"S": subject}, "part": {"S": part}}
