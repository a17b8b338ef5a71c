"""Bearer key -> who calls, with which scope. Each handler checks the scope that it needs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from addressee.adapters import plain_aws
from addressee.adapters.log import log
from addressee.adapters.secrets import Secret, find_key
from addressee.adapters.wire import Patience
from addressee.settings import read_settings

SCOPES = frozenset({"decide", "admin"})
"""The write key is public (browsers hold it) and opens no guarded route."""


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    keys_secret: str


@dataclass(frozen=True)
class Wiring:
    """What the authorizer needs from outside."""

    keys: Secret


@cache
def wiring() -> Wiring:
    """Connect to the secret that the environment names."""
    secrets = plain_aws.secrets_manager(Patience(read_timeout_seconds=2))
    return Wiring(Secret(read_settings(Settings, os.environ).keys_secret, secrets=secrets))


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, Any]:
    """Answer API Gateway's authorizer request (payload 2.0) with a simple response."""
    del context
    presented = _bearer(event)
    key = find_key(presented, (wired or wiring()).keys) if presented else None
    is_authorized = key is not None and key.scope in SCOPES
    log("authorized" if is_authorized else "not authorized", route=event.get("routeKey"), key_id=key and key.key_id)
    if key is None or not is_authorized:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"keyId": key.key_id, "scope": key.scope}}


def _bearer(event: Mapping[str, Any]) -> str:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, token = str(headers.get("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
