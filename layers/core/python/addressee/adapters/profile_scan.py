"""Everybody in the Profiles table, read by a parallel Scan: who could be mailed at all, as `Person`."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, islice
from math import ceil
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item
from addressee.adapters.log import log
from addressee.decisions.person import Person, read_person
from addressee.profiles.packing import DamagedState

SEGMENT_BYTES = 16 * 2**20
MAX_SEGMENTS = 1000
SAMPLE_PAGES = 16
"""Of a megabyte each: so large a thousandth means the most segments."""
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

        A thousandth of the table is read and weighed by what the read cost. (DynamoDB also tells a table's size, but
        that of up to six hours ago: after an import, one segment for a million people.)
        """
        units = sum(float(page["ConsumedCapacity"]["CapacityUnits"]) for page in islice(self._sample(), SAMPLE_PAGES))
        return min(max(ceil(units * UNIT_BYTES * MAX_SEGMENTS / SEGMENT_BYTES), 1), MAX_SEGMENTS)

    def _sample(self) -> Iterator[Typed]:
        sample = {"Select": "COUNT", "ReturnConsumedCapacity": "TOTAL"}
        return self._pages(Segment=0, TotalSegments=MAX_SEGMENTS, **sample)

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
        """Read a segment's rows; those of one subject stand together, over the ends of pages too.

        Eventually consistent, at half the price: what was written within the last second may be missing, and each
        mail's last check reads anew.
        """
        for page in self._pages(Segment=segment, TotalSegments=of):
            yield from page["Items"]

    def _pages(self, **asked: Any) -> Iterator[Typed]:  # noqa: ANN401  # DynamoDB's own names
        page = self._dynamodb.scan(TableName=self._table, **asked)
        yield page
        while "LastEvaluatedKey" in page:
            page = self._dynamodb.scan(TableName=self._table, ExclusiveStartKey=page["LastEvaluatedKey"], **asked)
            yield page


def _log_damaged(subject: str) -> None:
    log("damaged state", level="WARNING", subject=subject)
