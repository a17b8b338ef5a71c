"""The Campaigns table: what was created, its status, and the slots that still have unfinished rows."""

from collections.abc import Iterator, Mapping
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import CONDITION_FAILED, error_code, from_item, to_item
from addressee.emails.campaign import OPEN_SLOTS, Planning, Standing, Status, from_body, to_body
from addressee.emails.ports import OpenSlot

PART = "campaign"


class CampaignMissing(Exception):
    """A campaign was to be changed that does not exist."""


class DynamoCampaignStore:
    """A `CampaignStore` on the Campaigns table."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def create(self, standing: Standing) -> bool:
        """Write a campaign unless there is one of its id; say whether it was written."""
        row = {
            **_campaign_key(standing.campaign.campaign_id),
            "body": to_body(standing.campaign),
            "status": standing.status,
            "planning": standing.planning,
            "recipients": standing.recipients,
            "created_at_ms": standing.campaign.created_at_ms,
        }
        return self._done("put_item", Item=to_item(row), ConditionExpression="attribute_not_exists(campaign)")

    def get(self, campaign_id: str) -> Standing | None:
        """Read a campaign with one GetItem, as it is now, or None."""
        key = to_item(_campaign_key(campaign_id))
        answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _standing(answer["Item"]) if "Item" in answer else None

    def set_status(self, campaign_id: str, status: Status, *, leaving: frozenset[Status]) -> Standing | None:
        """Change the status where it is one of `leaving` or already `status`; return what stands, None: no campaign."""
        values = {f":from{index}": each for index, each in enumerate(sorted(leaving | {status}))}
        done = self._done(
            "update_item",
            Key=to_item(_campaign_key(campaign_id)),
            UpdateExpression="SET #status = :to",
            ConditionExpression=f"#status IN ({', '.join(values)})",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item({":to": status, **values}),
        )
        del done  # what stands is read either way: the answer says it as it is now
        return self.get(campaign_id)

    def set_planning(self, campaign_id: str, planning: Planning, *, recipients: int = 0) -> None:
        """Say how far planning is. Raises `CampaignMissing`."""
        if not self._done(
            "update_item",
            Key=to_item(_campaign_key(campaign_id)),
            UpdateExpression="SET planning = :planning, recipients = :recipients",
            ConditionExpression="attribute_exists(campaign)",
            ExpressionAttributeValues=to_item({":planning": planning, ":recipients": recipients}),
        ):
            raise CampaignMissing(campaign_id)

    def open_slots(self) -> list[OpenSlot]:
        """List all open slots, oldest first, with as many Queries as the partition has megabytes."""
        return [_open_slot(from_item(item)) for page in self._slot_pages() for item in page]

    def _slot_pages(self) -> Iterator[list[Mapping[str, Any]]]:
        more: dict[str, Any] = {}
        while True:
            answer = self._dynamodb.query(
                TableName=self._table,
                KeyConditionExpression="campaign = :slots",
                ExpressionAttributeValues=to_item({":slots": OPEN_SLOTS}),
                **more,
            )
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def open_slot(self, slot: str, campaign: str) -> None:
        """Open a slot; one that was seen empty counts as full again."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(_slot_key(slot, campaign)),
            UpdateExpression="SET slot = :slot REMOVE empty_since_ms",
            ExpressionAttributeValues=to_item({":slot": slot}),
        )

    def note_empty(self, slot: OpenSlot, now_ms: int) -> None:
        """Note that a slot was seen empty, unless that is noted already, or the slot is gone."""
        self._done(
            "update_item",
            Key=to_item(_slot_key(slot.slot, slot.campaign)),
            UpdateExpression="SET empty_since_ms = :now",
            ConditionExpression="attribute_exists(campaign) AND attribute_not_exists(empty_since_ms)",
            ExpressionAttributeValues=to_item({":now": now_ms}),
        )

    def close_slot(self, slot: OpenSlot) -> None:
        """Close a slot, unless it was opened anew since it was read."""
        key = to_item(_slot_key(slot.slot, slot.campaign))
        if slot.empty_since_ms:
            values = to_item({":since": slot.empty_since_ms})
            condition: dict[str, Any] = {
                "ConditionExpression": "empty_since_ms = :since",
                "ExpressionAttributeValues": values,
            }
        else:
            condition = {"ConditionExpression": "attribute_not_exists(empty_since_ms)"}
        self._done("delete_item", Key=key, **condition)

    def _done(self, call: str, **given: Any) -> bool:  # noqa: ANN401  # DynamoDB's own names
        """Make a conditional write; say whether its condition held."""
        try:
            getattr(self._dynamodb, call)(TableName=self._table, **given)
        except Exception as error:  # either client's; its code tells
            if error_code(error) != CONDITION_FAILED:
                raise
            return False
        return True


def _campaign_key(campaign_id: str) -> dict[str, str]:
    return {"campaign": campaign_id, "part": PART}


def _slot_key(slot: str, campaign: str) -> dict[str, str]:
    return {"campaign": OPEN_SLOTS, "part": f"{slot}#{campaign}"}


def _open_slot(row: Mapping[str, Any]) -> OpenSlot:
    slot, _, campaign = str(row["part"]).rpartition("#")
    return OpenSlot(slot, campaign, int(row.get("empty_since_ms", 0)))


def _standing(item: Mapping[str, Any]) -> Standing:
    row = from_item(item)
    return Standing(from_body(row["body"]), row["status"], row["planning"], row["recipients"])
