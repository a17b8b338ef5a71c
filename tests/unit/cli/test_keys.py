"""API keys: created, found, revoked."""

import json
import re
from random import Random

import pytest

from addressee.adapters.secrets import ApiKey, Secret, basic_user, find_key
from cli.keys import UnknownKey, UnknownScope, create_in, create_key, revoke_in, revoke_key
from tests.fakes.secrets import InMemorySecrets


@pytest.mark.parametrize("scope", ["write", "decide", "admin"])
def test_a_key_has_the_documented_shape_and_only_its_hash_is_kept(scope):
    """Create a key."""
    document, key = create_key({}, scope, token_bytes=Random(1).randbytes)
    assert re.fullmatch(rf"adr_{scope}_[0-9a-f]{{8}}_[A-Za-z0-9_-]{{43}}", key)
    (entry,) = document["keys"]
    assert entry["id"] == key.split("_")[2]
    assert key not in json.dumps(document)


def test_ids_do_not_repeat():
    """Create two keys from bytes that begin alike."""
    numbers = iter([b"aaaa", b"k" * 32, b"aaaa", b"bbbb", b"l" * 32])
    document, _ = create_key({}, "admin", token_bytes=lambda _: next(numbers))
    document, _ = create_key(document, "admin", token_bytes=lambda _: next(numbers))
    assert [entry["id"] for entry in document["keys"]] == [b"aaaa".hex(), b"bbbb".hex()]


def test_an_unknown_scope_or_key_is_an_error():
    """Ask for what there is not."""
    with pytest.raises(UnknownScope):
        create_key({}, "root", token_bytes=Random(1).randbytes)
    with pytest.raises(UnknownKey):
        revoke_key({}, "00000000")


def test_a_new_key_works_within_seconds_and_a_revoked_one_not_after_five_minutes():
    """Create and revoke while another process holds the secret in its cache."""
    now = [1_000.0]
    vault = InMemorySecrets(json.dumps({"keys": []}))
    reader = Secret("keys", clock=lambda: now[0], secrets=vault)
    writer = Secret("keys", clock=lambda: now[0], secrets=vault)
    assert find_key("adr_admin_x_y", reader) is None
    key = create_in(writer, "decide")
    now[0] += 11
    found = find_key(key, reader)
    assert found == ApiKey(key.split("_")[2], "decide")
    revoke_in(writer, found.key_id)
    assert find_key(key, writer) is None
    now[0] += 301
    assert find_key(key, reader) is None


def test_guessing_keys_does_not_read_the_secret_each_time():
    """Present a hundred unknown keys within a second."""
    vault = InMemorySecrets('{"keys": []}')
    reader = Secret("keys", clock=lambda: 1_000.0, secrets=vault)
    assert [find_key(f"guess {number}", reader) for number in range(100)] == [None] * 100
    assert vault.reads == 1


@pytest.mark.parametrize(
    ("header", "user"), [("Basic YTpi", "a"), ("basic YTo=", "a"), ("Bearer YTpi", ""), ("Basic !", ""), ("", "")]
)
def test_the_user_of_a_basic_header_is_read(header, user):
    """Read headers, good and bad."""
    assert basic_user(header) == user
