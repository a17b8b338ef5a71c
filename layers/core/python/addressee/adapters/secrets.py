"""Secrets Manager: the subject key and the API keys, cached for five minutes; the key document, written."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from math import inf
from time import monotonic
from typing import Any

from addressee.adapters.aws import client

CACHE_SECONDS = 300.0
SECOND_LOOK_SECONDS = 1.0
"""An unknown key makes the secret be read again after this time: a new key works at once, guessing costs few calls."""


class Secret:
    """One secret's text, read at first use and again after `CACHE_SECONDS`."""

    def __init__(self, secret_id: str, *, clock: Callable[[], float] = monotonic, secrets: Any = None) -> None:  # noqa: ANN401
        """Name the secret; `clock` is seconds, monotonic."""
        self._id, self._clock, self._secrets = secret_id, clock, secrets
        self._text, self._read_at = "", -CACHE_SECONDS

    def text(self) -> str:
        """Return the secret's text, at most five minutes old."""
        return self.text_since(CACHE_SECONDS)

    def text_since(self, max_age_seconds: float) -> str:
        """Return the secret's text, at most `max_age_seconds` old."""
        if not self._text or self._clock() - self._read_at >= max_age_seconds:
            self._text = self._client().get_secret_value(SecretId=self._id)["SecretString"]
            self._read_at = self._clock()
        return self._text

    def replace(self, text: str) -> None:
        """Write a new version of the secret; the last writer wins, for Secrets Manager knows no conditional write."""
        self._client().put_secret_value(SecretId=self._id, SecretString=text)
        self._text, self._read_at = text, self._clock()

    def _client(self) -> Any:  # noqa: ANN401  # botocore has no static types
        return self._secrets or client("secretsmanager")


def subject_key(secret: Secret) -> bytes:
    """Return the key of every `subject`: the secret's text as bytes.

    It never changes after the first deployment, so it is read once: an outage of Secrets Manager stops no warm process.
    """
    return secret.text_since(inf).encode()


@dataclass(frozen=True)
class ApiKey:
    """A known key: its public id and the one scope that it opens."""

    key_id: str
    scope: str


def find_key(presented: str, secret: Secret) -> ApiKey | None:
    """Look up a presented API key among the hashed ones; None if unknown or revoked.

    The secret is JSON: `{"keys": [{"id", "scope", "sha256", "revoked"}]}`. Keys hold 256 random bits, so a plain
    SHA-256 is enough; the comparison takes constant time.
    """
    digest = sha256(presented.encode(errors="surrogatepass")).hexdigest()
    return _entry(digest, secret.text()) or _entry(digest, secret.text_since(SECOND_LOOK_SECONDS))


def _entry(digest: str, text: str) -> ApiKey | None:
    for entry in json.loads(text).get("keys", []):
        if compare_digest(entry["sha256"], digest) and not entry.get("revoked"):
            return ApiKey(entry["id"], entry["scope"])
    return None


def basic_user(header: str) -> str:
    """Return the user name of a `Basic` authorization header, or an empty string where it is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""
