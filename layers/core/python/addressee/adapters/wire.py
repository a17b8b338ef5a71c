"""HTTP/1.1 to one endpoint: connections are kept, checked before they are used again, and calls repeated."""

import json
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from select import POLLIN, poll
from ssl import SSLContext, create_default_context
from time import sleep
from typing import NamedTuple
from urllib.parse import urlsplit

PAUSE_SECONDS = 0.05
SERVER_ERROR, BAD_REQUEST = 500, 400
THROTTLED = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
    }
)
_CODE = re.compile(rb"<Code>([^<]+)</Code>")


class Reply(NamedTuple):
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Patience(NamedTuple):
    """How long and how often one call is tried."""

    read_timeout_seconds: float = 10
    connect_timeout_seconds: float = 2
    attempts: int = 3


@cache
def _trusted() -> SSLContext:
    """Trust what the system trusts, or the file that AWS_CA_BUNDLE names."""
    return create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)


class Wire:
    """One endpoint; threads may share it. The pool holds as many connections as were busy at once."""

    def __init__(self, endpoint: str, patience: Patience, *, pause: Callable[[float], None] = sleep) -> None:
        """Name the endpoint (`https://host[:port]`); nothing is connected yet."""
        parts = urlsplit(endpoint)
        self.host, self._tls, self._patience, self._pause = parts.netloc, parts.scheme == "https", patience, pause
        self._idle: list[HTTPConnection] = []

    def call(self, method: str, path: str, headers: Callable[[], Mapping[str, str]], body: bytes) -> Reply:
        """Send a request; `headers` are made anew for every attempt, since a signature holds the time.

        After a fault of the connection, a status from 500 on and a throttled call it is tried again, after a pause;
        the last answer counts. Raises `OSError` or `HTTPException` where there was none.
        """
        for attempt in range(1, self._patience.attempts):
            try:
                reply = self._once(method, path, headers(), body)
            except (OSError, HTTPException):
                reply = None
            if reply is not None and not _asks_for_patience(reply):
                return reply
            self._pause(PAUSE_SECONDS * attempt)
        return self._once(method, path, headers(), body)

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        connection = self._connected()
        try:
            connection.request(method, path, body=body or None, headers=dict(headers))
            answer = connection.getresponse()
            reply = Reply(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        except BaseException:  # whatever it was, an answer may be half read: the connection is not used again
            connection.close()
            raise
        self._idle.append(connection)
        return reply

    def _connected(self) -> HTTPConnection:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if _still_open(connection):
                return connection
            connection.close()
        return self._connect()

    def _connect(self) -> HTTPConnection:
        seconds = self._patience.connect_timeout_seconds
        if self._tls:
            connection: HTTPConnection = HTTPSConnection(self.host, timeout=seconds, context=_trusted())
        else:
            connection = HTTPConnection(self.host, timeout=seconds)
        connection.connect()
        connection.sock.settimeout(self._patience.read_timeout_seconds)
        return connection


def _asks_for_patience(reply: Reply) -> bool:
    return reply.status >= SERVER_ERROR or (reply.status == BAD_REQUEST and error_code_of(reply) in THROTTLED)


def error_code_of(reply: Reply) -> str:
    """Return the code of AWS's error body: `{"__type": "prefix#Code:..."}`, XML's `<Code>`, else the status."""
    if reply.body[:1] == b"{":
        named = str(json.loads(reply.body).get("__type", reply.status))
        return named.rpartition("#")[2].partition(":")[0]
    found = _CODE.search(reply.body)
    return found[1].decode() if found else str(reply.status)


def _still_open(connection: HTTPConnection) -> bool:
    """Say whether an idle connection can be used: one that has something to read was closed by the other side."""
    if connection.sock is None:
        return False
    waiting = poll()
    waiting.register(connection.sock, POLLIN)
    return not waiting.poll(0)
