"""`decide_content` and callers' mistakes: each is named, and 2,000 callers know nothing of the API."""

import json
import random

import pytest

from functions.decide_content.handler import ROUTES, handle
from tests.functions.decide_calls import ANNA, POST, SAMPLE, call, wire


@pytest.mark.parametrize(
    ("route", "given", "status", "field"),
    [
        (POST, {"body": "{"}, 400, "body"),
        (POST, {"body": "[]"}, 400, "body"),
        (POST, {"body": json.dumps({"campaign": "c", "userId": "a", "x": "y" * 33_000})}, 413, "body"),
        (POST, {"body": {"userId": "anna"}}, 400, "campaign"),
        (POST, {"body": {"campaign": "c", "userId": "a", "products": ["x"] * 13}}, 400, "products"),
        (POST, {"scope": "admin"}, 403, "authorization"),
        (POST, {"scope": ""}, 403, "authorization"),
        ("GET /v1/users/{id}/recommendations", {"path": {"id": "anna"}, "query": {"k": "0"}}, 400, "k"),
        ("GET /v1/users/{id}/recommendations", {"path": {"id": "anna"}, "query": {"use": "x"}}, 400, "use"),
        ("GET /v1/users/{id}/scores", {"path": {"id": "%00"}}, 400, "id"),
        ("GET /v1/decisions/{decisionId}", {"path": {"decisionId": "x"}}, 400, "decisionId"),
        ("GET /v1/decisions/{decisionId}", {"path": {"decisionId": f"{ANNA}.x"}}, 404, "decisionId"),
        ("GET /v1/elsewhere", {}, 404, "path"),
    ],
)
def test_a_callers_mistake_is_a_4xx_with_field_and_reason(route, given, status, field):
    """Every route names what is wrong."""
    answered, body = call(wire(), route, **given)
    assert (answered, body["error"]["field"]) == (status, field)
    assert body["error"]["reason"]


WORDS = (
    "anna",
    "",
    "\ud800",
    "a" * 300,
    "spring",
    "../..",
    "é",
    "\0",
    '"',
    "mixed",
    "1",
    "-1",
    "true",
    f"{ANNA}.spring",
)


def _value(rng, depth=0):
    if depth < 3 and rng.random() < 0.25:
        if rng.random() < 0.5:
            return [_value(rng, depth + 1) for _ in range(rng.randrange(15))]
        return {rng.choice(WORDS): _value(rng, depth + 1) for _ in range(rng.randrange(4))}
    return rng.choice([None, True, False, 0, -1, 2**70, 1.5, float("nan"), float("-inf"), *WORDS])


def _fuzzed_body(rng):
    fields = ("campaign", "userId", "anonymousId", "use", "products", "context", "zz")
    valid = {"campaign": "spring", "userId": "anna", "use": "mixed", "products": ["milk"], "context": {}}
    given = {name: valid.get(name) if rng.random() < 0.6 else _value(rng) for name in fields if rng.random() < 0.6}
    text = json.dumps(rng.choice([given, given, given, _value(rng)]))
    if rng.random() < 0.1:
        cut = rng.randrange(len(text) + 1)
        text = text[:cut] + rng.choice(["", "\x00", "}", "\ud800", "[" * 2000])
    return text


def test_two_thousand_fuzzed_requests_give_no_5xx(capsys):
    """Any route, any body, any path and query: answered or refused with field and reason."""
    rng, wired = random.Random(20_261), wire()  # a reproducible corpus
    statuses = {}
    for _ in range(2000):
        event = {**SAMPLE, "routeKey": rng.choice([*ROUTES, POST, POST]), "body": _fuzzed_body(rng)}
        event["isBase64Encoded"] = rng.random() < 0.05
        event["pathParameters"] = {"id": rng.choice(WORDS), "decisionId": rng.choice(WORDS)}
        event["queryStringParameters"] = {
            name: rng.choice(WORDS) for name in ("k", "use", "anonymous") if rng.random() < 0.3
        }
        answer = handle(event, None, wired=wired)
        body = json.loads(answer["body"])
        assert answer["statusCode"] in {200, 400, 404, 413}
        assert answer["statusCode"] == 200 or (body["error"]["field"] and body["error"]["reason"])
        statuses[answer["statusCode"]] = statuses.get(answer["statusCode"], 0) + 1
    assert min(statuses[200], statuses[400]) > 200
    assert "DecisionFallback" not in capsys.readouterr().out
