"""The deployed stack as a test sees it: HTTP with keys, and AWS clients."""

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from addressee.profiles.packing import unpack
from addressee.profiles.state import State
from addressee.profiles.subject import subject_of
from twin.keys import twin_client
from twin.process import Twin

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Reply:
    """A status, headers and a JSON body."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Stack:
    """A twin with the app in it."""

    twin: Twin
    outputs: dict[str, str]
    keys: dict[str, str]
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return an AWS client, one for each service: making one costs more than most calls."""
        if service not in self._clients:
            self._clients[service] = twin_client(self.twin, service)
        return self._clients[service]

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=str(self.twin.certificate)) if self.twin.enforce_iam else None

    def call(
        self, method: str, path: str, body: Any = None, *, scope: str = "", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request, with the key of `scope` as bearer; bytes are sent as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        if scope:
            sent["authorization"] = f"Bearer {self.keys.get(scope, scope)}"
        request = urllib.request.Request(self.outputs["ApiUrl"] + path, data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:
                return _reply(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return _reply(error.code, error.read(), dict(error.headers))

    def track(self, *messages: Mapping[str, Any]) -> Reply:
        """Post a batch with the write key, as Segment's clients do."""
        basic = base64.b64encode(f"{self.keys['write']}:".encode()).decode()
        return self.call("POST", "/v1/batch", {"batch": list(messages)}, headers={"authorization": f"Basic {basic}"})

    def subject(self, user_id: str, kind: str = "user") -> str:
        """Derive the subject under which a person is stored."""
        return subject_of(user_id, kind=kind, key=self._subject_key)

    @cached_property
    def _subject_key(self) -> bytes:
        secret = self.client("secretsmanager").get_secret_value(SecretId=self.outputs["SubjectSecret"])
        return secret["SecretString"].encode()

    def rows(self, subject: str) -> dict[str, Any]:
        """Read all rows of a subject, by part, in DynamoDB's typed form."""
        answer = self.client("dynamodb").query(
            TableName=self.outputs["ProfilesTable"],
            KeyConditionExpression="subject = :s",
            ExpressionAttributeValues={":s": {"S": subject}},
        )
        return {item["part"]["S"]: item for item in answer["Items"]}

    def state(self, subject: str) -> State | None:
        """Read and unpack a subject's state."""
        row = self.rows(subject).get("state")
        return unpack(bytes(row["packed"]["B"])) if row and "packed" in row else None

    def objects(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """Read every object below a prefix of the bucket with that output name."""
        s3 = self.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs[bucket], Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {key: s3.get_object(Bucket=self.outputs[bucket], Key=key)["Body"].read() for key in keys}


def until(condition: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS, every: float = 0.2) -> Any:
    """Ask `every` so many seconds until `condition` holds, and return what it returned; in time, or the test fails."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")


def _reply(status: int, body: bytes, headers: Mapping[str, str]) -> Reply:
    try:
        return Reply(status, json.loads(body), headers)
    except ValueError:
        return Reply(status, body.decode(errors="replace"), headers)
