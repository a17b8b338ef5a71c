"""The `person`, `traits` and `consent` rows of the Profiles table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import CONDITION_FAILED, error_code, from_item, to_item, to_value
from addressee.adapters.dynamo_batches import get_all
from addressee.profiles.consent import PAUSED, ConsentChange, consent_cells, newer_consent, read_consent
from addressee.profiles.people import PersonChange
from addressee.profiles.traits import Stamp, TraitChange, newer_traits, read_traits, trait_cells

MAX_ATTEMPTS = 8
TRANSACTION_ROWS = 100
Typed = dict[str, Any]


class RowStaysContended(Exception):
    """Other writers won every one of `MAX_ATTEMPTS` conditional writes of a row."""


class DynamoPersonStore:
    """A `PersonStore` on the Profiles table: read, merge, write on condition that what was read still stands."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:  # noqa: ANN401
        """Wrap `table`; `dynamodb` is a botocore client, the process's own by default."""
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def apply(self, subject: str, *, traits: Sequence[TraitChange] = (), consent: Sequence[ConsentChange] = ()) -> None:
        """Merge traits and consent, each attribute by its own stamp. Raises `RowStaysContended`."""
        if traits:
            self._merge(subject, "traits", lambda row: _trait_cells(row, traits))
        if consent:
            self._merge(subject, "consent", lambda row: _consent_cells(row, consent))

    def consent_row(self, subject: str) -> Mapping[str, Any]:
        """Read the `consent` row as it is now; empty where there is none."""
        answer = self._dynamodb.get_item(TableName=self._table, Key=_key(subject, "consent"), ConsistentRead=True)
        return from_item(answer.get("Item", {}))

    def pause(self, subject: str, until_ms: int, stamp: Stamp) -> None:
        """Let no mail go out before `until_ms` (0 ends a pause), unless a newer stamp said otherwise."""
        self._written(_pause_update(subject, until_ms, stamp))

    def put_person(self, subject: str, user_id: str, address: str | None, first_name: str | None = None) -> None:
        """Write the `person` row; an address or a first name of None leaves the known one, an empty one removes it."""
        self._dynamodb.update_item(TableName=self._table, **_person_update(subject, user_id, address, first_name))

    def apply_many(self, changes: Sequence[PersonChange]) -> None:
        """Apply many people's changes: one batch read, then transactions of up to 100 conditional updates.

        A transaction that somebody else's write cancelled is done again person by person.
        """
        people = _one_each(changes)
        rows = get_all(
            self._dynamodb, self._table, [_key(each.subject, part) for each in people for part in _parts(each)]
        )
        stored = {(row["subject"]["S"], row["part"]["S"]): row for row in rows}
        for chunk in _chunks([(each, _updates(each, stored)) for each in people]):
            self._transact(chunk)

    def carry_over(self, visitors: Sequence[tuple[str, str]]) -> None:
        """Give users what their visitors declared and withdrew; one batch read where there is nothing to give."""
        user_of = dict(visitors)
        keys = [_key(visitor, part) for visitor in user_of for part in ("traits", "consent")]
        rows = [from_item(row) for row in get_all(self._dynamodb, self._table, keys)]
        self.apply_many([_carried(row, user_of[row["subject"]]) for row in rows])

    def _transact(self, chunk: Sequence[tuple[PersonChange, Sequence[Typed]]]) -> None:
        actions = [{"Update": {"TableName": self._table, **update}} for _, updates in chunk for update in updates]
        if not actions:
            return
        try:
            self._dynamodb.transact_write_items(TransactItems=actions)
        except Exception as error:  # either client's; its code tells
            if error_code(error) != "TransactionCanceledException":
                raise
            for change, _ in chunk:
                self._apply_one(change)

    def _apply_one(self, change: PersonChange) -> None:
        if change.user_id:
            self.put_person(change.subject, change.user_id, change.address, change.first_name)
        self.apply(change.subject, traits=change.traits, consent=change.consent)

    def _merge(self, subject: str, part: str, cells_for: Callable[[Typed], Typed]) -> None:
        for _ in range(MAX_ATTEMPTS):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(subject, part), ConsistentRead=True)
            row = answer.get("Item", {})
            update = _cells_update(subject, part, cells_for(row), row)
            if update is None or self._written(update):
                return
        raise RowStaysContended(part)

    def _written(self, update: Typed) -> bool:
        try:
            self._dynamodb.update_item(TableName=self._table, **update)
        except Exception as error:  # either client's; its code tells
            if error_code(error) in {CONDITION_FAILED, "TransactionConflictException"}:
                return False
            raise
        return True


def _carried(row: Typed, user: str) -> PersonChange:
    return PersonChange(user, traits=[*read_traits(row).values()], consent=[*read_consent(row).values()])


def _one_each(changes: Sequence[PersonChange]) -> list[PersonChange]:
    people: dict[str, PersonChange] = {}
    for change in changes:
        known = people.get(change.subject)
        people[change.subject] = change if known is None else _joined(known, change)
    return list(people.values())


def _joined(known: PersonChange, change: PersonChange) -> PersonChange:
    return replace(
        change,
        user_id=change.user_id or known.user_id,
        address=known.address if change.address is None else change.address,
        first_name=known.first_name if change.first_name is None else change.first_name,
        traits=[*known.traits, *change.traits],
        consent=[*known.consent, *change.consent],
    )


def _parts(change: PersonChange) -> Iterator[str]:
    if change.user_id:
        yield "person"
    if change.traits:
        yield "traits"
    if change.consent:
        yield "consent"


def _updates(change: PersonChange, stored: Mapping[tuple[str, str], Typed]) -> list[Typed]:
    rows = {part: stored.get((change.subject, part), {}) for part in _parts(change)}
    updates = []
    if "person" in rows and not _same_person(rows["person"], change):
        updates.append(_person_update(change.subject, change.user_id, change.address, change.first_name))
    for part, cells in (
        ("traits", _trait_cells(rows.get("traits", {}), change.traits)),
        ("consent", _consent_cells(rows.get("consent", {}), change.consent)),
    ):
        update = _cells_update(change.subject, part, cells, rows.get(part, {}))
        updates.extend([update] if update else [])
    return updates


def _same_person(row: Typed, change: PersonChange) -> bool:
    known = from_item(row)
    said = {"address": change.address, "first_name": change.first_name}
    same = all(value is None or known.get(name, "") == value for name, value in said.items())
    return same and known.get("user_id") == change.user_id


def _chunks(
    people: Sequence[tuple[PersonChange, Sequence[Typed]]],
) -> Iterator[list[tuple[PersonChange, Sequence[Typed]]]]:
    chunk: list[tuple[PersonChange, Sequence[Typed]]] = []
    size = 0
    for each in people:
        if size + len(each[1]) > TRANSACTION_ROWS:
            yield chunk
            chunk, size = [], 0
        chunk.append(each)
        size += len(each[1])
    yield chunk


def _trait_cells(row: Typed, changes: Sequence[TraitChange]) -> Typed:
    return to_item(trait_cells(newer_traits(read_traits(from_item(row)), changes).values()))


def _consent_cells(row: Typed, changes: Sequence[ConsentChange]) -> Typed:
    return to_item(consent_cells(newer_consent(read_consent(from_item(row)), changes).values()))


def _key(subject: str, part: str) -> Typed:
    return {"subject": {"S": subject}, "part": {"S": part}}


def _person_update(subject: str, user_id: str, address: str | None, first_name: str | None) -> Typed:
    said = {"address": address, "first_name": first_name}
    kept = {"user_id": user_id, **{name: value for name, value in said.items() if value}}
    gone = [name for name, value in said.items() if value == ""]
    expression = "SET " + ", ".join(f"{name} = :{name}" for name in kept)
    return {
        "Key": _key(subject, "person"),
        "UpdateExpression": expression + (f" REMOVE {', '.join(gone)}" if gone else ""),
        "ExpressionAttributeValues": {f":{name}": to_value(value) for name, value in kept.items()},
    }


def _pause_update(subject: str, until_ms: int, stamp: Stamp) -> Typed:
    """Set the pause where none is known or its stamp is older: by time, at the same time by id."""
    older = "#p.#at < :at OR (#p.#at = :at AND #p.id < :id)"
    return {
        "Key": _key(subject, "consent"),
        "UpdateExpression": "SET #p = :pause",
        "ConditionExpression": f"attribute_not_exists(#p) OR {older}",
        "ExpressionAttributeNames": {"#p": PAUSED, "#at": "at"},
        "ExpressionAttributeValues": to_item(
            {":pause": {"until": until_ms, "at": stamp.at_ms, "id": stamp.id}, ":at": stamp.at_ms, ":id": stamp.id}
        ),
    }


def _cells_update(subject: str, part: str, cells: Typed, row: Typed) -> Typed | None:
    """Set `cells`, if each of them still is what `row` holds; None when there is nothing to set."""
    if not cells:
        return None
    names = {f"#a{index}": name for index, name in enumerate(cells)}
    values = {f":n{index}": cell for index, cell in enumerate(cells.values())}
    known = {f":k{index}": row[name] for index, name in enumerate(cells) if name in row}
    conditions = [
        f"#a{index} = :k{index}" if name in row else f"attribute_not_exists(#a{index})"
        for index, name in enumerate(cells)
    ]
    return {
        "Key": _key(subject, part),
        "UpdateExpression": "SET " + ", ".join(f"#a{index} = :n{index}" for index in range(len(cells))),
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {**values, **known},
    }
