"""`authorize_request`: who calls, with which scope."""

import json
from pathlib import Path
from random import Random

import pytest

from addressee.adapters.secrets import Secret
from cli.keys import create_key, revoke_key
from functions.authorize_request.handler import Wiring, handle
from tests.fakes.secrets import InMemorySecrets

SAMPLE = json.loads(Path("events/authorize_request.json").read_text(encoding="utf-8"))
RANDOM = Random(7)


def keys_of(*scopes):
    """Create one key per scope."""
    document, keys = {}, []
    for scope in scopes:
        document, key = create_key(document, scope, token_bytes=RANDOM.randbytes)
        keys.append(key)
    return document, keys


def ask(document, authorization):
    """Send one authorizer request."""
    wires = Wiring(Secret("keys", secrets=InMemorySecrets(json.dumps(document))))
    headers = {} if authorization is None else {"Authorization": authorization}
    return handle({**SAMPLE, "headers": headers}, None, wired=wires)


def test_the_sample_is_answered_and_its_made_up_key_is_unknown():
    """Handle the sample payload."""
    document, _ = keys_of("decide")
    wires = Wiring(Secret("keys", secrets=InMemorySecrets(json.dumps(document))))
    assert handle(SAMPLE, None, wired=wires) == {"isAuthorized": False}


@pytest.mark.parametrize("scope", ["decide", "admin"])
def test_a_known_key_is_authorized_with_id_and_scope(scope):
    """Present a known key, in two spellings of the scheme."""
    document, (key,) = keys_of(scope)
    expected = {"isAuthorized": True, "context": {"keyId": document["keys"][0]["id"], "scope": scope}}
    assert ask(document, f"Bearer {key}") == ask(document, f"bearer  {key} ") == expected


def test_a_write_key_opens_no_guarded_route():
    """Present the public key."""
    document, (key,) = keys_of("write")
    assert ask(document, f"Bearer {key}") == {"isAuthorized": False}


def test_a_revoked_key_is_unknown():
    """Present a key after its revocation."""
    document, (key,) = keys_of("admin")
    revoked = revoke_key(document, document["keys"][0]["id"])
    assert ask(revoked, f"Bearer {key}") == {"isAuthorized": False}


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "adr_admin", "Bearer \ud800", "Bearer \u00e9" * 999]
)
def test_garbage_is_not_authorized(authorization):
    """Present what is no key."""
    document, _ = keys_of("admin")
    assert ask(document, authorization) == {"isAuthorized": False}
