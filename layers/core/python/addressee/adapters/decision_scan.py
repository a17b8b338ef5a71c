"""The Decisions table, read whole by a Scan: which models were asked since a time, and which of them failed."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import from_item
from addressee.decisions.decision import from_body
from addressee.models.arms import Asked

MOST_DECISIONS = 200_000
"""Enough for any verdict; the table's order is that of a hash of the subjects, thus the first ones are a sample."""


class DecisionScan:
    """Reads decisions; it never writes. Eventually consistent, at half the price."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table, self._dynamodb = table, dynamodb or client("dynamodb")

    def asked_since(self, at_ms: int, *, most: int = MOST_DECISIONS) -> Iterator[Asked]:
        """Read decisions of `at_ms` or later, at most `most` of them, a page as it is needed."""
        seen: dict[frozenset[str], frozenset[str]] = {}
        for item in islice(self._items(at_ms), most):
            decision = from_body(from_item(item)["body"])
            kinds, faults = (frozenset(each) for each in (decision.models, decision.faults))
            kinds, faults = seen.setdefault(kinds, kinds), seen.setdefault(faults, faults)  # few differ: keep each once
            yield Asked(decision.subject, decision.decided_at_ms, kinds, faults)

    def _items(self, at_ms: int) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "TableName": self._table,
            "ProjectionExpression": "body",
            "FilterExpression": "decided_at_ms >= :since",
            "ExpressionAttributeValues": {":since": {"N": str(at_ms)}},
        }
        page = self._dynamodb.scan(**asked)
        yield from page["Items"]
        while "LastEvaluatedKey" in page:
            page = self._dynamodb.scan(**asked, ExclusiveStartKey=page["LastEvaluatedKey"])
            yield from page["Items"]
