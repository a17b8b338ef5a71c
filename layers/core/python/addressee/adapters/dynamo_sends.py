"""The Sends table: one row per campaign and person, moved by conditional writes, found through the index `by-slot`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import CONDITION_FAILED, error_code, from_item, to_item, to_value
from addressee.adapters.dynamo_batches import get_all
from addressee.emails.ports import Moved, SendKey
from addressee.emails.send import Send
from addressee.emails.states import State, is_settled

INDEX = "by-slot"
_ATTRIBUTES = tuple(each.name for each in fields(Send))
Value = str | int


class DynamoSendStore:
    """A `SendStore` on the Sends table. A refused write answers with the row that stood in its way."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def put_new(self, send: Send) -> bool:
        """Write a row unless there is one; say whether it was written. Empty attributes are left out."""
        try:
            self._dynamodb.put_item(
                TableName=self._table, Item=_row(send), ConditionExpression="attribute_not_exists(subject)"
            )
        except Exception as error:  # either client's; its code tells
            if error_code(error) != CONDITION_FAILED:
                raise
            return False
        return True

    def get(self, key: SendKey, *, consistent: bool = True) -> Send | None:
        """Read a row with one GetItem, or None."""
        answer = self._dynamodb.get_item(TableName=self._table, Key=_key(key), ConsistentRead=consistent)
        return _send(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[SendKey], *, consistent: bool = True) -> dict[SendKey, Send]:
        """Read rows, 100 a call; those that do not exist are absent."""
        wanted = [_key(key) for key in dict.fromkeys(keys)]
        rows = get_all(self._dynamodb, self._table, wanted, consistent=consistent)
        return {SendKey(send.subject, send.campaign): send for send in map(_send, rows)}

    def due(self, slot: str, campaign: str, *, limit: int, after: SendKey | None = None) -> list[SendKey]:
        """List at most `limit` rows of a slot and campaign from the index, those behind `after`, page by page."""
        found: list[SendKey] = []
        for page in self._pages(slot, campaign, limit, after):
            found += [SendKey(row["subject"], row["campaign"]) for row in map(from_item, page)]
        return found

    def _pages(
        self, slot: str, campaign: str, limit: int, after: SendKey | None
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        start = None if after is None else {**_key(after), "slot": to_value(slot)}
        while limit > 0:
            answer = self._dynamodb.query(
                TableName=self._table,
                IndexName=INDEX,
                KeyConditionExpression="slot = :slot AND campaign = :campaign",
                ExpressionAttributeValues=to_item({":slot": slot, ":campaign": campaign}),
                Limit=limit,
                **({"ExclusiveStartKey": start} if start else {}),
            )
            yield answer["Items"]
            limit -= len(answer["Items"])
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return

    def move(
        self, key: SendKey, to: State, *, leaving: frozenset[State], owned_by: str | None = None, **changes: Value
    ) -> Moved:
        """Move a row with one conditional UpdateItem; a settled `to` removes the slot unless `changes` name one."""
        leaves: dict[str, Value] = {f":from{index}": state for index, state in enumerate(sorted(leaving))}
        conditions = [f"#state IN ({', '.join(leaves)})"]
        given: dict[str, Value] = {"state": to, **({"slot": ""} if is_settled(to) else {}), **changes}
        if owned_by is not None:
            conditions.append("#claim = :owner")
            leaves[":owner"] = owned_by
        return self._update(key, given, " AND ".join(conditions), leaves)

    def amend(self, key: SendKey, expected: Mapping[str, Value], **changes: Value) -> Moved:
        """Change attributes with one UpdateItem, on condition that the row holds `expected`."""
        values = {f":is{index}": value for index, value in enumerate(expected.values())}
        conditions = [f"#{name} = {place}" for name, place in zip(expected, values, strict=True)]
        return self._update(key, changes, " AND ".join(conditions), values)

    def _update(self, key: SendKey, given: Mapping[str, Value], condition: str, values: Mapping[str, Value]) -> Moved:
        sets = {name: value for name, value in given.items() if name != "slot" or value}
        clauses = [f"SET {', '.join(f'#{name} = :{name}' for name in sets)}"] if sets else []
        clauses += ["REMOVE #slot"] if "slot" in given and not given["slot"] else []
        expression = " ".join(clauses)
        named = [name for name in _ATTRIBUTES if f"#{name} " in f"{expression} {condition} "]
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(key),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={f"#{name}": name for name in named},
                ExpressionAttributeValues=to_item({**{f":{name}": value for name, value in sets.items()}, **values}),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except Exception as error:  # either client's; its code tells
            if error_code(error) != CONDITION_FAILED:
                raise
            stood = getattr(error, "response", {}).get("Item")
            return Moved(_send(stood) if stood else None, won=False)
        return Moved(_send(answer["Attributes"]), won=True)


def _key(key: SendKey) -> dict[str, Any]:
    return to_item({"subject": key.subject, "campaign": key.campaign})


def _row(send: Send) -> dict[str, Any]:
    values = {name: getattr(send, name) for name in _ATTRIBUTES}
    return to_item({name: value for name, value in values.items() if value})


def _send(item: Mapping[str, Any]) -> Send:
    row = from_item(item)
    return Send(**{name: row[name] for name in _ATTRIBUTES if name in row})
