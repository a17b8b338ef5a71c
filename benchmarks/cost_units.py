"""What metered calls come to in DynamoDB's units: sizes of the items that they name, as DynamoDB counts them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

READ_BYTES, WRITE_BYTES, PAGE_BYTES = 4_096, 1_024, 1_048_576
Typed = Mapping[str, Any]
Key = tuple[str, ...]


class Units(NamedTuple):
    """Request units, reads and writes."""

    reads: float = 0.0
    writes: float = 0.0


class Sizes:
    """Bytes of every item of the metered tables, by table and key, as they are after the run."""

    def __init__(self, tables: Mapping[str, tuple[Key, Iterable[Typed]]]) -> None:
        """Take for each table the names of its key's attributes and its items in typed form."""
        self._keys = {table: names for table, (names, _) in tables.items()}
        self._bytes = {
            table: {self._key(table, item): item_bytes(item) for item in items} for table, (_, items) in tables.items()
        }

    def mean(self, table: str) -> float:
        """Average the items of a table, bytes."""
        sizes = self._bytes[table].values()
        return sum(sizes) / max(len(sizes), 1)

    def of(self, table: str, key: Typed) -> int:
        """Return an item's size; one that is not there reads as empty."""
        return self._bytes.get(table, {}).get(self._key(table, key), 0)

    def of_partition(self, table: str, value: str) -> int:
        """Sum up the items of one partition, bytes."""
        return sum(size for key, size in self._bytes.get(table, {}).items() if key[0] == value)

    def of_table(self, table: str) -> int:
        """Sum up all items, bytes."""
        return sum(self._bytes.get(table, {}).values())

    def _key(self, table: str, item: Typed) -> Key:
        return tuple(str(item[name]["S"]) for name in self._keys.get(table, ()))


def units_of(operation: str, body: Typed, sizes: Sizes) -> Units:
    """Count the units of one call (DynamoDB Developer Guide, "DynamoDB read and write operations")."""
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        return Units(writes=_writes(max(sizes.of(body["TableName"], body.get("Item") or body["Key"]), 1)))
    if operation == "BatchWriteItem":
        return Units(writes=sum(_writes(max(size, 1)) for size in _batch_sizes(body, sizes)))
    if operation == "TransactWriteItems":
        return Units(writes=2.0 * sum(_transacted(each, sizes) for each in body["TransactItems"]))
    return Units(reads=_reads(operation, body, sizes))


def _reads(operation: str, body: Typed, sizes: Sizes) -> float:
    share = 1.0 if body.get("ConsistentRead") else 0.5
    if operation == "GetItem":
        return share * _read_units(sizes.of(body["TableName"], body["Key"]))
    if operation == "BatchGetItem":
        return sum(_batch_reads(table, ask, sizes) for table, ask in body["RequestItems"].items())
    if operation == "Query":
        if "IndexName" in body:
            return share  # keys alone: a page of some forty entries a unit; at least one
        values = body["ExpressionAttributeValues"].values()
        return share * _read_units(max(sizes.of_partition(body["TableName"], each.get("S", "")) for each in values))
    if operation == "Scan":
        page = min(sizes.of_table(body["TableName"]) / max(body.get("TotalSegments", 1), 1), PAGE_BYTES)
        return share * _read_units(page)
    return 0.0


def _batch_reads(table: str, ask: Typed, sizes: Sizes) -> float:
    share = 1.0 if ask.get("ConsistentRead") else 0.5
    return sum(share * _read_units(sizes.of(table, key)) for key in ask["Keys"])


def _batch_sizes(body: Typed, sizes: Sizes) -> Iterator[int]:
    for table, requests in body["RequestItems"].items():
        for request in requests:
            named = request.get("PutRequest", {}).get("Item") or request["DeleteRequest"]["Key"]
            yield sizes.of(table, named)


def _transacted(each: Typed, sizes: Sizes) -> float:
    ((_, asked),) = each.items()
    return _writes(max(sizes.of(asked["TableName"], asked.get("Item") or asked["Key"]), 1))


def _read_units(size: float) -> float:
    return float(max(-(-size // READ_BYTES), 1))


def _writes(size: float) -> float:
    return float(-(-size // WRITE_BYTES))


def item_bytes(item: Typed) -> int:
    """Return an item's size: names and values (Developer Guide, "DynamoDB item sizes and formats")."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Typed) -> int:  # noqa: PLR0911  # one return per DynamoDB type
    ((tag, inner),) = value.items()
    match tag:
        case "S":
            return len(inner.encode())
        case "N":
            return len(inner) // 2 + 2
        case "B":
            return len(bytes(inner))
        case "SS" | "NS":
            return sum(len(each.encode()) for each in inner)
        case "L":
            return 3 + sum(1 + _value_bytes(each) for each in inner)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_bytes(each) for name, each in inner.items())
    return 1
