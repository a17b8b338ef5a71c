"""DynamoDB's parallel Scan in memory, two rows a page."""

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from addressee.adapters.dynamo import to_item

PAGE_ROWS = 2


class InMemoryTables:
    """A botocore client of tables that are only scanned: name -> rows as plain values, the first key as in `keys`.

    Filters and projections are not applied: they spare DynamoDB's wire, and no caller may rely on them for what it
    reads.
    """

    def __init__(self, **tables: Sequence[Mapping[str, Any]]) -> None:
        """Hold these tables."""
        self.tables = {name: list(rows) for name, rows in tables.items()}

    def scan(self, *, TableName: str, Segment: int = 0, TotalSegments: int = 1, **asked: Any) -> dict[str, Any]:  # noqa: N803  # botocore's own
        """Answer one page of a segment."""
        rows = [row for row in self.tables[TableName] if crc32(repr(row).encode()) % TotalSegments == Segment]
        start = int(asked.get("ExclusiveStartKey", {}).get("place", {"N": "0"})["N"])
        page = {"Items": [to_item(row) for row in rows[start : start + PAGE_ROWS]]}
        more = start + PAGE_ROWS < len(rows)
        return {**page, "LastEvaluatedKey": {"place": {"N": str(start + PAGE_ROWS)}}} if more else page
