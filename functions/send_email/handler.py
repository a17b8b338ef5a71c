"""Messages of the Sends queue -> mails: each is checked again, decided, rendered, claimed, sent once and recorded."""

import gc
import os
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from secrets import token_hex
from threading import Thread
from time import monotonic, time
from typing import Any, cast

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_campaigns import DynamoCampaignStore
from addressee.adapters.dynamo_decisions import DynamoDecisionStore
from addressee.adapters.dynamo_items import DynamoItemStore
from addressee.adapters.dynamo_persons import DynamoPeople
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.dynamo_suppressions import DynamoSuppressions
from addressee.adapters.dynamo_touches import DynamoTouches
from addressee.adapters.link_keys import LinkKeys
from addressee.adapters.log import log_metrics
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_models import S3Models
from addressee.adapters.s3_templates import S3Templates
from addressee.adapters.secrets import Secret, subject_key
from addressee.adapters.ses import SesMailer
from addressee.adapters.sqs import NoSendMessage, key_of
from addressee.adapters.wire import Patience
from addressee.decisions.campaign import DIVERSITY, read_repurchase_days
from addressee.decisions.decision import Decision
from addressee.decisions.ports import Catalogue
from addressee.emails.compose import MailRenderer
from addressee.emails.compose import Settings as Said
from addressee.emails.deliver import Delivery, deliver
from addressee.emails.mime import read_sender
from addressee.emails.ports import Renderer
from addressee.emails.prepare import Making
from addressee.emails.recent_items import RecentItems
from addressee.emails.values import Tracking
from addressee.settings import read_settings

FUNCTION = "send_email"
THREADS = 10
PATIENCE_MS = 30_000
"""The time of an invocation that does not say how much it has."""
ITEMS_SECONDS = 30.0
PATIENT = Patience(read_timeout_seconds=3, connect_timeout_seconds=1, attempts=3)
METRICS = {
    "MailsSent": ("sent",),
    "MailsFailed": ("failed", "rejected"),
    "MailsUnknown": ("unanswered", "unrecorded"),
    "SendFault": ("fault", "garbage"),
}
QUIET = frozenset({"sent", "paused", "put_off"})


@dataclass(frozen=True)
class Settings:
    """The function's environment. Caps, hours and zone are not here: a campaign's row holds its own."""

    profiles_table: str
    decisions_table: str
    items_table: str
    suppressions_table: str
    sends_table: str
    campaigns_table: str
    models_bucket: str
    emails_bucket: str
    subject_secret: str
    links_secret: str
    links_url: str
    sender: str
    postal_address: str
    configuration_set: str
    tracking: str
    repurchase_days: str
    default_locale: str
    diversity: float = DIVERSITY


@dataclass(frozen=True)
class Wiring:
    """What sending needs from outside; `new_claim` makes a name that no other attempt has."""

    ports: Delivery
    now_ms: Callable[[], int] = lambda: int(time() * 1000)
    new_claim: Callable[[], str] = lambda: token_hex(12)


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of a message. `what` is an `Outcome`'s, or `fault` or `garbage`."""

    message_id: str
    what: str
    detail: str = ""
    comes_back: bool = True
    send_id: str = ""


@cache
def wiring() -> Wiring:
    """Connect to what the environment names; models load while the other clients are made."""
    settings = read_settings(Settings, os.environ)
    s3, dynamodb = plain_aws.s3(PATIENT), plain_aws.dynamodb(PATIENT)  # a third of the SDK's time a call
    models = S3Models(S3Bucket(settings.models_bucket, s3), on_fault=_log_fault)
    loading = Thread(target=models.refresh)
    loading.start()
    secrets = plain_aws.secrets_manager(PATIENT)
    secret = Secret(settings.subject_secret, secrets=secrets)
    items = RecentItems(DynamoItemStore(settings.items_table, dynamodb), seconds=ITEMS_SECONDS, clock=monotonic)
    records = DynamoDecisionStore(settings.decisions_table, dynamodb)
    ports = Delivery(
        key=cache(lambda: subject_key(secret)),
        sends=DynamoSendStore(settings.sends_table, dynamodb),
        campaigns=DynamoCampaignStore(settings.campaigns_table, dynamodb),
        people=DynamoPeople(settings.profiles_table, dynamodb, consistent=True),
        suppressions=DynamoSuppressions(settings.suppressions_table, dynamodb),
        making=Making(
            records,
            items,
            models,
            _renderer(
                settings,
                items,
                LinkKeys(Secret(settings.links_secret, secrets=secrets)),
                S3Bucket(settings.emails_bucket, s3),
            ),
            read_repurchase_days(settings.repurchase_days),
            _log_model_faults,
            settings.diversity,
        ),
        touches=DynamoTouches(settings.profiles_table, dynamodb),
        mailer=SesMailer(settings.configuration_set),
    )
    loading.join()
    return Wiring(ports)


def _renderer(settings: Settings, items: Catalogue, keys: LinkKeys, emails: S3Bucket) -> Renderer:
    said = Said(
        sender=read_sender(settings.sender),
        postal_address=settings.postal_address,
        links_url=settings.links_url,
        tracking=cast("Tracking", settings.tracking),
        default_locale=settings.default_locale,
    )
    return MailRenderer(S3Templates(emails), items, keys.signing, said)


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, Any]:
    """Send a batch side by side; name the messages that have to come back. No thread outlives the invocation.

    The second half of its time belongs to mails that were claimed in the first: nobody is killed waiting for SES.
    """
    ready = wired or wiring()
    left_ms = getattr(context, "get_remaining_time_in_millis", lambda: PATIENCE_MS)()
    with ThreadPoolExecutor(THREADS) as pool:
        send = partial(_one, ready, claim_until_ms=ready.now_ms() + left_ms // 2)
        done = list(pool.map(send, event["Records"]))
    _log(done)
    return {"batchItemFailures": [{"itemIdentifier": each.message_id} for each in done if each.comes_back]}


def _one(wired: Wiring, record: Mapping[str, Any], *, claim_until_ms: int) -> _Done:
    """Deliver the mail of one message; one that names no row goes back, and ends among the dead letters."""
    message_id = str(record["messageId"])
    try:
        key = key_of(record["body"])
    except NoSendMessage as error:
        return _Done(message_id, "garbage", str(error))
    send_id = f"{key.subject}.{key.campaign}"
    try:
        outcome = deliver(key, wired.ports, now_ms=wired.now_ms, claim=wired.new_claim(), claim_until_ms=claim_until_ms)
    except Exception as error:  # noqa: BLE001  # one mail's fault is its own: the others of the batch go on
        return _Done(message_id, "fault", type(error).__name__, send_id=send_id)
    return _Done(message_id, outcome.what, outcome.detail, outcome.comes_back, send_id)


def _log(done: list[_Done]) -> None:
    """Log once: counts, the process (whoever tests a crash has to know whom to kill), and what needs a look, by id."""
    counts = Counter(each.what for each in done)
    metrics = {name: sum(counts[what] for what in whats) for name, whats in METRICS.items()}
    looks = [
        {"messageId": each.message_id, "sendId": each.send_id, "what": each.what, "detail": each.detail}
        for each in done
        if each.what not in QUIET
    ]
    log_metrics("sent", metrics, function=FUNCTION, pid=os.getpid(), counts=dict(counts), looks=looks)


def _log_fault(kind: str, reason: str) -> None:
    """Say that a model could not be loaded; the ones loaded before serve on."""
    log_metrics("model not loaded", {"SendFault": 1}, function=FUNCTION, faults={f"model {kind}": reason})


def _log_model_faults(decision: Decision) -> None:
    """Count models that failed in a mail; one that nothing stood in for made the mail poorer: a fault of sending."""
    poorer = sum(kind not in decision.models for kind in decision.faults)
    metrics = {"ModelFaults": len(decision.faults), **({"SendFault": poorer} if poorer else {})}
    log_metrics("model failed", metrics, function=FUNCTION, modelFaults=dict(decision.faults))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # a cold start pays here, where Lambda gives a whole CPU
    wiring()
    gc.freeze()  # what is loaded stays: later collections pass it by
