"""Subscribers and catalogue from files: the rows of `PUT /v1/users` and `PUT /v1/items`, read by the same rules."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from addressee.events.declared import TRAIT_OF
from addressee.events.event import Refusal
from addressee.profiles.items import ItemChange, ItemStore, read_item_row
from addressee.profiles.people import PersonChange, PersonStore
from addressee.profiles.sync import read_user_row
from cli.columns import Columns, Row, Source, UnreadableFile
from cli.refusals import Run

ROWS_PER_CALL = 500
CALLS_AT_ONCE = 4
CONSENT = re.compile(r"consent_([a-z][a-z0-9_]*?)(?:_(proof|at|source))?")
SUBSCRIBERS = Columns(
    needed=("user_id",),
    known=("address", "first_name", "time_zone", "locale", "at"),
    aliases={
        "user_id": ("customer_id", "subscriber_id", "id"),
        "address": ("email", "email_address", "e-mail"),
        "first_name": ("given_name", "forename"),
        "at": ("updated_at",),
    },
)
ITEMS = Columns(
    needed=("item_id",),
    known=(
        *("title", "category", "price", "currency", "in_stock", "url", "image", "brand", "locale", "description"),
        *("repurchase_days", "valid_from", "valid_until"),
    ),
    aliases={"item_id": ("product_id", "sku", "id"), "title": ("name",), "image": ("image_url",), "url": ("link",)},
)
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_STATED = (("address", "address"), ("first_name", "firstName"), ("time_zone", "timeZone"), ("locale", "locale"))
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class SubscriberColumns:
    """Where a file of subscribers keeps what: fields, consent cells and traits, each by column."""

    fields: Mapping[str, str]
    consent: Mapping[tuple[str, str], str]
    traits: Mapping[str, str]

    @property
    def every(self) -> dict[str, str]:
        """All columns, under names that do not meet."""
        consent = {f"consent {purpose} {part}": column for (purpose, part), column in self.consent.items()}
        return {**self.fields, **consent, **{f"trait {name}": column for name, column in self.traits.items()}}


def subscriber_columns(names: Sequence[str], mapping: Mapping[str, str], traits: Sequence[str]) -> SubscriberColumns:
    """Sort a file's columns: known fields, `consent_<purpose>[_proof|_at|_source]`, declared traits, and `traits`.

    `traits` are further ones, `name` or `name=column`. Raises `UnreadableFile`.
    """
    fields = SUBSCRIBERS.find(names, mapping)
    left = [name for name in names if name not in fields.values()]
    consent = {(match[1], match[2] or "granted"): name for name in left if (match := CONSENT.fullmatch(name))}
    declared = {TRAIT_OF[name]: name for name in left if name in TRAIT_OF}
    asked = {name: column or name for name, _, column in (each.partition("=") for each in traits)}
    missing = sorted(set(asked.values()) - set(names))
    if missing:
        raise UnreadableFile(f"there is no column {', '.join(missing)}; there are {', '.join(names)}")
    return SubscriberColumns(fields, consent, {**declared, **asked})


def subscriber_row(row: Mapping[str, str], at: str) -> dict[str, Any]:
    """Build the body's row of a file's row; `at` stands where the row names no time."""
    body: dict[str, Any] = {"userId": row.get("user_id"), "at": row.get("at", at), "traits": {}, "consent": {}}
    body |= {new: row[old] for old, new in _STATED if old in row}
    for name, cell in row.items():
        kind, _, rest = name.partition(" ")
        if kind == "trait":
            body["traits"][rest] = cell
        elif kind == "consent":
            purpose, part = rest.split(" ")
            said = body["consent"].setdefault(purpose, {})
            said[part] = _TRUTH.get(cell.lower(), cell) if part == "granted" else cell
    body["consent"] = {purpose: said for purpose, said in body["consent"].items() if "granted" in said}
    return body


def undated_grant(row: Mapping[str, str]) -> Refusal | None:
    """Refuse a grant without a time: by the file's own, an old list copied today would outweigh yesterday's no."""
    for name, cell in row.items():
        kind, _, rest = name.partition(" ")
        purpose, _, part = rest.partition(" ")
        grants = kind == "consent" and part == "granted" and _TRUTH.get(cell.lower()) is True
        if grants and not (row.get(f"consent {purpose} at") or row.get("at")):
            return Refusal(f"consent.{purpose}.at", "a grant in a file needs the time at which it was given")
    return None


def item_row(row: Mapping[str, str]) -> dict[str, Any]:
    """Build the body's row of a catalogue file's row; what does not read as number or truth stays, to be refused."""
    body: dict[str, Any] = {_camel(name): cell for name, cell in row.items()}
    if _NUMBER.fullmatch(row.get("price", "")):
        body["price"] = float(row["price"])
    if row.get("repurchase_days", "").isdecimal():
        body["repurchaseDays"] = int(row["repurchase_days"])
    if "in_stock" in row:
        body["inStock"] = _TRUTH.get(row["in_stock"].lower(), row["in_stock"])
    return body


@dataclass(frozen=True)
class RowImport:
    """What an import of rows works with; `as_of_ms` is the time of what names none."""

    as_of_ms: int
    pool: Executor
    run: Run

    def subscribers(self, source: Source, columns: SubscriberColumns, people: PersonStore, *, key: bytes) -> None:
        """Write people, 500 a call."""
        at = datetime.fromtimestamp(self.as_of_ms / 1000, UTC).isoformat(timespec="milliseconds")
        source.name_fields(columns.every, tuple(columns.every))
        for rows in self._chunks(source.rows(tuple(columns.every))):
            read = [
                undated_grant(row) or read_user_row(subscriber_row(row, at), now_ms=self.run.now_ms, key=key)
                for row in rows
            ]
            people.apply_many([each for each in read if isinstance(each, PersonChange)])
            self._count(rows, [each if isinstance(each, Refusal) else None for each in read], "user_id")

    def items(self, source: Source, fields: Mapping[str, str], items: ItemStore, *, delta: bool) -> None:
        """Write items, 500 a call, some calls at once; `delta`: only the fields that the file has."""
        source.name_fields(fields, tuple(fields))
        chunks = self._chunks(source.rows(tuple(fields)))
        while some := [chunk for _, chunk in zip(range(CALLS_AT_ONCE), chunks, strict=False)]:
            refused = self.pool.map(lambda rows: self._write_items(rows, items, delta=delta), some)
            for rows, refusals in zip(some, refused, strict=True):
                self._count(rows, refusals, "item_id")

    def _write_items(self, rows: Sequence[Row], items: ItemStore, *, delta: bool) -> list[Refusal | None]:
        read = [read_item_row(item_row(row), whole=not delta, now_ms=self.as_of_ms) for row in rows]
        unknown = items.put_many([each for each in read if isinstance(each, ItemChange)])
        return [_refused(each, unknown) for each in read]

    def _count(self, rows: Sequence[Row], refused: Sequence[Refusal | None], id_name: str) -> None:
        report = self.run.report
        report.rows += len(rows)
        report.accepted += sum(refusal is None for refusal in refused)
        for row, refusal in zip(rows, refused, strict=True):
            if refusal is not None:
                self.run.refusals.add(row.get(id_name, ""), refusal.field, refusal.reason, json.dumps(row))
        self.run.advance(len(rows))

    @staticmethod
    def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
        chunk: list[Row] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == ROWS_PER_CALL:
                yield chunk
                chunk = []
        if chunk:
            yield chunk


def _refused(read: ItemChange | Refusal, unknown: frozenset[str]) -> Refusal | None:
    if isinstance(read, Refusal):
        return read
    return Refusal("itemId", "is not in the catalogue") if read.item_id in unknown else None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
