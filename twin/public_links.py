"""The path `/links/` on the twin's own port: the deployed HTTP API under an address that is known beforehand."""

from collections.abc import Callable

from twin.wrapper import HTTP_API_PREFIX, Application, Receive, Response, Scope, Send, respond

LINKS = "/links"


class PublicLinks:
    """An ASGI application around the emulator that serves `/links/<rest>` as the HTTP API's `/<rest>`.

    It stands for the domain name of one's own that an installation gives its links.
    """

    def __init__(self, inner: Application, api_id: Callable[[], str | None]) -> None:
        """Wrap `inner`; `api_id` finds the API that serves links, once it is deployed."""
        self._inner, self._api_id = inner, api_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, to the API where it is one for a link."""
        if scope["type"] != "http" or not scope["path"].startswith(f"{LINKS}/"):
            await self._inner(scope, receive, send)
            return
        api_id = self._api_id()
        if api_id is None:
            body = b'{"message": "nothing that serves links is deployed"}'
            await respond(send, Response(404, [(b"content-type", b"application/json")], b"").with_body(body))
            return
        before = f"{HTTP_API_PREFIX}{api_id}/$default"
        scope["path"] = before + scope["path"][len(LINKS) :]
        if raw := scope.get("raw_path"):
            scope["raw_path"] = before.encode() + raw[len(LINKS) :]
        await self._inner(scope, receive, send)
