"""Everybody in the Profiles table, read by a parallel Scan: who could be mailed at all, as `Person`."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from math import ceil
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item
from addressee.adapters.log import log
from addressee.decisions.person import Person, read_person
from addressee.profiles.packing import DamagedState

SEGMENT_BYTES = 16 * 2**20
MAX_SEGMENTS = 1000
UNIT_BYTES = 8192
"""What an eventually consistent read may read for one capacity unit."""
NEEDED = frozenset({"person", "consent"})
Typed = Mapping[str, Any]


class ProfileScan:
    """Reads people; it never writes. Pages are read as they are needed."""

    def __init__(
        self,
        table: str,
        dynamodb: Any = None,  # noqa: ANN401  # a botocore client
        *,
        purpose: str = "email",
        on_damaged: Callable[[str], None] | None = None,
    ) -> None:
        """Wrap `table`; `purpose` names the consent that counts; `on_damaged` hears of subjects left out, see below."""
        self._table, self._purpose = table, purpose
        self._dynamodb = dynamodb or client("dynamodb")
        self._on_damaged = on_damaged or _log_damaged

    def segments(self) -> int:
        """Choose into how many segments the table is cut: about 16 MB each, at most 1,000.

        DynamoDB knows a table's size of up to six hours ago; after an import that would be one segment for a million
        people. So a thousandth of the table is counted as well, at most one page of it, and the larger guess holds.
        """
        told = int(self._dynamodb.describe_table(TableName=self._table)["Table"].get("TableSizeBytes", 0))
        sample = self._dynamodb.scan(
            TableName=self._table,
            Segment=0,
            TotalSegments=MAX_SEGMENTS,
            Select="COUNT",
            ReturnConsumedCapacity="TOTAL",
        )
        units = float(sample["ConsumedCapacity"]["CapacityUnits"]) if sample["Count"] else 0.0
        guessed = max(told, units * UNIT_BYTES * MAX_SEGMENTS)
        return min(max(ceil(guessed / SEGMENT_BYTES), 1), MAX_SEGMENTS)

    def persons(self, segment: int, of: int) -> Iterator[Person]:
        """Read the people of a segment who have an address and a `consent` row.

        Visitors without a `person` row and pointers of merged ones are nobody. Somebody whose packed state is damaged
        is left out and told of: whether they may be mailed cannot be known.
        """
        for subject, rows in groupby(self._items(segment, of), key=lambda item: str(item["subject"]["S"])):
            parts = {item["part"]["S"]: item for item in rows}
            if not parts.keys() >= NEEDED or "address" not in parts["person"]:
                continue
            try:
                yield read_person(subject, map(from_item, parts.values()), purpose=self._purpose)
            except DamagedState:
                self._on_damaged(subject)

    def _items(self, segment: int, of: int) -> Iterator[Typed]:
        """Read a segment's rows; those of one subject stand together, over the ends of pages too."""
        asked = {"TableName": self._table, "Segment": segment, "TotalSegments": of, "ConsistentRead": True}
        page = self._dynamodb.scan(**asked)
        yield from page["Items"]
        while "LastEvaluatedKey" in page:
            page = self._dynamodb.scan(**asked, ExclusiveStartKey=page["LastEvaluatedKey"])
            yield from page["Items"]


def _log_damaged(subject: str) -> None:
    log("damaged state", level="WARNING", subject=subject)
