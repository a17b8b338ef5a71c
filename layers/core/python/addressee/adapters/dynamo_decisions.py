"""The Decisions table: one record for each person and campaign, written once, and the values of its mails."""

from collections.abc import Mapping
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import CONDITION_FAILED, error_code, from_item, to_item
from addressee.decisions.decision import Decision, from_body, to_body

REPLACEABLE = "attribute_not_exists(subject) OR mail = :false"
VALUES = "v_"


class DecisionVanished(Exception):
    """The record that won the race was gone when it was read: somebody erased the person meanwhile."""


class DynamoDecisionStore:
    """A `DecisionStore` on the Decisions table, and the `DecisionRecords` of sending."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def get(self, subject: str, campaign: str) -> Decision | None:
        """Read a decision with one GetItem, as it is now: an id just given out is found."""
        key = to_item({"subject": subject, "campaign": campaign})
        answer: Mapping[str, Any] = self._dynamodb.get_item(
            TableName=self._table, Key=key, ConsistentRead=True, ProjectionExpression="body"
        )
        return from_body(from_item(answer["Item"])["body"]) if "Item" in answer else None

    def put_once(self, decision: Decision, *, content: str = "", values: bytes = b"") -> Decision:
        """Store a decision unless one that mails is there already; a block gives way to any later decision.

        With `content`, the `values` of a mail that was rendered from it go into the same write. Returns what the table
        holds afterwards, `decision` itself where it was stored: whoever loses a race gets the winner's. Raises
        `DecisionVanished`.
        """
        row = {
            "subject": decision.subject,
            "campaign": decision.campaign,
            "body": to_body(decision),
            "mail": decision.mail,
            "decided_at_ms": decision.decided_at_ms,
            **({VALUES + content: values} if content else {}),
        }
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=to_item(row),
                ConditionExpression=REPLACEABLE,
                ExpressionAttributeValues={":false": {"BOOL": False}},
            )
        except Exception as error:  # either client's; its code tells
            if error_code(error) != CONDITION_FAILED:
                raise
            return self._winner(decision)
        return decision

    def keep_values(self, subject: str, campaign: str, content: str, values: bytes) -> None:
        """Store a mail's values beside its decision with one UpdateItem. Raises `DecisionVanished`."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"subject": subject, "campaign": campaign}),
                UpdateExpression="SET #content = :values",
                ConditionExpression="attribute_exists(body)",
                ExpressionAttributeNames={"#content": VALUES + content},
                ExpressionAttributeValues=to_item({":values": values}),
            )
        except Exception as error:  # either client's; its code tells
            if error_code(error) != CONDITION_FAILED:
                raise
            raise DecisionVanished(f"{subject}.{campaign}") from error

    def kept_values(self, subject: str, campaign: str, content: str) -> bytes | None:
        """Read the values of one mail, or None."""
        answer: Mapping[str, Any] = self._dynamodb.get_item(
            TableName=self._table,
            Key=to_item({"subject": subject, "campaign": campaign}),
            ConsistentRead=True,
            ProjectionExpression="#content",
            ExpressionAttributeNames={"#content": VALUES + content},
        )
        kept: bytes | None = from_item(answer.get("Item", {})).get(VALUES + content)
        return kept

    def _winner(self, loser: Decision) -> Decision:
        winner = self.get(loser.subject, loser.campaign)
        if winner is None:
            raise DecisionVanished(loser.decision_id)
        return winner
