"""The catalogue in memory, by the same rules as the table."""

from collections.abc import Sequence
from typing import Any

from addressee.profiles.items import Item, ItemChange, item_of


class InMemoryItemStore:
    """An `ItemStore` whose `rows` are item id -> the stored row."""

    def __init__(self) -> None:
        """Sell nothing."""
        self.rows: dict[str, dict[str, Any]] = {}

    def get_many(self, item_ids: Sequence[str]) -> dict[str, Item]:
        """Read items by id; those that do not exist are absent."""
        return {item_id: item_of(self.rows[item_id]) for item_id in item_ids if item_id in self.rows}

    def put_many(self, changes: Sequence[ItemChange]) -> frozenset[str]:
        """Apply whole items, then changes of some fields; the ids of those that do not exist."""
        for change in changes:
            if change.whole:
                self.rows[change.item_id] = {"item_id": change.item_id}
                self._change(change)
        some = [each for each in changes if not each.whole]
        for change in some:
            if change.item_id in self.rows:
                self._change(change)
        return frozenset(each.item_id for each in some if each.item_id not in self.rows)

    def _change(self, change: ItemChange) -> None:
        row = {**self.rows[change.item_id], **change.values}
        self.rows[change.item_id] = {name: value for name, value in row.items() if value is not None}
