"""The keys of signed links: one secret of JSON; exactly one key signs, retired ones verify for ever.

`{"keys": [{"id", "key" (base64), "state": "active"|"retired"}], "first": "<random text>"}`: the stack generates `first`
and no keys; it is the key `0`, active until another is.
"""

import json
from base64 import b64decode
from collections.abc import Mapping

from addressee.adapters.secrets import SECOND_LOOK_SECONDS, Secret
from addressee.emails.links import LinkKey

FIRST = "0"
ACTIVE, RETIRED = "active", "retired"


class NoSigningKey(Exception):
    """The secret names no active key, or more than one."""


class LinkKeys:
    """Reads the secret: for signing every five minutes, for verifying only when a key is not known yet.

    A key never changes under its id, so whoever knows one goes on without Secrets Manager.
    """

    def __init__(self, secret: Secret) -> None:
        """Wrap the secret; nothing is read yet."""
        self._secret = secret
        self._known: dict[str, bytes] = {}
        self._active: list[str] = []

    def signing(self) -> LinkKey:
        """Return the active key, during an outage the last one known. Raises `NoSigningKey`."""
        try:
            self._learn(self._secret.text())
        except Exception:  # either client's, which share no class; the next call tries again
            if not self._active:
                raise
        if len(self._active) != 1:
            raise NoSigningKey(f"{len(self._active)} keys are active")
        return LinkKey(self._active[0], self._known[self._active[0]])

    def find(self, key_id: str) -> bytes | None:
        """Return the key of an id, active or retired; None where the secret, read again, has none."""
        if key_id not in self._known:
            self._learn(self._secret.text())
        if key_id not in self._known:  # rotated since then; guessing costs one call a second at most
            self._learn(self._secret.text_since(SECOND_LOOK_SECONDS))
        return self._known.get(key_id)

    def _learn(self, text: str) -> None:
        document: dict[str, object] = json.loads(text)
        self._known.update(keys_of(document))
        self._active = [key_id for key_id, state in states(document).items() if state == ACTIVE]


def keys_of(document: Mapping[str, object]) -> dict[str, bytes]:
    """Return the keys of the secret's document, by id."""
    keys = {each["id"]: b64decode(each["key"]) for each in _entries(document)}
    return ({FIRST: str(document["first"]).encode()} if "first" in document else {}) | keys


def states(document: Mapping[str, object]) -> dict[str, str]:
    """Return `active` or `retired` for each key of the secret's document, by id."""
    listed = {each["id"]: each["state"] for each in _entries(document)}
    first = RETIRED if ACTIVE in listed.values() else ACTIVE
    return ({FIRST: first} if "first" in document else {}) | listed


def _entries(document: Mapping[str, object]) -> list[dict[str, str]]:
    entries = document.get("keys", [])
    return list(entries) if isinstance(entries, list) else []
