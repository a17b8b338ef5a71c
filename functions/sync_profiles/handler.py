"""HTTP request -> people and catalogue. What was written is visible to the next decision."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from addressee.adapters.dynamo_items import DynamoItemStore
from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.http import Answer, Refused, Request, dispatch
from addressee.adapters.log import log
from addressee.adapters.secrets import Secret, subject_key
from addressee.events.event import Refusal
from addressee.profiles.items import MAX_ROWS as MAX_ITEM_ROWS
from addressee.profiles.items import ItemChange, ItemStore, read_item_row
from addressee.profiles.people import PersonChange, PersonStore
from addressee.profiles.sync import MAX_ROWS as MAX_USER_ROWS
from addressee.profiles.sync import read_user_row
from addressee.settings import read_settings


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    profiles_table: str
    items_table: str
    subject_secret: str


@dataclass(frozen=True)
class Wiring:
    """What the routes need from outside."""

    people: PersonStore
    items: ItemStore
    subject_secret: Secret


@cache
def wiring() -> Wiring:
    """Connect the routes to the tables that the environment names."""
    settings = read_settings(Settings, os.environ)
    return Wiring(
        DynamoPersonStore(settings.profiles_table),
        DynamoItemStore(settings.items_table),
        Secret(settings.subject_secret),
    )


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, Any]:
    """Answer one HTTP API request of a caller with the scope `admin`."""
    del context
    wires = wired or wiring()
    routes = {
        "PUT /v1/users/{id}": lambda request: put_user(request, wires),
        "PUT /v1/users": lambda request: put_users(request, wires),
        "PUT /v1/items": lambda request: put_items(request, wires),
    }
    return dispatch(event, routes, scope="admin")


def put_user(request: Request, wires: Wiring) -> Answer:
    """Write one person: address, traits, consent, time zone, locale."""
    change = read_user_row(
        request.json(),
        user_id=request.path.get("id", ""),
        now_ms=request.received_at_ms,
        key=subject_key(wires.subject_secret),
    )
    if isinstance(change, Refusal):
        raise Refused(400, change.field or "body", change.reason)
    wires.people.apply_many([change])
    log("user written", route=request.route, subject=change.subject)
    return Answer(200, {"ok": True, "userId": change.user_id})


def put_users(request: Request, wires: Wiring) -> Answer:
    """Write many people, one result per row."""
    key = subject_key(wires.subject_secret)
    rows = _rows(request, "users", MAX_USER_ROWS)
    read = [read_user_row(row, now_ms=request.received_at_ms, key=key) for row in rows]
    wires.people.apply_many([each for each in read if isinstance(each, PersonChange)])
    return _results(request, rows, "userId", [each if isinstance(each, Refusal) else None for each in read])


def put_items(request: Request, wires: Wiring) -> Answer:
    """Write many items, whole or some of their fields (`mode`: `full`, the default, or `delta`), one result per row."""
    rows = _rows(request, "items", MAX_ITEM_ROWS)
    mode = request.json().get("mode", "full")
    if mode not in ("full", "delta"):  # a set cannot be asked for what is not hashable
        raise Refused(400, "mode", "must be full or delta")
    read = [read_item_row(row, whole=mode == "full", now_ms=request.received_at_ms) for row in rows]
    unknown = wires.items.put_many([each for each in read if isinstance(each, ItemChange)])
    return _results(request, rows, "itemId", [_refused_item(each, unknown) for each in read])


def _refused_item(read: ItemChange | Refusal, unknown: frozenset[str]) -> Refusal | None:
    if isinstance(read, Refusal):
        return read
    return Refusal("itemId", "is not in the catalogue") if read.item_id in unknown else None


def _rows(request: Request, name: str, limit: int) -> Sequence[object]:
    body = request.json()
    rows = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not rows:
        raise Refused(400, name, "must be a list that is not empty")
    if len(rows) > limit:
        raise Refused(413, name, f"holds more than {limit} rows")
    return rows


def _results(request: Request, rows: Sequence[object], id_name: str, refused: Sequence[Refusal | None]) -> Answer:
    results = [
        {"index": index, "id": _id_of(row, id_name), "ok": refusal is None}
        | ({} if refusal is None else {"error": {"field": refusal.field, "reason": refusal.reason}})
        for index, (row, refusal) in enumerate(zip(rows, refused, strict=True))
    ]
    accepted = sum(refusal is None for refusal in refused)
    log("rows written", route=request.route, rows=len(rows), accepted=accepted)
    return Answer(200 if accepted else 400, {"results": results})


def _id_of(row: object, id_name: str) -> str | None:
    given = row.get(id_name) if isinstance(row, Mapping) else None
    return given if isinstance(given, str) else None
