"""The Items table: the catalogue."""

from collections.abc import Sequence
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import CONDITION_FAILED, error_code, from_item, to_item, to_value
from addressee.adapters.dynamo_batches import MAX_ATTEMPTS, get_all, put_all
from addressee.profiles.items import Item, ItemChange, item_of

THREADS = 16


class DynamoItemStore:
    """An `ItemStore` on the Items table."""

    def __init__(self, table: str, dynamodb: Any = None, *, attempts: int = MAX_ATTEMPTS) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client; `attempts` bounds the repeats of a read left unfinished."""
        self._table, self._attempts = table, attempts
        self._dynamodb = dynamodb or client("dynamodb")

    def get_many(self, item_ids: Sequence[str]) -> dict[str, Item]:
        """Read items by id, 100 a call; those that do not exist are absent."""
        keys = [{"item_id": {"S": item_id}} for item_id in dict.fromkeys(item_ids)]
        rows = get_all(self._dynamodb, self._table, keys, consistent=False, attempts=self._attempts)
        return {item.item_id: item for item in (item_of(from_item(row)) for row in rows)}

    def put_many(self, changes: Sequence[ItemChange]) -> frozenset[str]:
        """Apply whole items first, 25 a call; then the changes of some fields, one call an item, in threads.

        Of several rows for one item the later wins, field by field where they name some fields only. Returns the ids
        that do not exist though some of their fields were named.
        """
        whole = {each.item_id: each for each in changes if each.whole}
        put_all(self._dynamodb, self._table, [_row(each) for each in whole.values()])
        some: dict[str, ItemChange] = {}
        for each in changes:
            if not each.whole:
                known = some[each.item_id].values if each.item_id in some else {}
                some[each.item_id] = ItemChange(each.item_id, {**known, **each.values}, whole=False)
        return self._change_all(list(some.values())) if some else frozenset()

    def _change_all(self, changes: Sequence[ItemChange]) -> frozenset[str]:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # the send path reads items, never writes

        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(self._change, changes))
        return frozenset(each.item_id for each, known in zip(changes, found, strict=True) if not known)

    def _change(self, change: ItemChange) -> bool:
        try:
            self._dynamodb.update_item(TableName=self._table, **_update(change))
        except Exception as error:  # either client's; its code tells
            if error_code(error) == CONDITION_FAILED:
                return False
            raise
        return True


def _row(change: ItemChange) -> dict[str, Any]:
    values = {name: value for name, value in change.values.items() if value is not None}
    return to_item({"item_id": change.item_id, **values})


def _update(change: ItemChange) -> dict[str, Any]:
    given = [(index, name, value) for index, (name, value) in enumerate(change.values.items())]
    sets = [f"#a{index} = :v{index}" for index, _, value in given if value is not None]
    removes = [f"#a{index}" for index, _, value in given if value is None]
    clauses = [f"SET {', '.join(sets)}"] + ([f"REMOVE {', '.join(removes)}"] if removes else [])
    return {
        "Key": {"item_id": {"S": change.item_id}},
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": "attribute_exists(item_id)",
        "ExpressionAttributeNames": {f"#a{index}": name for index, name, _ in given},
        "ExpressionAttributeValues": {f":v{index}": to_value(value) for index, _, value in given if value is not None},
    }
