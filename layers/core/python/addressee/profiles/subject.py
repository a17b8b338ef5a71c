"""`subject`: the pseudonym under which everything about a person is stored."""

import hmac
from hashlib import sha256
from typing import Literal

SUBJECT_BYTES = 16


def subject_of(identifier: str, *, kind: Literal["user", "anonymous"], key: bytes) -> str:
    """Derive the subject (32 hex characters) of a user or anonymous id with the installation's secret key.

    Blanks around an id do not count: or a CRM's grant for `u1 ` would outlive the withdrawal of `u1`.
    """
    return hmac.new(key, f"{kind}:{identifier.strip()}".encode(), sha256).digest()[:SUBJECT_BYTES].hex()


def address_hash(address: str, *, key: bytes) -> str:
    """Hash an e-mail address, in lower case and stripped, for the suppression list (64 hex characters)."""
    return hmac.new(key, f"address:{address.strip().lower()}".encode(), sha256).hexdigest()
