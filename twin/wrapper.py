"""What the emulator gets wrong, mended in front of it: gzip bodies of HTTP APIs arrive as their bytes."""

import gzip
import zlib
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HTTP_API_PREFIX = "/_aws/execute-api/"


class InflatedBodies:
    """An ASGI application around another one that inflates gzip request bodies of HTTP APIs.

    AWS hands such a body to the Lambda base64-encoded; the emulator decodes it as text and destroys it. A body that
    is not gzip, whatever its header says, passes unchanged.
    """

    def __init__(self, inner: Application) -> None:
        """Wrap `inner`."""
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one connection on, its body inflated where that is needed."""
        if scope["type"] != "http" or not scope["path"].startswith(HTTP_API_PREFIX) or not _is_gzip(scope):
            await self._inner(scope, receive, send)
            return
        body = _inflated(await whole_body(receive))
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in {b"content-encoding", b"content-length"}]
        scope["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        await self._inner(scope, once(body, receive), send)


def _is_gzip(scope: Scope) -> bool:
    return any(name.lower() == b"content-encoding" and b"gzip" in value.lower() for name, value in scope["headers"])


class Response(NamedTuple):
    """A whole answer."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    def with_body(self, body: bytes) -> "Response":
        """Return this answer with another body and its length."""
        kept = [pair for pair in self.headers if pair[0].lower() != b"content-length"]
        return self._replace(headers=[*kept, (b"content-length", str(len(body)).encode())], body=body)


async def answered(inner: Application, scope: Scope, receive: Receive) -> Response:
    """Let `inner` answer, and hold the answer back."""
    status, headers, body = 0, [], bytearray()

    async def hold(message: MutableMapping[str, Any]) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", ()))
        body.extend(message.get("body", b""))

    await inner(scope, receive, hold)
    return Response(status, headers, bytes(body))


async def respond(send: Send, response: Response) -> None:
    """Send a whole answer."""
    await send({"type": "http.response.start", "status": response.status, "headers": list(response.headers)})
    await send({"type": "http.response.body", "body": response.body, "more_body": False})


async def whole_body(receive: Receive) -> bytes:
    """Read a request's body to its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _inflated(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body


def once(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the whole body again, then what comes after it."""
    pending = [body]

    async def again() -> MutableMapping[str, Any]:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return again
