"""HTTP request with Segment messages -> Kinesis. What is answered with success is on the stream."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from addressee.adapters.http import Answer, Refused, Request, dispatch
from addressee.adapters.kinesis import KinesisStream
from addressee.adapters.log import log_metrics
from addressee.adapters.quarantine import QuarantineBucket
from addressee.adapters.secrets import Secret, basic_user, find_key
from addressee.events.declared import MAX_BATCH_BYTES, MAX_EVENT_BYTES
from addressee.events.event import Event, Kind, Refusal
from addressee.events.messages import NotAccepted, marks_of
from addressee.events.read import Reading, read_batch
from addressee.events.write import partition_key, stream_record
from addressee.settings import read_settings

FUNCTION = "collect_events"
QUARANTINE_THREADS = 16
KIND_OF: Mapping[str, Kind | None] = MappingProxyType(
    {
        "batch": None,
        "track": "track",
        "identify": "identify",
        "page": "page",
        "screen": "screen",
        "alias": "alias",
        "group": "group",
    }
)


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    event_stream: str
    quarantine_bucket: str
    keys_secret: str


@dataclass(frozen=True)
class Wiring:
    """What the routes need from outside."""

    stream: KinesisStream
    quarantine: QuarantineBucket
    keys: Secret


@cache
def wiring() -> Wiring:
    """Connect the routes to the stream, bucket and secret that the environment names."""
    settings = read_settings(Settings, os.environ)
    return Wiring(
        KinesisStream(settings.event_stream),
        QuarantineBucket(settings.quarantine_bucket),
        Secret(settings.keys_secret),
    )


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, Any]:
    """Answer one HTTP API request of a Segment-spec client; routes by name and by first letter."""
    del context
    wires = wired or wiring()
    routes: dict[str, Callable[[Request], Answer]] = {}
    for name, kind in KIND_OF.items():
        routes[f"POST /v1/{name}"] = routes[f"POST /v1/{name[0]}"] = partial(post_messages, kind=kind, wires=wires)
    return dispatch(event, routes, scope=None)


def post_messages(request: Request, *, kind: Kind | None, wires: Wiring) -> Answer:
    """Accept a batch (`kind` None) or a single call: check, read, quarantine what is refused, put what is accepted."""
    body = request.body()
    _check_key(request, body, wires.keys)
    limit = MAX_BATCH_BYTES if kind is None else MAX_EVENT_BYTES
    if len(body) > limit:
        raise Refused(413, "body", f"is larger than {limit} bytes")
    try:
        readings = read_batch(body, received_at_ms=request.received_at_ms, kind=kind)
    except NotAccepted as no:
        raise Refused(400, no.field or "body", no.reason) from None
    _quarantine(readings, request, wires.quarantine)
    events = [reading.result for reading in readings if isinstance(reading.result, Event)]
    failed = wires.stream.put([(partition_key(event), stream_record(event)) for event in events])
    return _answer(request, readings, events, len(failed))


def _check_key(request: Request, body: bytes, keys: Secret) -> None:
    sent = basic_user(request.headers.get("authorization", "")) or marks_of(body).write_key
    presented = sent if isinstance(sent, str) and sent else request.query.get("writeKey", "")
    found = find_key(presented, keys) if presented else None
    if found is None or found.scope != "write":
        raise Refused(401, "writeKey", "is missing, unknown or not a write key")


def _quarantine(readings: Sequence[Reading], request: Request, bucket: QuarantineBucket) -> None:
    """Keep every refused original; a pool, for a batch may hold thousands and each is one call."""
    refused = [(each.original, each.result) for each in readings if isinstance(each.result, Refusal)]
    if not refused:
        return

    def keep(original: bytes, refusal: Refusal) -> None:
        at_ms = request.received_at_ms
        bucket.put(refusal.reason, original, field=refusal.field, at_ms=at_ms, source=FUNCTION)

    with ThreadPoolExecutor(min(QUARANTINE_THREADS, len(refused))) as pool:
        for kept in [pool.submit(keep, *each) for each in refused]:
            kept.result()


def _answer(request: Request, readings: Sequence[Reading], events: Sequence[Event], failed: int) -> Answer:
    refused = [
        {"index": index, "messageId": no.message_id, "field": no.field, "reason": no.reason}
        for index, no in enumerate(reading.result for reading in readings)
        if isinstance(no, Refusal)
    ]
    metrics = {
        "EventsAccepted": 0 if failed else len(events),
        "EventsRefused": len(refused),
        "EventsNotPut": len(events) if failed else 0,
        "AddressesDropped": sum(event.dropped_addresses for event in events),
    }
    log_metrics("events collected", metrics, function=FUNCTION, route=request.route, unput_records=failed)
    if failed:
        return Answer(503, {"error": {"field": "body", "reason": "could not be stored; send it again, whole"}})
    if not events:
        error = {"field": refused[0]["field"], "reason": refused[0]["reason"]}
        return Answer(400, {"error": error, "refused": refused})
    return Answer(200, {"success": True, "refused": refused})
