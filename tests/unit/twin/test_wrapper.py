"""The wrapper around the emulator: gzip bodies of HTTP APIs are inflated, everything else passes untouched."""

import asyncio
import gzip

import pytest

from twin.wrapper import HTTP_API_PREFIX, InflatedBodies

BODY = b'{"batch": []}'
ROUTE = f"{HTTP_API_PREFIX}abc/$default/v1/batch"


class Recorder:
    """An ASGI application that keeps what it was given."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.scope, self.body, self.after = None, b"", None

    async def __call__(self, scope, receive, send) -> None:
        """Read a request to its end, wait for what follows, answer."""
        self.scope = scope
        more = scope["type"] == "http"
        while more:
            message = await receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)
        self.after = await receive()
        await send({"type": "http.response.start", "status": 200})


def passed_on(*chunks, path=ROUTE, encoding=b"gzip", kind="http"):
    """Send a request in chunks through the wrapper; return what the application behind it saw."""
    headers = [(b"Content-Length", b"999"), (b"x-other", b"1")]
    headers += [(b"Content-Encoding", encoding)] if encoding else []
    scope = {"type": kind, "path": path, "headers": headers}
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in chunks[:-1]]
    messages += [{"type": "http.request", "body": chunks[-1], "more_body": False}] if chunks else []
    messages.append({"type": "http.disconnect"})
    recorder, sent = Recorder(), []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(InflatedBodies(recorder)(scope, receive, send))
    assert sent == [{"type": "http.response.start", "status": 200}]
    return recorder


def test_a_gzip_body_arrives_inflated_with_its_new_length():
    """The encoding is gone from the headers, or the handler would inflate once more."""
    seen = passed_on(gzip.compress(BODY))
    assert seen.body == BODY
    assert dict(seen.scope["headers"]) == {b"x-other": b"1", b"content-length": str(len(BODY)).encode()}


def test_a_chunked_gzip_body_is_put_together_first():
    """Half a gzip stream cannot be read."""
    packed = gzip.compress(BODY)
    assert passed_on(packed[:7], packed[7:20], b"", packed[20:]).body == BODY


def test_what_comes_after_the_body_reaches_the_application():
    """A client that goes away is seen."""
    assert passed_on(gzip.compress(BODY)).after == {"type": "http.disconnect"}


@pytest.mark.parametrize("body", [BODY, b"", gzip.compress(BODY, mtime=0)[:-4], b"\x1f\x8b" + b"x" * 40])
def test_a_body_that_only_claims_to_be_gzip_passes(body):
    """Plain, empty, cut and broken: the handler decides."""
    assert passed_on(body).body == body


@pytest.mark.parametrize("path", ["/", "/my-bucket/key.json.gz", "/_aws/other"])
def test_other_services_get_their_bytes(path):
    """An object that was put to S3 in gzip stays as it is."""
    packed = gzip.compress(BODY)
    seen = passed_on(packed, path=path)
    assert seen.body == packed
    assert (b"Content-Encoding", b"gzip") in seen.scope["headers"]


def test_a_body_without_the_header_passes():
    """Nothing is guessed from the bytes."""
    packed = gzip.compress(BODY)
    assert passed_on(packed, encoding=b"").body == packed


def test_connections_that_are_no_http_pass():
    """Start-up and web sockets go straight through."""
    assert passed_on(kind="lifespan").scope["type"] == "lifespan"
