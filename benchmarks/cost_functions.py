"""What the functions behind a mail run, log, trace and poll: by batches that are full, and by those that were seen."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

LOG_EVENT_BYTES = 26
EVENTS = 2
"""SES tells of a mail twice: sent, delivered."""
MAILS_A_SECOND = 14
"""Assumed where batches are full: the quota of a new account."""
POLLED = 10
"""SQS hands out ten messages a call, and ten are deleted by one."""


class Batches(NamedTuple):
    """What a run of these functions takes: mails, events of SES, messages of the stream."""

    send_email: float
    record_feedback: float
    update_profiles: float


class Logged(NamedTuple):
    """A function's runs and the bytes of their log."""

    runs: int
    size: int


class Lambda(NamedTuple):
    """What the template says of a function."""

    memory_mb: int
    is_traced: bool


FULL = Batches(10, 50, EVENTS * MAILS_A_SECOND)
"""By the event source mappings: ten mails, fifty events in two seconds, one second of the stream."""


def seen_batches(logged: Mapping[str, Logged], mails: int) -> Batches:
    """Return the mean batches of a run on the twin, which hands out what there is, as soon as it is."""
    offered = Batches(1, EVENTS, EVENTS)
    means = {name: offered_each * mails / logged[name].runs for name, offered_each in offered._asdict().items()}
    return Batches(**means)


def runs_a_mail(batches: Batches) -> dict[str, float]:
    """Return how many runs of each function a mail needs."""
    return {
        "send_email": 1 / batches.send_email,
        "record_feedback": EVENTS / batches.record_feedback,
        "update_profiles": EVENTS / batches.update_profiles,
    }


def polls_a_mail(batches: Batches) -> float:
    """Return the calls of SQS that fetch and delete what a mail puts on its two queues: at least one each a run."""
    runs = runs_a_mail(batches)
    return 2 * (max(1 / POLLED, runs["send_email"]) + max(EVENTS / POLLED, runs["record_feedback"]))


def templates(folder: Path) -> Iterator[Mapping[str, Any]]:
    """List all resources of the deployed templates."""
    for template in sorted((folder / "cdk.out").glob("*.template.json")):
        yield from json.loads(template.read_text(encoding="utf-8"))["Resources"].values()


def functions_in(folder: Path) -> dict[str, Lambda]:
    """Read memory and tracing of every function by its name."""
    found = (each["Properties"] for each in templates(folder) if each["Type"] == "AWS::Lambda::Function")
    return {
        each["FunctionName"].rpartition("-")[2]: Lambda(each["MemorySize"], "TracingConfig" in each)
        for each in found
        if "FunctionName" in each
    }


def logged_since(logs: Any, prefix: str, begin: float) -> dict[str, Logged]:  # noqa: ANN401  # botocore has no static types
    """Count every function's runs since `begin`, and the bytes that it logged."""
    found: dict[str, Logged] = {}
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/aws/lambda/{prefix}-"):
        for group in page["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"], startTime=int(begin * 1000)
            )
            lines = [event["message"] for page in pages for event in page["events"]]
            if runs := sum(line.startswith("REPORT") for line in lines):
                size = sum(len(line) + LOG_EVENT_BYTES for line in lines)
                found[group["logGroupName"].rpartition("-")[2]] = Logged(runs, size)
    return found
