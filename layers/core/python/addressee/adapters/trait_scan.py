"""What everybody in the Profiles table declared, read by a parallel Scan: some traits alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item
from addressee.adapters.scan import scan_all
from addressee.profiles.traits import PREFIX, TraitChange, read_traits

PART = "traits"


class TraitScan:
    """Reads traits; it never writes."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401  # a botocore client
        """Wrap `table`."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def traits(self, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, TraitChange]]]:
        """Give everybody who declared anything, each subject once, with those of the traits `names` that they have.

        The Scan reads (and costs) the whole table; what comes over the wire is only these traits.
        """
        attributes = {f"#t{place}": PREFIX + name for place, name in enumerate(names)}
        rows = scan_all(
            self._dynamodb,
            TableName=self._table,
            FilterExpression="#part = :traits",
            ProjectionExpression=", ".join(["#subject", "#part", *attributes]),
            ExpressionAttributeNames={"#subject": "subject", "#part": "part", **attributes},
            ExpressionAttributeValues={":traits": {"S": PART}},
        )
        for row in map(from_item, rows):
            if row["part"] == PART:
                yield row["subject"], read_traits(row)
