"""`decide_content`: the send-time call and its outages."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from urllib.parse import quote

import pytest

from addressee.decisions.champions import Trial
from functions.decide_content.handler import ROUTES, Settings, default_campaign, handle
from tests.fakes.decisions import Broken, InMemoryDecisions, ToldRecommender
from tests.functions.decide_calls import ANNA, POST, SAMPLE, call, wire
from tests.unit.decisions.people import scored, state, willing


def test_the_sample_is_decided_and_recorded():
    """Handle the sample payload: every field of the answer is there."""
    answer = handle(SAMPLE, None, wired=wire())
    body = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert set(body) == {
        *(
            "decisionId",
            "campaign",
            "mail",
            "reason",
            "rung",
            "arm",
            "template",
            "slot",
            "sendTime",
            "products",
            "models",
        ),
        "recorded",
    }
    assert body["decisionId"] == f"{ANNA}.spring-2026"
    assert (body["mail"], body["reason"], body["rung"], body["recorded"]) == (True, "eligible", "personalised", True)
    assert [each["itemId"] for each in body["products"]] == ["milk", "kiwi", "eggs", "rice", "tea", "jam"]


def test_asking_again_gives_the_same_answer_and_the_id_finds_it():
    """Byte for byte, by call and by id."""
    wired = wire()
    first = call(wired)
    assert call(wired) == first
    assert call(wired, "GET /v1/decisions/{decisionId}", path={"decisionId": first[1]["decisionId"]}) == first


def test_recommendations_and_scores_are_fresh():
    """A purchase between two calls removes the product at once."""
    wired = wire()
    route, path = "GET /v1/users/{id}/recommendations", {"id": "anna"}
    status, body = call(wired, route, path=path, query={"use": "buy_again", "k": "1"})
    assert (status, body["rung"], [each["itemId"] for each in body["products"]]) == (200, "personalised", ["milk"])
    wired.sources.people.people[ANNA] = willing(subject=ANNA, state=state(bought={"milk": 0}))
    _, body = call(wired, route, path=path, query={"use": "buy_again", "k": "1"})
    assert [each["itemId"] for each in body["products"]] == ["eggs"]
    status, body = call(wired, "GET /v1/users/{id}/scores", path=path)
    assert (status, body["scores"], body["segments"]) == (200, {"buys_in_7_days": 0.25}, {"rfm_tiers": "loyal"})


@pytest.mark.parametrize(
    ("trial", "named", "metrics"),
    [
        (Trial("d2", 1.0, ToldRecommender(scored("rice"))), "d2", None),
        (Trial("d2", 1.0, Broken()), "2024-10-03-abc", ["ModelFaults"]),
        (Trial("d2", 1.0, None), "2024-10-03-abc", ["ModelFaults"]),
        (Trial("d2", 0.0, Broken()), "2024-10-03-abc", None),
    ],
    ids=["challenger", "challenger fails", "challenger not loaded", "not in the canary"],
)
def test_a_canary_is_answered_by_the_challenger_or_in_its_stead(trial, named, metrics, capsys):
    """The answer names the version that spoke; a fault is counted, and is no fallback."""
    wired = wire()
    wired.sources.champions.champions = replace(wired.sources.champions.champions, trials={"discover": trial})
    status, body = call(wired)
    assert (status, body["models"]["discover"], body["rung"]) == (200, named, "personalised")
    record = json.loads(capsys.readouterr().out)
    directives = record.get("_aws", {}).get("CloudWatchMetrics", [])
    assert [each["Name"] for directive in directives for each in directive["Metrics"]] == (metrics or [])
    assert record["message"] == "answered"


def test_scores_are_explained_where_the_query_asks_for_it():
    """The tier, and the five features that moved the score most, in words; a person never seen has none."""
    wired, route = wire(), "GET /v1/users/{id}/scores"
    _, body = call(wired, route, path={"id": "anna"}, query={"explain": "true"})
    told = body["explanations"]["buys_in_7_days"]
    assert told["tier"] == "low"
    assert [each["contribution"] for each in told["because"]] == [-1.0, 0.5, -0.25, 0.125, -0.0625]
    assert told["because"][0] == {
        "feature": "recency_days",
        "value": 3650.0,
        "contribution": -1.0,
        "words": "never ordered: lowers the chance",
    }
    _, body = call(wired, route, path={"id": "somebody"}, query={"explain": "true"})
    assert body["explanations"] == {}
    _, body = call(wired, route, path={"id": "anna"}, query={"explain": "false"})
    assert "explanations" not in body
    assert call(wired, route, path={"id": "anna"}, query={"explain": "yes"})[0] == 400


def test_an_anonymous_visitor_has_recommendations():
    """The query says that the id is an anonymous one."""
    query = {"anonymous": "true"}
    status, body = call(wire(), "GET /v1/users/{id}/recommendations", path={"id": quote("a b")}, query=query)
    assert (status, body["rung"]) == (200, "popular")


@pytest.mark.parametrize(
    ("broken", "mail", "rung", "recorded"),
    [
        ("champions", True, "editorial", True),
        ("catalogue", True, "editorial", True),
        ("people", False, "editorial", False),
        ("decisions", True, "personalised", False),
        ("suppressions", False, "personalised", True),
    ],
)
def test_an_outage_answers_200_and_is_counted(broken, mail, rung, recorded, capsys):
    """The right rung, and one log line that is the EMF record which the alarm watches."""
    status, body = call(wire(**{broken: Broken()}))
    assert (status, body["mail"], body["rung"], body["recorded"]) == (200, mail, rung, recorded)
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    (directive,) = record["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Addressee", [["function"]])
    assert directive["Metrics"] == [{"Name": "DecisionFallback", "Unit": "Count"}]
    assert (record["function"], record["DecisionFallback"], len(record["faults"])) == ("decide_content", 1, 1)


@pytest.mark.parametrize("route", [route for route in ROUTES if route != POST])
def test_the_other_routes_answer_200_with_everything_away(route):
    """Nothing can be read: empty answers, no error page."""
    nothing = {name: Broken() for name in ("people", "suppressions", "catalogue", "champions", "decisions")}
    status, body = call(wire(**nothing), route, path={"id": "anna", "decisionId": f"{ANNA}.spring"})
    assert status == 200
    assert "error" not in body


def test_without_the_profile_table_consent_is_unknown():
    """Nobody is mailed by mistake, and the sender is told to try again."""
    _, body = call(wire(people=Broken()))
    assert (body["mail"], body["reason"], body["products"]) == (False, "consent_unknown", [])


def test_a_fault_of_our_own_code_is_no_error_page(capsys):
    """Even a bug answers with the fallback, counted like an outage."""
    wired = wire(decisions=InMemoryDecisions())
    wired.sources.champions.champions = "no models at all"
    status, body = call(wired)
    assert (status, body["mail"], body["recorded"], body["decisionId"]) == (200, False, False, None)
    assert json.loads(capsys.readouterr().out)["faults"] == {"decide_content": "AttributeError"}


def test_the_settings_make_the_default_campaign():
    """A campaign that was not created here is decided with the installation's settings."""
    settings = Settings("p", "d", "i", "s", "m", "k", '{"*": 7}', 1, 3, 10, "21-8", "Europe/Berlin")
    campaign = default_campaign(settings)
    assert (campaign.cap_per_day, campaign.cap_per_week, campaign.default_hour) == (1, 3, 10)
    assert campaign.quiet_hours.covers(23)
    assert campaign.window_days("any", None) == 7


def test_the_send_path_imports_nothing_heavy():
    """Every import is paid by a cold start."""
    code = "import sys, functions.decide_content.handler; print(*sys.modules)"
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(("layers/core/python", "."))}
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=paths)
    loaded = run.stdout.split()
    heavy = {"numpy", "msgspec", "botocore", "pydantic", "duckdb", "sklearn", "aws_lambda_powertools", "jinja2"}
    assert not heavy & set(loaded)
    assert "functions.decide_content.handler" in loaded
