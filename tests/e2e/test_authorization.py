"""Who may call what: every route with every scope, twice, in each order."""

import itertools
from uuid import uuid4

import pytest

from tests.e2e.stack import Stack

DECISION = {"campaign": "scopes", "userId": "scope-user"}
ROUTES = [
    ("POST", "/v1/decisions", DECISION, "decide"),
    ("GET", "/v1/users/scope-user/recommendations?use=discover&k=3", None, "decide"),
    ("GET", "/v1/users/scope-user/scores", None, "decide"),
    ("GET", "/v1/decisions/" + "0" * 32 + ".scopes", None, "decide"),
    ("PUT", "/v1/items", {"items": [{"itemId": "scope-item", "title": "Tea"}]}, "admin"),
    ("PUT", "/v1/users", {"users": [{"userId": "scope-user"}]}, "admin"),
    ("PUT", "/v1/users/scope-user", {"traits": {"plan": "gold"}}, "admin"),
]
REFUSED = {401, 403}


@pytest.mark.parametrize("callers", list(itertools.permutations(("decide", "admin", "write"))))
def test_only_the_right_scope_opens_a_route_whatever_was_cached_before(stack: Stack, callers: tuple[str, ...]):
    """The authorizer's answer is cached by key and route; no order of callers may leak one scope into another."""
    for method, path, body, needed in ROUTES:
        for caller in callers * 2:
            status = stack.call(method, path, body, scope=caller).status
            assert (status not in REFUSED) == (caller == needed), (method, path, caller, status)


@pytest.mark.parametrize("caller", ["adr_admin_00000000_" + "x" * 43, "", "write"])
def test_an_unknown_key_or_none_opens_nothing(stack: Stack, caller: str):
    """Neither a made-up key nor the public write key reads or writes anything behind the authorizer."""
    for method, path, body, _ in ROUTES:
        assert stack.call(method, path, body, scope=caller).status in REFUSED


def test_collecting_needs_a_write_key_and_no_other(stack: Stack):
    """The write key is checked inside the function, since a beacon cannot set headers."""
    event = {"type": "track", "event": "Signed Up", "userId": "scope-user", "messageId": uuid4().hex}
    for key, expected in ((stack.keys["write"], 200), (stack.keys["admin"], 401), ("nobody", 401), ("", 401)):
        assert stack.call("POST", "/v1/batch", {"writeKey": key, "batch": [event]}).status == expected
