"""S3, DynamoDB and Secrets Manager on the loopback, just enough that both stacks can start and answer once."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar


@dataclass(frozen=True)
class Stored:
    """What the stub serves: objects by `/bucket/key`, one person's rows and all items in DynamoDB's form, a secret."""

    objects: Mapping[str, bytes] = field(default_factory=dict)
    rows: tuple[Mapping[str, Any], ...] = ()
    items: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secret: str = ""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stored: ClassVar[Stored]

    def do_GET(self) -> None:
        """Serve an S3 object."""
        body = self.stored.objects.get(self.path.partition("?")[0])
        if body is None:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
        else:
            self._send(200, body, "application/octet-stream", etag=md5(body, usedforsecurity=False).hexdigest())

    def do_POST(self) -> None:
        """Serve a call of DynamoDB or Secrets Manager."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = getattr(self, "_" + self.headers["x-amz-target"].rpartition(".")[2])(asked)
        self._send(200, json.dumps(answer).encode(), "application/x-amz-json-1.0")

    def _Query(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002, N802  # the call's name
        return {"Items": self.stored.rows, "Count": len(self.stored.rows), "ScannedCount": len(self.stored.rows)}

    def _GetItem(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002, N802
        return {}

    def _PutItem(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002, N802
        return {}

    def _BatchGetItem(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        ((table, wanted),) = asked["RequestItems"].items()
        found = [self.stored.items[key["item_id"]["S"]] for key in wanted["Keys"]]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def _GetSecretValue(self, asked: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Name": asked["SecretId"], "SecretString": self.stored.secret}

    def _send(self, status: int, body: bytes, kind: str, *, etag: str = "") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        if etag:
            self.send_header("etag", f'"{etag}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def serving(stored: Stored) -> Iterator[str]:
    """Serve on a free port of the loopback; yields the endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"stored": stored}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
