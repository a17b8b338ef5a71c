"""All rows of one person from the Profiles table, read by one Query, as a `Person`."""

from collections.abc import Mapping, Sequence
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item
from addressee.decisions.person import Person, read_person


class DynamoPeople:
    """A reader of people; it never writes."""

    def __init__(
        self,
        table: str,
        dynamodb: Any = None,  # noqa: ANN401
        *,
        purpose: str = "email",
        consistent: bool = False,
    ) -> None:
        """Wrap `table`; `purpose` names the consent that counts; `dynamodb` is a botocore client.

        `consistent` reads cost twice as much and see whatever was written before they began.
        """
        self._table, self._purpose, self._consistent = table, purpose, consistent
        self._dynamodb = dynamodb or client("dynamodb")

    def get(self, subject: str) -> Person:
        """Read one person with one Query; a second one where an anonymous subject points to its user.

        Raises `DamagedState` where the packed state is none.
        """
        rows = self._rows(subject)
        merged_into = next((str(row["merged_into"]) for row in rows if row.get("merged_into")), None)
        if merged_into is not None:
            subject, rows = merged_into, self._rows(merged_into)
        return read_person(subject, rows, purpose=self._purpose)

    def _rows(self, subject: str) -> Sequence[Mapping[str, Any]]:
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="subject = :subject",
            ExpressionAttributeValues={":subject": {"S": subject}},
            ConsistentRead=self._consistent,
        )
        return [from_item(item) for item in answer["Items"]]
