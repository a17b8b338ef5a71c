"""Every minute: due rows -> the Sends queue, at the pace of the SES quota; whatever is unfinished is looked after."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from time import time
from typing import Any

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_campaigns import DynamoCampaignStore
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.log import log_metrics
from addressee.adapters.ses import SesQuotas
from addressee.adapters.sqs import SqsSendQueue
from addressee.adapters.wire import Patience
from addressee.emails.dispatch import Dispatching, dispatch
from addressee.settings import read_settings

FUNCTION = "dispatch_sends"
THREADS = 8
PATIENCE_MS = 55_000
"""The time of an invocation that does not say how much it has."""
PATIENT = Patience(read_timeout_seconds=3, connect_timeout_seconds=1, attempts=3)


@dataclass(frozen=True)
class Settings:
    """The function's environment. A claim without an answer is `unknown` after `unknown_after_seconds`."""

    sends_table: str
    campaigns_table: str
    send_queue: str
    unknown_after_seconds: int


@dataclass(frozen=True)
class Wiring:
    """What a run needs from outside, and how long a claim may go without an answer."""

    ports: Dispatching
    unknown_after_ms: int
    now_ms: Callable[[], int] = lambda: int(time() * 1000)


@cache
def wiring() -> Wiring:
    """Connect to what the environment names."""
    settings = read_settings(Settings, os.environ)
    dynamodb = plain_aws.dynamodb(PATIENT)  # a third of the SDK's time a row, and there are many
    ports = Dispatching(
        sends=DynamoSendStore(settings.sends_table, dynamodb),
        campaigns=DynamoCampaignStore(settings.campaigns_table, dynamodb),
        queue=SqsSendQueue(settings.send_queue),
        quotas=SesQuotas(),
    )
    return Wiring(ports, settings.unknown_after_seconds * 1000)


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, int]:
    """Dispatch once; the answer is what was counted. No thread outlives the invocation.

    The second half of its time belongs to the page in hand: nobody is killed between marking rows and queueing them.
    """
    del event
    ready = wired or wiring()
    now_ms = ready.now_ms()
    late_ms = now_ms + getattr(context, "get_remaining_time_in_millis", lambda: PATIENCE_MS)() // 2
    with ThreadPoolExecutor(THREADS) as pool:
        ports = replace(ready.ports, spread=pool.map)
        counts = dispatch(
            ports, now_ms=now_ms, unknown_after_ms=ready.unknown_after_ms, is_late=lambda: ready.now_ms() >= late_ms
        )
    metrics = {"MailsUnknown": counts.unknown, "MailsQueued": counts.queued + counts.requeued + counts.resent}
    fields: Mapping[str, Any] = counts.as_fields()
    log_metrics("dispatched", metrics, function=FUNCTION, **fields)
    return counts.as_fields()
