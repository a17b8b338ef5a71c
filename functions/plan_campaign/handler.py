"""HTTP request -> campaign; step of the state machine `Plan` -> rows. A stop is acknowledged once it is written."""

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from time import time
from typing import Any

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_campaigns import DynamoCampaignStore
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.http import Answer, Refused, Request, dispatch
from addressee.adapters.log import log
from addressee.adapters.profile_scan import ProfileScan
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_campaigns import S3Campaigns
from addressee.adapters.s3_templates import S3Templates
from addressee.adapters.step_functions import PlanMachine
from addressee.adapters.wire import Patience
from addressee.decisions.campaign import Campaign, read_quiet_hours
from addressee.decisions.request import InvalidField, read_campaign
from addressee.emails.campaign import Standing, Status
from addressee.emails.campaign_request import MAX_BODY_BYTES, Defaults, read_chunk
from addressee.emails.campaign_wire import counts_json, standing_json, status_json
from addressee.emails.counts import count_campaign, count_chunk
from addressee.emails.plan import PlanPorts
from addressee.emails.plan_steps import StepPorts, do_step
from addressee.emails.run_campaign import (
    Conflict,
    CreatePorts,
    Planner,
    TemplateVersions,
    UnknownCampaign,
    change_status,
    create_campaign,
)
from addressee.settings import read_settings

THREADS = 32
PATIENT = Patience(attempts=8)
COUNTED_AT_ONCE = 100_000
CREATED, OK = 201, 200
SAID = frozenset({"step", "campaign", "segment"})
MOVES: Mapping[str, Status] = {"pause": "paused", "resume": "running", "cancel": "cancelled"}


@dataclass(frozen=True)
class Settings:
    """The function's environment. Caps count mails of any campaign; hours are local; topics: JSON, label by name."""

    profiles_table: str
    sends_table: str
    campaigns_table: str
    emails_bucket: str
    plan_machine: str
    topics: str
    holdout_share: float
    cap_per_day: int
    cap_per_week: int
    default_hour: int
    quiet_hours: str
    default_time_zone: str


@dataclass(frozen=True)
class Wiring:
    """What routes and steps need from outside."""

    steps: StepPorts
    templates: TemplateVersions
    planner: Planner
    defaults: Defaults
    now_ms: Callable[[], int] = lambda: int(time() * 1000)


@cache
def wiring() -> Wiring:
    """Connect to what the environment names."""
    settings = read_settings(Settings, os.environ)
    bucket = S3Bucket(settings.emails_bucket)
    lists, pool = S3Campaigns(bucket), ThreadPoolExecutor(THREADS)
    dynamodb = plain_aws.dynamodb(PATIENT)  # a third of the SDK's time a row, and there are many
    sends = DynamoSendStore(settings.sends_table, dynamodb)
    campaigns = DynamoCampaignStore(settings.campaigns_table, dynamodb)
    return Wiring(
        StepPorts(PlanPorts(sends, campaigns, lists, pool.map), ProfileScan(settings.profiles_table), lists),
        S3Templates(bucket),
        PlanMachine(settings.plan_machine),
        defaults_of(settings),
    )


def defaults_of(settings: Settings) -> Defaults:
    """Read what holds where a request is silent. Raises `InvalidCampaign`."""
    rules = Campaign(
        campaign_id="default",
        cap_per_day=settings.cap_per_day,
        cap_per_week=settings.cap_per_week,
        default_hour=settings.default_hour,
        quiet_hours=read_quiet_hours(settings.quiet_hours),
        default_time_zone=settings.default_time_zone,
    )
    return Defaults(rules, frozenset(json.loads(settings.topics)), settings.holdout_share)


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, Any]:
    """Answer one HTTP API request of a caller with the scope `admin`, or do one step of the state machine."""
    del context
    wires = wired or wiring()
    if "step" in event:
        answer = do_step(event, wires.steps, now_ms=wires.now_ms())
        log("step", **{key: value for key, value in event.items() if key in SAID}, **answer)
        return answer
    return dispatch(event, {name: partial(_refusing, route, wires) for name, route in ROUTES.items()}, scope="admin")


def post_campaign(wires: Wiring, request: Request) -> Answer:
    """Create a campaign and start planning it: 201; where the same request did so before: 200."""
    if len(request.body()) > MAX_BODY_BYTES:
        raise Refused(413, "body", f"is larger than {MAX_BODY_BYTES} bytes")
    ports = CreatePorts(wires.steps.plan.campaigns, wires.templates, wires.planner)
    created = create_campaign(request.json(), wires.defaults, ports, now_ms=wires.now_ms())
    _log(request, created.standing)
    return Answer(CREATED if created.is_new else OK, standing_json(created.standing))


def get_campaign(wires: Wiring, request: Request) -> Answer:
    """Say how far a campaign is, with exact counts; of one chunk (`?chunk=3`) where all are too many for one answer."""
    ports, name = wires.steps.plan, _id(request)
    standing = ports.campaigns.get(name)
    if standing is None:
        raise UnknownCampaign(name)
    _log(request, standing)
    if "chunk" in request.query:
        number = read_chunk(request.query["chunk"])
        counts = count_chunk(name, number, ports.chunks, ports.sends, ports.spread)
        return Answer(OK, {"campaign": name, "chunk": number, **counts_json(counts)})
    total = count_campaign(name, ports.chunks, ports.sends, ports.spread, at_most=COUNTED_AT_ONCE)
    return Answer(OK, status_json(standing, total, ports.chunks.numbers(name)))


def post_move(wires: Wiring, request: Request) -> Answer:
    """Pause, resume or cancel."""
    status = MOVES[request.route.rpartition("/")[2]]
    standing = change_status(_id(request), status, wires.steps.plan.campaigns)
    _log(request, standing)
    return Answer(OK, standing_json(standing))


ROUTES: Mapping[str, Callable[[Wiring, Request], Answer]] = {
    "POST /v1/campaigns": post_campaign,
    "GET /v1/campaigns/{campaign}": get_campaign,
    **{f"POST /v1/campaigns/{{campaign}}/{move}": post_move for move in MOVES},
}


def _refusing(route: Callable[[Wiring, Request], Answer], wires: Wiring, request: Request) -> Answer:
    """Turn a caller's mistake into a 4xx with its field and reason."""
    try:
        return route(wires, request)
    except InvalidField as wrong:
        raise Refused(400, wrong.field, wrong.reason) from None
    except UnknownCampaign:
        raise Refused(404, "campaign", "no such campaign") from None
    except Conflict as conflict:
        raise Refused(409, "campaign", str(conflict)) from None


def _id(request: Request) -> str:
    return read_campaign(request.path.get("campaign"))


def _log(request: Request, standing: Standing) -> None:
    campaign = standing.campaign.campaign_id
    log("campaign", route=request.route, campaign=campaign, status=standing.status, planning=standing.planning)
