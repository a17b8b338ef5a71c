"""`/links/` on the twin's port is the deployed HTTP API."""

import asyncio
from typing import Any

import pytest

from twin.public_links import PublicLinks


def passed_on(path: str, *, api: str | None = "a1b2", kind: str = "http") -> tuple[dict[str, Any], list[Any]]:
    """Send one request through; return the scope that the emulator saw and what was answered."""
    seen: dict[str, Any] = {}
    sent: list[Any] = []

    async def inner(scope: Any, _receive: Any, _send: Any) -> None:
        seen.update(scope)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "path": path.replace("%2F", "/"), "raw_path": path.encode()}
    asyncio.run(PublicLinks(inner, lambda: api)(scope, receive, send))
    return seen, sent


@pytest.mark.parametrize("page", ["o", "c", "p", "u"])
def test_a_link_becomes_a_path_of_the_api(page: str):
    """Escapes of the path stay as they are."""
    seen, sent = passed_on(f"/links/{page}/t%2Fx")
    assert seen["path"] == f"/_aws/execute-api/a1b2/$default/{page}/t/x"
    assert seen["raw_path"] == f"/_aws/execute-api/a1b2/$default/{page}/t%2Fx".encode()
    assert sent == []


@pytest.mark.parametrize("path", ["/", "/links", "/linksx/o/t", "/_aws/execute-api/x/$default/o/t"])
def test_other_paths_pass_as_they_are(path: str):
    """Buckets and services are not links."""
    assert passed_on(path)[0]["path"] == path


def test_before_a_deployment_there_is_nothing():
    """A clear 404."""
    seen, sent = passed_on("/links/o/t", api=None)
    assert seen == {}
    assert sent[0]["status"] == 404


def test_connections_that_are_no_http_pass():
    """Start-up goes straight through."""
    assert passed_on("/links/x", kind="lifespan")[0]["type"] == "lifespan"
