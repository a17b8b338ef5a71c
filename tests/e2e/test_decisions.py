"""Decisions on the deployed stack: at once for strangers, changed by a purchase, the same when asked again."""

from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.stack import Reply, Stack, until
from tests.e2e.test_events import order

CONSENT = {"email": {"granted": True, "proof": "simulated", "at": "2026-01-05T10:00:00Z", "source": "test"}}


@pytest.fixture(scope="module")
def shelf(stack: Stack) -> list[str]:
    """Put twelve products into the catalogue."""
    mark = uuid4().hex[:6]
    items = [f"shelf-{mark}-{number}" for number in range(12)]
    rows = [
        {"itemId": each, "title": f"Tea {each}", "category": "Tea", "price": 4.5, "inStock": True} for each in items
    ]
    reply = stack.call("PUT", "/v1/items", {"items": rows}, scope="admin")
    assert [row["ok"] for row in reply.body["results"]] == [True] * 12
    return items


def consenting(stack: Stack) -> str:
    """Create a person who agreed to e-mails."""
    user_id = f"reader-{uuid4().hex[:8]}"
    body = {"address": f"{user_id}@example.com", "traits": {"plan": "gold"}, "consent": CONSENT}
    assert stack.call("PUT", f"/v1/users/{user_id}", body, scope="admin").status == 200
    return user_id


def ask(stack: Stack, user_id: str, campaign: str, **more: Any) -> Reply:
    """Ask for a decision."""
    body = {"campaign": campaign, "userId": user_id, **more}
    return stack.call("POST", "/v1/decisions", body, scope="decide")


def test_somebody_seen_for_the_first_time_gets_an_answer_at_once(stack: Stack):
    """No event, no row: a decision all the same, and nobody is mailed without consent."""
    reply = ask(stack, f"stranger-{uuid4().hex[:8]}", "welcome")
    assert reply.status == 200
    assert (reply.body["mail"], reply.body["reason"]) == (False, "no_consent")
    assert reply.body["rung"] in {"popular", "editorial"}


def test_a_purchase_over_http_removes_the_product_within_seconds(stack: Stack, shelf: list[str]):
    """What was bought just now is inside its re-purchase window: the next answer leaves it out."""
    user_id = consenting(stack)
    campaign = f"spring-{uuid4().hex[:6]}"
    first = ask(stack, user_id, campaign, products=shelf)
    assert (first.status, first.body["mail"], first.body["recorded"]) == (200, True, True)
    bought = first.body["products"][0]["itemId"]
    stack.track(order(user_id, bought))
    until(lambda: (state := stack.state(stack.subject(user_id))) and state.orders == 1)
    again = ask(stack, user_id, campaign, products=shelf)
    kept = [each["itemId"] for each in again.body["products"]]
    assert again.body["decisionId"] == first.body["decisionId"]
    assert bought not in kept
    assert kept == [each["itemId"] for each in first.body["products"] if each["itemId"] != bought]
    scores = stack.call("GET", f"/v1/users/{user_id}/scores", scope="decide")
    assert scores.status == 200


def test_a_stored_decision_is_looked_up_by_its_id_alone(stack: Stack, shelf: list[str]):
    """The id holds subject and campaign."""
    first = ask(stack, consenting(stack), "lookup", products=shelf[:3])
    found = stack.call("GET", f"/v1/decisions/{first.body['decisionId']}", scope="decide")
    assert (found.status, found.body["products"]) == (200, first.body["products"])
    missing = stack.call("GET", f"/v1/decisions/{'0' * 32}.lookup", scope="decide")
    assert missing.status == 404


def test_a_withdrawal_by_an_event_stops_mails_and_cannot_be_undone_by_one(stack: Stack, shelf: list[str]):
    """A browser may withdraw; a later identify with the public write key grants nothing."""
    user_id = consenting(stack)
    assert ask(stack, user_id, "before", products=shelf[:2]).body["mail"] is True
    stack.track({"type": "track", "event": "Unsubscribed", "userId": user_id, "messageId": uuid4().hex})
    until(lambda: ask(stack, user_id, f"after-{uuid4().hex[:6]}", products=shelf[:2]).body["mail"] is False)
    granting = {"type": "identify", "userId": user_id, "messageId": uuid4().hex, "traits": {"plan": "silver"}}
    stack.track({**granting, "context": {"consent": {"categoryPreferences": {"email": True}}}})
    until(lambda: stack.rows(stack.subject(user_id))["traits"]["t_plan"]["M"]["v"]["S"] == "silver")
    assert ask(stack, user_id, "before", products=shelf[:2]).body["mail"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"userId": "ada"}, "campaign"),
        ({"campaign": "no spaces", "userId": "ada"}, "campaign"),
        ({"campaign": "spring"}, "userId"),
        ({"campaign": "spring", "userId": "ada", "use": "everything"}, "use"),
        ({"campaign": "spring", "userId": "ada", "products": [str(number) for number in range(13)]}, "products"),
        (b"{", "body"),
    ],
)
def test_a_callers_mistake_is_named(stack: Stack, body: Any, field: str):
    """4xx, with the field and a reason."""
    reply = stack.call("POST", "/v1/decisions", body, scope="decide")
    assert 400 <= reply.status < 500
    assert reply.body["error"]["field"].startswith(field)
    assert reply.body["error"]["reason"]


def test_an_oversized_body_is_refused(stack: Stack):
    """A batch over the specification's limit is refused whole, an event over its own limit singly."""
    big = order("big", "tea-1", context={"page": {"title": "x" * 40_000}})
    reply = stack.track(big)
    assert reply.status in {400, 413}
    reply = stack.track(
        *[order("big", f"tea-{number}", context={"page": {"title": "x" * 9_000}}) for number in range(60)]
    )
    assert reply.status == 413
