"""HTTP request -> decision: the same one for (campaign, person) again; trouble of ours is never an error page."""

import gc
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from threading import Thread
from time import monotonic, time
from typing import Any

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_decisions import DynamoDecisionStore
from addressee.adapters.dynamo_items import DynamoItemStore
from addressee.adapters.dynamo_persons import DynamoPeople
from addressee.adapters.dynamo_suppressions import DynamoSuppressions
from addressee.adapters.http import Answer, Refused, Request, dispatch
from addressee.adapters.log import log, log_metrics
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_models import S3Models
from addressee.adapters.secrets import Secret, subject_key
from addressee.adapters.wire import Patience
from addressee.decisions import request as read
from addressee.decisions.answer import answer_decision, look_up, recommend, score
from addressee.decisions.campaign import DIVERSITY, Campaign, read_quiet_hours, read_repurchase_days
from addressee.decisions.decision import unknown_person
from addressee.decisions.guarded import Guarded, Sources
from addressee.decisions.ladder import Wish
from addressee.decisions.portrait import Portrait
from addressee.decisions.wire import decision_json, recommendations_json, scores_json
from addressee.settings import read_settings

FUNCTION = "decide_content"
METRIC = "DecisionFallback"
MODEL_METRIC = "ModelFaults"
_LOGGED = ("decisionId", "mail", "reason", "rung", "recorded")
BUDGET_SECONDS = 1.5
IMPATIENT = Patience(read_timeout_seconds=0.4, connect_timeout_seconds=0.4, attempts=2)


@dataclass(frozen=True)
class Settings:
    """The function's environment. Caps count mails of any campaign; hours are local."""

    profiles_table: str
    decisions_table: str
    items_table: str
    suppressions_table: str
    models_bucket: str
    subject_secret: str
    repurchase_days: str
    cap_per_day: int
    cap_per_week: int
    default_hour: int
    quiet_hours: str
    default_time_zone: str
    diversity: float = DIVERSITY


@dataclass(frozen=True)
class Wiring:
    """What the routes need from outside, and the settings of a campaign that was not created here."""

    sources: Sources
    campaign: Campaign
    clock: Callable[[], float] = monotonic
    now_ms: Callable[[], int] = lambda: int(time() * 1000)


@cache
def wiring() -> Wiring:
    """Connect to what the environment names; models load while the other clients are made."""
    settings = read_settings(Settings, os.environ)
    models = S3Models(S3Bucket(settings.models_bucket, plain_aws.s3(IMPATIENT)), on_fault=_log_fault)
    loading = Thread(target=models.refresh)
    loading.start()
    dynamodb = plain_aws.dynamodb(IMPATIENT)
    secret = Secret(settings.subject_secret, secrets=plain_aws.secrets_manager(IMPATIENT))
    sources = Sources(
        key=cache(lambda: subject_key(secret)),
        people=DynamoPeople(settings.profiles_table, dynamodb),
        suppressions=DynamoSuppressions(settings.suppressions_table, dynamodb),
        catalogue=DynamoItemStore(settings.items_table, dynamodb, attempts=2),
        champions=models,
        decisions=DynamoDecisionStore(settings.decisions_table, dynamodb),
    )
    loading.join()
    return Wiring(sources, default_campaign(settings))


def default_campaign(settings: Settings) -> Campaign:
    """Read the settings of a campaign that was not created here. Raises `InvalidCampaign`."""
    return Campaign(
        campaign_id="default",
        cap_per_day=settings.cap_per_day,
        cap_per_week=settings.cap_per_week,
        default_hour=settings.default_hour,
        quiet_hours=read_quiet_hours(settings.quiet_hours),
        default_time_zone=settings.default_time_zone,
        repurchase_days=read_repurchase_days(settings.repurchase_days),
        diversity=settings.diversity,
    )


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, Any]:
    """Answer one HTTP API request."""
    del context
    ready = wired or wiring()
    return dispatch(event, {name: partial(_refusing, route, ready) for name, route in ROUTES.items()}, scope="decide")


def post_decision(wired: Wiring, request: Request) -> Answer:
    """Decide for one person in one campaign."""
    if len(request.body()) > read.MAX_BODY_BYTES:
        raise Refused(413, "body", f"is larger than {read.MAX_BODY_BYTES} bytes")
    ask = read.read_decision_request(request.json())
    campaign, now_ms = replace(wired.campaign, campaign_id=ask.campaign), wired.now_ms()

    def work(guarded: Guarded) -> Answer:
        answered = answer_decision(ask, campaign, guarded, now_ms=now_ms)
        return Answer(200, decision_json(answered.decision, recorded=answered.recorded))

    return _served(wired, request, work, lambda: _unknown("", ask.campaign, now_ms))


def get_recommendations(wired: Wiring, request: Request) -> Answer:
    """Recommend products to one person, always fresh."""
    who = _who(request)
    use = read.read_use(request.query.get("use"))
    wish = Wish(use=use, k=read.read_count(request.query.get("k")))
    now_ms = wired.now_ms()

    def work(guarded: Guarded) -> Answer:
        return Answer(200, recommendations_json(recommend(who, wish, wired.campaign, guarded, now_ms=now_ms), use))

    def nothing() -> Answer:
        return Answer(200, recommendations_json(unknown_person("", "default", now_ms=now_ms), use))

    return _served(wired, request, work, nothing)


def get_scores(wired: Wiring, request: Request) -> Answer:
    """Score one person live, and say why where the query asks for it."""
    who, explain = _who(request), read.read_flag("explain", request.query.get("explain"))
    now_ms = wired.now_ms()

    def work(guarded: Guarded) -> Answer:
        return Answer(200, scores_json(*score(who, guarded, now_ms=now_ms, explain=explain)))

    def nothing() -> Answer:
        return Answer(200, scores_json(Portrait(), {}, "", {} if explain else None))

    return _served(wired, request, work, nothing)


def get_decision(wired: Wiring, request: Request) -> Answer:
    """Look a stored decision up."""
    subject, campaign = read.read_decision_id(request.path.get("decisionId", ""))
    now_ms = wired.now_ms()

    def work(guarded: Guarded) -> Answer:
        answered = look_up(subject, campaign, guarded, now_ms=now_ms)
        if answered is None:
            raise Refused(404, "decisionId", "no such decision")
        return Answer(200, decision_json(answered.decision, recorded=answered.recorded))

    return _served(wired, request, work, lambda: _unknown(subject, campaign, now_ms))


ROUTES: Mapping[str, Callable[[Wiring, Request], Answer]] = {
    "POST /v1/decisions": post_decision,
    "GET /v1/users/{id}/recommendations": get_recommendations,
    "GET /v1/users/{id}/scores": get_scores,
    "GET /v1/decisions/{decisionId}": get_decision,
}


def _unknown(subject: str, campaign: str, now_ms: int) -> Answer:
    return Answer(200, decision_json(unknown_person(subject, campaign, now_ms=now_ms), recorded=False))


def _who(request: Request) -> read.Who:
    return read.read_who(request.path.get("id", ""), anonymous=request.query.get("anonymous"))


def _refusing(route: Callable[[Wiring, Request], Answer], wired: Wiring, request: Request) -> Answer:
    """Turn a caller's mistake into a 400 with its field and reason."""
    try:
        return route(wired, request)
    except read.InvalidField as wrong:
        raise Refused(400, wrong.field, wrong.reason) from None


def _served(
    wired: Wiring, request: Request, work: Callable[[Guarded], Answer], fallback: Callable[[], Answer]
) -> Answer:
    """Answer within the time budget, log once.

    One metric counts answers that some fault of ours made poorer, another the models that failed.
    """
    guarded = Guarded(wired.sources, wired.clock, wired.clock() + BUDGET_SECONDS)
    try:
        answer = work(guarded)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001  # the send-time call never answers with an error page
        guarded.faults["decide_content"] = type(error).__name__
        answer = fallback()
    _log(request.route, guarded, {key: answer.body[key] for key in _LOGGED if key in answer.body})
    return answer


def _log(route: str, guarded: Guarded, said: Mapping[str, Any]) -> None:
    metrics: dict[str, float] = {METRIC: 1} if guarded.faults else {}
    if guarded.model_faults:
        metrics[MODEL_METRIC] = len(guarded.model_faults)
        said = {**said, "modelFaults": guarded.model_faults}
    if guarded.faults:
        log_metrics("fallback", metrics, function=FUNCTION, route=route, faults=guarded.faults, **said)
    elif metrics:
        log_metrics("answered", metrics, function=FUNCTION, route=route, **said)
    else:
        log("answered", route=route, **said)


def _log_fault(kind: str, reason: str) -> None:
    """Say that a model could not be loaded; the ones loaded before serve on."""
    log_metrics("model not loaded", {METRIC: 1}, function=FUNCTION, faults={f"model {kind}": reason})


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # a cold start pays here, where Lambda gives a whole CPU
    wiring()
    gc.freeze()  # what is loaded stays: later collections pass it by
