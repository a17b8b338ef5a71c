"""What the emulator gets wrong, mended in front of it: gzip bodies of HTTP APIs arrive as their bytes."""

import gzip
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

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
        body = _inflated(await _whole_body(receive))
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in {b"content-encoding", b"content-length"}]
        scope["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        await self._inner(scope, _once(body, receive), send)


def _is_gzip(scope: Scope) -> bool:
    return any(name.lower() == b"content-encoding" and b"gzip" in value.lower() for name, value in scope["headers"])


async def _whole_body(receive: Receive) -> bytes:
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


def _once(body: bytes, receive: Receive) -> Receive:
    pending = [body]

    async def again() -> MutableMapping[str, Any]:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return again
