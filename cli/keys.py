"""API keys: created and revoked in the secret's JSON document, which holds their hashes alone."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from secrets import token_bytes as random_bytes
from typing import Any

from addressee.adapters.secrets import Secret

SCOPES = ("write", "decide", "admin")
ID_BYTES = 4
KEY_BYTES = 32
Document = Mapping[str, Any]


class UnknownScope(Exception):
    """A key opens `write`, `decide` or `admin`, one of them."""


class UnknownKey(Exception):
    """The document holds no key with this id."""


def create_key(document: Document, scope: str, *, token_bytes: Callable[[int], bytes]) -> tuple[dict[str, Any], str]:
    """Add a key to `document` and return the new document with the key, which is nowhere else.

    `token_bytes(n)` gives n random bytes. Shape: `adr_<scope>_<8 hex id>_<43 url-safe characters>`. Raises
    `UnknownScope`.
    """
    if scope not in SCOPES:
        raise UnknownScope(f"{scope}: a scope is one of {', '.join(SCOPES)}")
    entries = list(document.get("keys", ()))
    taken = {entry["id"] for entry in entries}
    key_id = token_bytes(ID_BYTES).hex()
    while key_id in taken:
        key_id = token_bytes(ID_BYTES).hex()
    key = f"adr_{scope}_{key_id}_{urlsafe_b64encode(token_bytes(KEY_BYTES)).decode().rstrip('=')}"
    entry = {"id": key_id, "scope": scope, "sha256": sha256(key.encode()).hexdigest(), "revoked": False}
    return {**document, "keys": [*entries, entry]}, key


def revoke_key(document: Document, key_id: str) -> dict[str, Any]:
    """Return `document` with the key marked as revoked; twice is once. Raises `UnknownKey`."""
    entries = list(document.get("keys", ()))
    if all(entry["id"] != key_id for entry in entries):
        raise UnknownKey(key_id)
    return {**document, "keys": [{**each, "revoked": True} if each["id"] == key_id else each for each in entries]}


def create_in(secret: Secret, scope: str, *, token_bytes: Callable[[int], bytes] = random_bytes) -> str:
    """Create a key in the secret and return it. Works at once; raises `UnknownScope`."""
    document, key = create_key(_document(secret), scope, token_bytes=token_bytes)
    secret.replace(json.dumps(document))
    return key


def revoke_in(secret: Secret, key_id: str) -> None:
    """Revoke a key in the secret; caches forget it within five minutes. Raises `UnknownKey`."""
    secret.replace(json.dumps(revoke_key(_document(secret), key_id)))


def _document(secret: Secret) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(secret.text_since(0) or "{}")
    return document
