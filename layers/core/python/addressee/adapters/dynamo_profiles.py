"""Table Profiles: the `state` rows, written conditionally on their version, and the merge of anonymous ids."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from botocore.exceptions import ClientError

from addressee.adapters.aws import client
from addressee.adapters.dynamo import CONDITION_FAILED, error_code, from_item, to_item
from addressee.adapters.dynamo_batches import READ_ROWS, get_all
from addressee.profiles.ports import Pointer, StateRow

PART = "state"
NOT_THERE = "attribute_not_exists(subject)"
AS_READ = "version = :version"
LOST_RACE = {CONDITION_FAILED, "TransactionConflictException"}
LOST_RACE_IN_TRANSACTION = {"None", "ConditionalCheckFailed", "TransactionConflict"}


class DynamoProfileStore:
    """The `ProfileStore` over DynamoDB. A pointer has no `version`, so a write meant for a state never hits one."""

    def __init__(self, table: str, pool: Executor, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Name the table; `pool` runs the calls of a large read at once; `dynamodb` is a botocore client."""
        self._table, self._pool = table, pool
        self._dynamodb = dynamodb or client("dynamodb")

    def read(self, subjects: Iterable[str]) -> dict[str, StateRow]:
        """Read rows, `READ_ROWS` a call, the calls at once; a subject without row gets one of version 0."""
        wanted = list(dict.fromkeys(subjects))
        rows = {subject: StateRow(subject) for subject in wanted}
        chunks = [wanted[start : start + READ_ROWS] for start in range(0, len(wanted), READ_ROWS)]
        for found in self._pool.map(self._read_chunk, chunks):
            rows.update((row.subject, row) for row in found)
        return rows

    def _read_chunk(self, subjects: Sequence[str]) -> list[StateRow]:
        keys = [to_item({"subject": subject, "part": PART}) for subject in subjects]
        return [_row(item) for item in get_all(self._dynamodb, self._table, keys)]

    def write(self, subject: str, packed: bytes, *, version: int) -> bool:
        """Put the state; False where somebody else wrote it, or made it a pointer, since it was read."""
        try:
            self._dynamodb.put_item(**self._put(_state_item(subject, packed, version), version))
        except ClientError as error:
            if error_code(error) in LOST_RACE:
                return False
            raise
        return True

    def merge(self, subject: str, packed: bytes, *, version: int, pointers: Sequence[Pointer]) -> bool:
        """Write the user's state and the pointers in one transaction; False where any of the rows moved meanwhile."""
        puts = [self._put(_state_item(subject, packed, version), version)]
        puts += [self._put(_pointer_item(each, subject), each.version) for each in pointers]
        try:
            self._dynamodb.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            if error_code(error) == "TransactionCanceledException" and _lost_race(error):
                return False
            raise
        return True

    def _put(self, item: dict[str, Any], version: int) -> dict[str, Any]:
        put: dict[str, Any] = {"TableName": self._table, "Item": item, "ConditionExpression": NOT_THERE}
        if version:
            put |= {"ConditionExpression": AS_READ, "ExpressionAttributeValues": {":version": {"N": str(version)}}}
        return put


def _state_item(subject: str, packed: bytes, version: int) -> dict[str, Any]:
    return to_item({"subject": subject, "part": PART, "version": version + 1, "packed": packed})


def _pointer_item(pointer: Pointer, user: str) -> dict[str, Any]:
    key = {"subject": pointer.anonymous_subject, "part": PART}
    made = {"merged_by": pointer.merged_by, "merged_at_ms": pointer.merged_at_ms}
    return to_item({**key, "merged_into": user, **made})


def _row(item: Mapping[str, Any]) -> StateRow:
    row = from_item(item)
    return StateRow(
        subject=row["subject"],
        version=row.get("version", 0),
        packed=row.get("packed", b""),
        merged_into=row.get("merged_into", ""),
        merged_by=row.get("merged_by", ""),
        merged_at_ms=row.get("merged_at_ms", 0),
    )


def _lost_race(error: ClientError) -> bool:
    """Say whether a transaction failed on conditions or a concurrent one alone; a throttled one is trouble."""
    reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", ())
    return bool(reasons) and {str(each.get("Code", "None")) for each in reasons} <= LOST_RACE_IN_TRANSACTION
