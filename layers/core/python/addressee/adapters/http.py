"""API Gateway's HTTP events (payload 2.0) to requests, answers back, and errors to 4xx with field and reason."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from addressee.adapters.log import log

MAX_INFLATED_BYTES = 2_000_000
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """A status and a body that is not JSON: a page, a picture, or nothing beside a redirect's `location`."""

    status: int
    body: str | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Callable[["Request"], Answer | Content]


class Refused(Exception):
    """The caller's mistake: a 4xx that names the field and the reason."""

    def __init__(self, status: int, field: str, reason: str) -> None:
        """Say which status, which field and why."""
        super().__init__(f"{field}: {reason}")
        self.answer = Answer(status, {"error": {"field": field, "reason": reason}})


@dataclass(frozen=True)
class Request:
    """One HTTP request, as a handler needs it."""

    route: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    scope: str
    received_at_ms: int
    raw_event: Mapping[str, Any]

    def body(self) -> bytes:
        """Return the body's bytes: base64 undone, gzip inflated up to a limit. Raises `Refused` (400, 413)."""
        text = self.raw_event.get("body") or ""
        try:
            data = base64.b64decode(text) if self.raw_event.get("isBase64Encoded") else _unmarked(text)
        except ValueError:
            raise Refused(400, "body", "is not base64") from None
        if data[:2] == b"\x1f\x8b":
            return _inflate(data)
        if self.headers.get("content-encoding", "").lower() == "gzip" and data[:1] not in {b"{", b"["}:
            raise Refused(400, "body", "says gzip but is not")
        return data

    def json(self) -> Any:  # noqa: ANN401
        """Return the body as JSON. Raises `Refused` (400) where it is none."""
        try:
            return json.loads(self.body())
        except (ValueError, RecursionError):
            raise Refused(400, "body", "is not JSON") from None


def _unmarked(text: str) -> bytes:
    """Return the bytes of a body that came as text; gzip may be in it one character a byte, or as unmarked base64."""
    if text.startswith("\x1f\x8b"):
        return text.encode("latin-1")
    return base64.b64decode(text) if text.startswith("H4sI") else text.encode()


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        out = inflater.decompress(data, MAX_INFLATED_BYTES)
    except zlib.error:
        raise Refused(400, "body", "is damaged gzip") from None
    if inflater.unconsumed_tail:
        raise Refused(413, "body", f"is larger than {MAX_INFLATED_BYTES} bytes unpacked")
    if not inflater.eof:
        raise Refused(400, "body", "is truncated gzip")
    return out


def gzip_body(data: bytes) -> bytes:
    """Compress deterministically (no time stamp)."""
    return gzip.compress(data, mtime=0)


def read_request(event: Mapping[str, Any]) -> Request:
    """Read API Gateway's event; header names in lower case, path parameters unquoted, scope from the authorizer."""
    context = event.get("requestContext", {})
    authorizer = context.get("authorizer") or {}
    return Request(
        route=event.get("routeKey", ""),
        path={key: unquote(value) for key, value in (event.get("pathParameters") or {}).items()},
        query=event.get("queryStringParameters") or {},
        headers={key.lower(): value for key, value in (event.get("headers") or {}).items()},
        scope=str((authorizer.get("lambda") or {}).get("scope", "")),
        received_at_ms=int(context.get("timeEpoch", 0)),
        raw_event=event,
    )


def dispatch(event: Mapping[str, Any], routes: Mapping[str, Route], *, scope: str | None) -> dict[str, Any]:
    """Answer one request: the route's function, its `Refused` as 4xx, 403 where the caller lacks `scope`."""
    request = read_request(event)
    try:
        answer = _route_of(request, routes, scope)(request)
        if isinstance(answer, Content):
            return _content(answer)
    except Refused as refused:
        answer = refused.answer
        # Not the field: it may be a name of the caller's own, and so an address.
        log("refused", route=request.route, status=answer.status, reason=answer.body["error"]["reason"])
    headers = {"content-type": "application/json", **answer.headers}
    return {"statusCode": answer.status, "headers": headers, "body": _encode(answer.body)}


def _content(content: Content) -> dict[str, Any]:
    """Write an answer as API Gateway takes it: text as it is, bytes as base64."""
    answer = {"statusCode": content.status, "headers": dict(content.headers)}
    if isinstance(content.body, str):
        return {**answer, "body": content.body}
    return {**answer, "body": base64.b64encode(content.body).decode(), "isBase64Encoded": True}


def _route_of(request: Request, routes: Mapping[str, Route], scope: str | None) -> Route:
    if scope is not None and request.scope != scope:
        raise Refused(403, "authorization", f"this route needs the scope {scope}")
    route = routes.get(request.route)
    if route is None:
        raise Refused(404, "path", "no such route")
    return route
