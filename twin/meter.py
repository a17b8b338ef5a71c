"""Counts what is asked of the emulator, so that a benchmark can say what the same calls would cost in AWS."""

import json
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from twin.wrapper import Application, Receive, Scope, Send

FILE = "meter.jsonl"
_SERVICE = re.compile(rb"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")


class Meter:
    """An ASGI application around another one that writes a JSON line for each signed call of an AWS service.

    A line: `{service, operation, asked, answered}`, bytes; `body` besides for DynamoDB, whose price depends on the
    items that a call names, and `records` for streams, which are priced by the record.
    """

    def __init__(self, inner: Application, file: Path) -> None:
        """Wrap `inner`; lines go to `file`."""
        self._inner, self._file = inner, file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on; count it once it is answered."""
        headers = dict(scope.get("headers", ()))
        signed = _SERVICE.search(headers.get(b"authorization", b""))
        if scope["type"] != "http" or signed is None:
            await self._inner(scope, receive, send)
            return
        asked, answered = bytearray(), 0

        async def receiving() -> MutableMapping[str, Any]:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            answered += len(message.get("body", b""))
            await send(message)

        await self._inner(scope, receiving, sending)
        self._write(signed[1].decode(), _operation(scope, headers), bytes(asked), answered)

    def _write(self, service: str, operation: str, asked: bytes, answered: int) -> None:
        line: dict[str, Any] = {"service": service, "operation": operation, "asked": len(asked), "answered": answered}
        if service == "dynamodb":
            line["body"] = json.loads(asked)
        if service in {"kinesis", "firehose"}:
            line["records"] = len(json.loads(asked).get("Records", ()))
        with self._file.open("a", encoding="utf-8") as sink:
            sink.write(json.dumps(line, separators=(",", ":")) + "\n")


def _operation(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """Name the call: by AWS's JSON header, else by method and path."""
    target = headers.get(b"x-amz-target", b"").decode()
    return target.rpartition(".")[2] or f"{scope['method']} {scope['path']}"
