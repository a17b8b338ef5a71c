"""The `touches` row of the Profiles table: a person's sends of the last 7 days, guarded by a version."""

import json
from collections.abc import Iterable
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import CONDITION_FAILED, error_code, to_item

PART = "touches"


class DynamoTouches:
    """The `Touches` on the Profiles table."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def note(self, subject: str, touches: Iterable[tuple[str, int]], *, version: int) -> bool:
        """Replace the list with one UpdateItem if it still has `version` (0: there is none); say whether it did."""
        body = json.dumps([list(touch) for touch in touches], separators=(",", ":")).encode()
        values = to_item({":body": body, ":next": version + 1, **({":version": version} if version else {})})
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"subject": subject, "part": PART}),
                UpdateExpression="SET body = :body, version = :next",
                ConditionExpression="version = :version" if version else "attribute_not_exists(version)",
                ExpressionAttributeValues=values,
            )
        except Exception as error:  # either client's; its code tells
            if error_code(error) != CONDITION_FAILED:
                raise
            return False
        return True
