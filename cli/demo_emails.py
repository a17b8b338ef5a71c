"""The demo's second half: a template is published, a campaign sent, paused and resumed, and all of it comes back."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_templates import S3Templates
from cli.campaigns import counted
from cli.demo_steps import DemoFailed
from cli.stage import Stage
from cli.templates import publish_folder
from twin.process import ROOT

CAMPAIGN = "weekly-digest"
TEMPLATE = ROOT / "templates" / "digest"
LEAST_MAILS = 500
MAILS_BEFORE_THE_PAUSE = 150
PLANNED_SECONDS = 120.0
SENT_SECONDS = 300.0
SETTLING_SECONDS = 4.0
STILL_SECONDS = 4.0
POLL_SECONDS = 0.5
STATUS_SECONDS = 3.0


def publish_template(stage: Stage) -> None:
    """Compile the sample template, hold it to its contract, and publish it."""
    began = monotonic()
    template = publish_folder(TEMPLATE, S3Templates(S3Bucket(stage.deployment.emails_bucket)))
    stage.report["template"] = {
        "name": template.name,
        "version": template.version,
        "seconds": round(monotonic() - began, 2),
    }


def send_campaign(stage: Stage) -> None:
    """Create the campaign, pause it while mails go out, see that it stands still, resume it, and wait for its end."""
    stage.api.create_campaign(_campaign(datetime.now(UTC)))
    began = monotonic()
    planned = _await(lambda: _planned(stage), PLANNED_SECONDS, "the campaign was not planned")
    figures: dict[str, Any] = {
        "campaign": CAMPAIGN,
        "recipients": planned["recipients"],
        "planned_seconds": round(monotonic() - began, 1),
    }
    began = monotonic()
    dispatch(stage)
    figures["pause"] = _pause_and_resume(stage)
    dispatch(stage)
    finished = _await(lambda: _finished(stage), SENT_SECONDS, "the campaign did not end", every=STATUS_SECONDS)
    mails = len(stage.twin.outbox)
    if mails < LEAST_MAILS:
        raise DemoFailed(f"only {mails} mails were sent")
    figures |= {
        "mails": mails,
        "sent_seconds": round(monotonic() - began, 1),
        "counts": {state: count for state, count in finished["counts"].items() if count},
        "reasons": finished["reasons"],
    }
    stage.report["send"] = figures


def _campaign(now: datetime) -> Mapping[str, Any]:
    """Mail everybody with consent at once: at night too, for a demo does not wait for the morning."""
    return {
        "campaign": CAMPAIGN,
        "audience": {"everyone": True},
        "template": "digest",
        "window": {"start": now.isoformat(), "end": (now + timedelta(days=1)).isoformat()},
        "timing": "at_once",
        "quietHours": "",
    }


def dispatch(stage: Stage) -> None:
    """Run `dispatch_sends` now; its schedule does the same every minute."""
    answer = client("lambda", read_timeout_seconds=60).invoke(FunctionName=stage.deployment.dispatch_function)
    if "FunctionError" in answer:
        raise DemoFailed(f"dispatch_sends failed: {answer['Payload'].read()[:300].decode(errors='replace')}")


def _planned(stage: Stage) -> dict[str, Any] | None:
    said = stage.api.campaign(CAMPAIGN)
    if said["planning"] == "failed":
        raise DemoFailed("planning the campaign failed")
    return said if said["planning"] == "planned" else None


def _finished(stage: Stage) -> dict[str, Any] | None:
    """Return the campaign once all rows are settled and SES has told of every mail."""
    said = counted(stage.api, CAMPAIGN)
    return said if said["finished"] and not said["counts"].get("sent") else None


def _pause_and_resume(stage: Stage) -> dict[str, Any]:
    """Pause after some mails; what was claimed before may still arrive, after that nothing may."""
    outbox = stage.twin.outbox
    _await(lambda: len(outbox) >= MAILS_BEFORE_THE_PAUSE, SENT_SECONDS, "no mails were sent")
    stage.api.move_campaign(CAMPAIGN, "pause")
    at_pause = len(outbox)
    sleep(SETTLING_SECONDS)
    settled = len(outbox)
    sleep(STILL_SECONDS)
    if (still := len(outbox)) != settled:
        raise DemoFailed(f"{still - settled} mails went out while the campaign was paused")
    stage.api.move_campaign(CAMPAIGN, "resume")
    return {"mails_when_paused": at_pause, "claimed_before": settled - at_pause, "mails_when_resumed": still}


def _await(look: Callable[[], Any], seconds: float, failure: str, *, every: float = POLL_SECONDS) -> Any:  # noqa: ANN401  # what `look` returns
    """Wait until `look` finds something. Raises `DemoFailed`."""
    deadline = monotonic() + seconds
    while not (found := look()):
        if monotonic() > deadline:
            raise DemoFailed(f"{failure} within {seconds:.0f} s")
        sleep(every)
    return found


def await_feedback(stage: Stage, expected: Mapping[str, int], look: Callable[[], Mapping[str, int]]) -> None:
    """Wait until at least the expected counts are found; what is missing is named. Raises `DemoFailed`."""
    found: Mapping[str, int] = {}
    deadline = monotonic() + PLANNED_SECONDS
    with stage.console.status("waiting for the feedback"):
        while any((found := look()).get(name, 0) < count for name, count in expected.items()):
            if monotonic() > deadline:
                raise DemoFailed(f"feedback is missing: expected {json.dumps(expected)}, found {json.dumps(found)}")
            sleep(1.0)
