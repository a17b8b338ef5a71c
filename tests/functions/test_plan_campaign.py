"""`plan_campaign`: the routes of campaigns and the steps of the state machine, whole."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from addressee.emails.plan import PlanPorts
from addressee.emails.plan_steps import StepPorts
from addressee.emails.ports import SendKey
from functions.plan_campaign import handler
from functions.plan_campaign.handler import Settings, Wiring, defaults_of, handle
from tests.fakes.campaign_ports import InMemoryAudience, NotedRuns, ToldVersions
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.sends import InMemorySends
from tests.unit.emails.campaigns import somebody

SAMPLE = json.loads(Path("events/plan_campaign.json").read_text(encoding="utf-8"))
NOW = SAMPLE["requestContext"]["timeEpoch"]
POST = "POST /v1/campaigns"
GET = "GET /v1/campaigns/{campaign}"
LOYAL = [somebody(number, segment="loyal") for number in range(40)]
OTHERS = [somebody(number, segment="rare") for number in range(40, 50)]
SETTINGS = Settings(
    profiles_table="Profiles",
    sends_table="Sends",
    campaigns_table="Campaigns",
    emails_bucket="emails",
    plan_machine="arn",
    topics='{"news": "News and offers"}',
    holdout_share=0.2,
    cap_per_day=1,
    cap_per_week=3,
    default_hour=10,
    quiet_hours="21-8",
    default_time_zone="UTC",
)


@pytest.fixture
def wires():
    """Wire the handler to memory."""
    audience = InMemoryAudience(*LOYAL, *OTHERS, cut=3)
    steps = StepPorts(PlanPorts(InMemorySends(), InMemoryCampaigns(), InMemoryChunks()), audience, audience)
    templates = ToldVersions(digest="0123456789abcdef")
    return Wiring(steps, templates, NotedRuns(), defaults_of(SETTINGS), now_ms=lambda: NOW)


def call(wires, route, body=None, *, scope="admin", campaign="spring-2026", **query):
    """Send one request and return status and body."""
    event = {**SAMPLE, "routeKey": route, "body": body if isinstance(body, str) else json.dumps(body)}
    event["pathParameters"] = {} if route == POST else {"campaign": campaign}
    event["queryStringParameters"] = query
    event["requestContext"] = {**SAMPLE["requestContext"], "authorizer": {"lambda": {"scope": scope}}}
    answer = handle(event, None, wired=wires)
    return answer["statusCode"], json.loads(answer["body"])


def plan(wires, campaign="spring-2026"):
    """Run the state machine's steps in their order, each chunk twice."""
    handle({"step": "list", "campaign": campaign}, None, wired=wires)
    for item in wires.steps.manifests.manifest(campaign) * 2:
        handle({"step": "chunk", **item}, None, wired=wires)
    return handle({"step": "planned", "campaign": campaign}, None, wired=wires)


def test_the_sample_creates_a_campaign_and_starts_its_planning(wires):
    """201, and 200 for the same once more."""
    answers = [handle(SAMPLE, None, wired=wires) for _ in range(2)]
    assert [answer["statusCode"] for answer in answers] == [201, 200]
    first, second = (json.loads(answer["body"]) for answer in answers)
    assert first == second
    assert {name: first[name] for name in ("status", "planning", "recipients", "templateVersion")} == {
        "status": "running",
        "planning": "planning",
        "recipients": None,
        "templateVersion": "0123456789abcdef",
    }
    assert wires.planner.runs == [("spring-2026", "spring-2026")] * 2
    assert json.loads(SAMPLE["body"]).items() <= first.items()


def test_planning_gives_the_segment_its_rows_and_the_status_counts_them(wires):
    """40 loyal people, some of them held out; each row once, though each chunk ran twice."""
    handle(SAMPLE, None, wired=wires)
    assert plan(wires) == {"recipients": 40}
    status, said = call(wires, GET)
    assert (status, said["planning"], said["recipients"], said["chunks"]) == (200, "planned", 40, 3)
    held_out = said["reasons"]["skipped"]["holdout"]
    assert 0 < held_out < 15
    assert said["counts"]["planned"] == 40 - held_out
    assert (said["settled"], said["finished"], said["unwritten"]) == (held_out, False, 0)
    assert len(wires.steps.plan.sends.rows) == wires.steps.plan.sends.writes == 40


def test_a_campaign_is_finished_when_all_its_rows_are_settled(wires):
    """Whatever they ended as."""
    handle(SAMPLE, None, wired=wires)
    plan(wires)
    sends = wires.steps.plan.sends
    for key, row in list(sends.rows.items()):
        if row.state == "planned":
            sends.move(SendKey(*key), "skipped", leaving=frozenset({"planned"}), reason="cap")
    said = call(wires, GET)[1]
    assert (said["settled"], said["finished"]) == (40, True)


def test_rows_of_a_large_campaign_are_counted_chunk_by_chunk(wires, monkeypatch):
    """The whole answer says null; the chunks add up."""
    monkeypatch.setattr(handler, "COUNTED_AT_ONCE", 39)
    handle(SAMPLE, None, wired=wires)
    plan(wires)
    said = call(wires, GET)[1]
    assert (said["counts"], said["finished"], said["chunks"]) == (None, None, 3)
    parts = [call(wires, GET, chunk=str(number))[1] for number in range(3)]
    assert sum(sum(part["counts"].values()) for part in parts) == 40
    assert call(wires, GET, chunk="x")[1]["error"]["field"] == "chunk"


def test_pause_resume_and_cancel_are_acknowledged_when_written(wires):
    """Repeats change nothing; after a cancellation there is no resuming."""
    handle(SAMPLE, None, wired=wires)
    store = wires.steps.plan.campaigns
    for move, status in (("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert call(wires, f"POST /v1/campaigns/{{campaign}}/{move}")[1]["status"] == status
        assert store.get("spring-2026").status == status
    status, said = call(wires, "POST /v1/campaigns/{campaign}/resume")
    assert (status, said["error"]) == (409, {"field": "campaign", "reason": "the campaign is cancelled"})


def test_a_plan_that_failed_is_started_again_by_the_same_request(wires):
    """Under another name."""
    handle(SAMPLE, None, wired=wires)
    assert handle({"step": "failed", "campaign": "spring-2026"}, None, wired=wires) == {"planning": "failed"}
    assert call(wires, GET)[1]["planning"] == "failed"
    handle(SAMPLE, None, wired=wires)
    assert wires.planner.runs[1] == ("spring-2026", f"spring-2026.{NOW}")
    assert plan(wires) == {"recipients": 40}


@pytest.mark.parametrize(
    ("route", "body", "status", "field"),
    [
        (POST, "{", 400, "body"),
        (POST, [], 400, "body"),
        (POST, "x" * 40_000, 413, "body"),
        (POST, {**json.loads(SAMPLE["body"]), "topic": "sports"}, 400, "topic"),
        (POST, {**json.loads(SAMPLE["body"]), "template": "unheard-of"}, 400, "template"),
        (GET, None, 404, "campaign"),
        ("POST /v1/campaigns/{campaign}/cancel", None, 404, "campaign"),
        ("DELETE /v1/campaigns/{campaign}", None, 404, "path"),
    ],
)
def test_a_callers_mistake_is_a_4xx_with_field_and_reason(wires, route, body, status, field):
    """Name what is wrong."""
    answered, said = call(wires, route, body)
    assert (answered, said["error"]["field"]) == (status, field)


def test_another_campaign_of_the_same_id_is_a_409(wires):
    """The first one stands."""
    handle(SAMPLE, None, wired=wires)
    status, said = call(wires, POST, {**json.loads(SAMPLE["body"]), "holdout": 0})
    assert (status, said["error"]["field"]) == (409, "campaign")


def test_an_id_that_cannot_be_one_is_a_400(wires):
    """Also in a path."""
    assert call(wires, GET, campaign="a b")[0] == 400


def test_other_scopes_are_refused(wires):
    """Answer 403 to a key that only decides."""
    assert call(wires, GET, scope="decide")[0] == 403


def test_each_invocation_logs_one_line_without_subjects(wires, capsys):
    """Identifiers of campaigns, counts; nobody's address."""
    handle(SAMPLE, None, wired=wires)
    plan(wires)
    call(wires, "POST /v1/campaigns/{campaign}/pause")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 1 + 6 + 1 + 1
    assert all(isinstance(json.loads(line), Mapping) for line in lines)
    assert "@" not in "".join(lines)
    assert LOYAL[0].subject not in "".join(lines)
