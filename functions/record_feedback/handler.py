"""SQS batch of SES events and engagements -> suppression, settled sends, the stream. Each message by itself."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from time import time
from typing import Any

from addressee.adapters.dynamo_recipients import DynamoRecipients
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.dynamo_suppressions import DynamoSuppressions
from addressee.adapters.kinesis import KinesisStream
from addressee.adapters.log import log, log_metrics
from addressee.adapters.secrets import Secret, subject_key
from addressee.feedback.record import COMPLAINT, HARD_BOUNCE, Ports, Recorded, record_feedback
from addressee.settings import read_settings

FUNCTION = "record_feedback"
CALLS_AT_ONCE = 10


@dataclass(frozen=True)
class Settings:
    """The function's environment. So many soft bounces within 30 days suppress an address."""

    profiles_table: str
    sends_table: str
    suppressions_table: str
    event_stream: str
    subject_secret: str
    soft_bounce_limit: int


@dataclass(frozen=True)
class Wiring:
    """What the handler works with. `pool` is bounded: a batch waits for DynamoDB and Kinesis, not for the processor."""

    ports: Ports
    pool: Executor
    now_ms: Callable[[], int] = lambda: int(time() * 1000)


@cache
def wiring() -> Wiring:
    """Build the adapters once per process."""
    settings = read_settings(Settings, os.environ)
    secret = Secret(settings.subject_secret)
    ports = Ports(
        key=lambda: subject_key(secret),
        suppressions=DynamoSuppressions(settings.suppressions_table),
        sends=DynamoSendStore(settings.sends_table),
        recipients=DynamoRecipients(settings.profiles_table),
        stream=KinesisStream(settings.event_stream),
        soft_bounce_limit=settings.soft_bounce_limit,
    )
    return Wiring(ports, ThreadPoolExecutor(CALLS_AT_ONCE))


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> dict[str, Any]:
    """Record a batch; answer which messages are to come again. What can never be used does so until SQS parks it."""
    wires = wired or wiring()
    records = event["Records"]
    outcomes = list(wires.pool.map(partial(_record, wires=wires), records))
    _log(outcomes)
    back = [each for each, outcome in zip(records, outcomes, strict=True) if outcome is None or _is_refused(outcome)]
    return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in back]}


def _record(message: Mapping[str, Any], *, wires: Wiring) -> Recorded | None:
    """Record one message; None where it has to come again. The log names the message, never what it holds."""
    received_at_ms = int(message.get("attributes", {}).get("SentTimestamp", 0)) or wires.now_ms()
    try:
        outcome = record_feedback(message["body"], wires.ports, received_at_ms=received_at_ms)
    except Exception as error:  # noqa: BLE001  # one message's trouble is not the other nine's
        log(
            "not recorded",
            level="ERROR",
            function=FUNCTION,
            message_id=message["messageId"],
            fault=type(error).__name__,
        )
        return None
    if _is_refused(outcome):
        log("refused", level="WARNING", function=FUNCTION, message_id=message["messageId"], reason=outcome.why)
    return outcome


def _is_refused(outcome: Recorded) -> bool:
    return outcome.what == "refused"


def _log(outcomes: Iterable[Recorded | None]) -> None:
    told = [each for each in outcomes if each is not None]
    metrics = {
        "HardBounces": sum(each.suppressed == HARD_BOUNCE for each in told),
        "Complaints": sum(each.suppressed == COMPLAINT for each in told),
        "FeedbackRefused": sum(map(_is_refused, told)),
    }
    counts = Counter(each.kind if each.what == "recorded" else each.what for each in told)
    labels = Counter(f"{each.label} {each.why}".strip() for each in told if each.what == "recorded" and each.label)
    dropped = Counter(each.why for each in told if each.what == "dropped")
    log_metrics("recorded", metrics, function=FUNCTION, counts=counts, labels=labels, dropped=dropped)
