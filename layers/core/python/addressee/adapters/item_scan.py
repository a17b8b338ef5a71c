"""The whole catalogue, read by a parallel Scan of the Items table."""

from collections.abc import Iterator
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item
from addressee.adapters.scan import scan_all
from addressee.profiles.items import Item, item_of


class ItemScan:
    """Reads items; it never writes."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401  # a botocore client
        """Wrap `table`."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def items(self) -> Iterator[Item]:
        """Read every item once, in no order, pages as they are needed."""
        for row in scan_all(self._dynamodb, TableName=self._table):
            yield item_of(from_item(row))
