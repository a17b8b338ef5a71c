"""DynamoDB, S3, SQS and Secrets Manager without an SDK: a few calls, in the shape of botocore's clients.

Importing botocore and making its clients is more than half of a cold start. Credentials come from the environment, as
Lambda sets them; where they do not, or where an endpoint needs rules of its own, botocore's client takes the place.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from io import BytesIO
from time import time
from typing import Any
from urllib.parse import quote

from addressee.adapters.aws import client
from addressee.adapters.signature import Credentials, Scope, signed
from addressee.adapters.wire import Patience, Reply, Wire, error_code_of

OK = 200
_BOTOCORE_KNOWS = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "HTTPS_PROXY", "https_proxy")


class ServiceRefused(Exception):
    """A service answered with an error; `response` holds its code where botocore's `ClientError` has it.

    So it does the item that stood in the way of a conditional write, where the call asked for it.
    """

    def __init__(self, code: str, call: str, *, item: Mapping[str, Any] | None = None) -> None:
        """Name the code and the call."""
        super().__init__(f"{call}: {code}")
        self.response: dict[str, Any] = {"Error": {"Code": code}, **({"Item": item} if item else {})}


class Endpoint:
    """A service in a region, and who asks."""

    def __init__(self, service: str, patience: Patience, environment: Mapping[str, str]) -> None:
        """Read region, credentials and, where it is another than AWS's own, the endpoint from `environment`."""
        region = _region(environment)
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        own = environment.get("AWS_ENDPOINT_URL") or f"https://{service}.{region}.{suffix}"
        self._scope = Scope(region, service)
        self._wire = Wire(environment.get(_endpoint_variable(service)) or own, patience)
        self._credentials = Credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN", ""),
        )

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Send a signed request. Raises what `Wire.call` raises."""
        given = {**headers, "host": self._wire.host}

        def sign() -> dict[str, str]:
            return signed(
                method, path, given, body, scope=self._scope, credentials=self._credentials, at_seconds=time()
            )

        return self._wire.call(method, path, sign, body)


class JsonService:
    """A service that takes JSON and names its calls in `x-amz-target`."""

    def __init__(self, endpoint: Endpoint, target: str, version: str) -> None:
        """Name the prefix of the calls and the version of AWS's JSON protocol."""
        self._endpoint, self._target, self._type = endpoint, target, f"application/x-amz-json-{version}"

    def ask(self, call: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Make one call; bytes go and come as base64, as DynamoDB's `B` has them. Raises `ServiceRefused`."""
        body = json.dumps(given, default=_base64, separators=(",", ":")).encode()
        headers = {"content-type": self._type, "x-amz-target": f"{self._target}.{call}"}
        reply = self._endpoint.call("POST", "/", headers, body)
        if reply.status != OK:
            item = _read(reply.body).get("Item") if b'"Item"' in reply.body else None
            raise ServiceRefused(error_code_of(reply), call, item=item)
        return _read(reply.body)


class DynamoDB(JsonService):
    """The calls that a decision makes."""

    def query(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401  # the service's own names
        """Read the rows of a key."""
        return self.ask("Query", given)

    def get_item(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Read a row."""
        return self.ask("GetItem", given)

    def batch_get_item(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Read up to 100 rows."""
        return self.ask("BatchGetItem", given)

    def put_item(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Write a row."""
        return self.ask("PutItem", given)

    def update_item(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Change a row."""
        return self.ask("UpdateItem", given)

    def delete_item(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Delete a row."""
        return self.ask("DeleteItem", given)


class SQS(JsonService):
    """Puts messages on queues."""

    def send_message(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401  # the service's own names
        """Put one message."""
        return self.ask("SendMessage", given)


class SecretsManager(JsonService):
    """Reads secrets."""

    def get_secret_value(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Read a secret's current version."""
        return self.ask("GetSecretValue", given)


class S3:
    """Reads objects, path style."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Wrap the endpoint."""
        self._endpoint = endpoint

    def get_object(self, *, Bucket: str, Key: str, IfNoneMatch: str = "") -> dict[str, Any]:  # noqa: N803  # S3's names
        """Read an object; code `304` where it still has the ETag. Raises `ServiceRefused`."""
        headers = {"if-none-match": IfNoneMatch} if IfNoneMatch else {}
        reply = self._endpoint.call("GET", quote(f"/{Bucket}/{Key}", safe="/~"), headers)
        if reply.status != OK:
            raise ServiceRefused(error_code_of(reply), "GetObject")
        return {"Body": BytesIO(reply.body), "ETag": reply.headers["etag"]}


def dynamodb(patience: Patience, environment: Mapping[str, str] = os.environ) -> Any:  # noqa: ANN401  # one of two clients of the same shape
    """Connect to DynamoDB."""
    if not is_plain(environment):
        return client("dynamodb", **patience._asdict())
    return DynamoDB(Endpoint("dynamodb", patience, environment), "DynamoDB_20120810", "1.0")


def sqs(patience: Patience, environment: Mapping[str, str] = os.environ) -> Any:  # noqa: ANN401
    """Connect to SQS."""
    if not is_plain(environment):
        return client("sqs", **patience._asdict())
    return SQS(Endpoint("sqs", patience, environment), "AmazonSQS", "1.0")


def secrets_manager(patience: Patience, environment: Mapping[str, str] = os.environ) -> Any:  # noqa: ANN401
    """Connect to Secrets Manager."""
    if not is_plain(environment):
        return client("secretsmanager", **patience._asdict())
    return SecretsManager(Endpoint("secretsmanager", patience, environment), "secretsmanager", "1.1")


def s3(patience: Patience, environment: Mapping[str, str] = os.environ) -> Any:  # noqa: ANN401
    """Connect to S3."""
    if not is_plain(environment):
        return client("s3", **patience._asdict())
    return S3(Endpoint("s3", patience, environment))


def is_plain(environment: Mapping[str, str]) -> bool:
    """Say whether credentials are in the environment and the endpoint is an ordinary one."""
    ordinary = "-iso" not in _region(environment) and not any(map(environment.get, _BOTOCORE_KNOWS))
    return ordinary and "AWS_ACCESS_KEY_ID" in environment and "AWS_SECRET_ACCESS_KEY" in environment


def _region(environment: Mapping[str, str]) -> str:
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""


def _endpoint_variable(service: str) -> str:
    return "AWS_ENDPOINT_URL_" + {"secretsmanager": "SECRETS_MANAGER"}.get(service, service.upper())


def _read(body: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(body, object_hook=_bytes if b'"B"' in body else None)
    return answer


def _base64(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    raise TypeError(f"a call cannot hold a {type(value).__name__}")


def _bytes(found: dict[str, Any]) -> dict[str, Any]:
    """Undo base64 in `{"B": "..."}`; an attribute that is called B holds a typed value, never text."""
    text = found.get("B")
    return {"B": b64decode(text)} if isinstance(text, str) and len(found) == 1 else found
