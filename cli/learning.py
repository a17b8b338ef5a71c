"""`addressee learn`: starts the state machine, waits, and says what was published and why."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from addressee.adapters.aws import client

POLL_SECONDS = 1.0
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class LearnFailed(Exception):
    """The run did not succeed; the message holds its status and cause."""


@dataclass(frozen=True)
class Learned:
    """What a run answered: the day that it learned from, what became of each kind, and how long it took."""

    as_of: str
    trained: list[dict[str, Any]]
    seconds: float


def learn(
    learn_arn: str,
    as_of: str | None = None,
    *,
    states: Any = None,  # noqa: ANN401  # a botocore client
    pause: Callable[[float], None] = sleep,
    clock: Callable[[], float] = monotonic,
) -> Learned:
    """Run `Learn` to its end. Raises `LearnFailed`, also for a day that is not `YYYY-MM-DD`."""
    if as_of is not None and not DAY.fullmatch(as_of):
        raise LearnFailed(f"{as_of} is no day; write YYYY-MM-DD")
    machine = states or client("stepfunctions")
    began = clock()
    asked = json.dumps({"asOf": as_of} if as_of else {})
    execution = machine.start_execution(stateMachineArn=learn_arn, input=asked)["executionArn"]
    while (run := machine.describe_execution(executionArn=execution))["status"] == "RUNNING":
        pause(POLL_SECONDS)
    if run["status"] != "SUCCEEDED":
        raise LearnFailed(f"{run['status']}: {run.get('error', '')} {run.get('cause', '')}".strip())
    output = json.loads(run["output"])
    return Learned(output.get("asOf", ""), output.get("trained", []), clock() - began)
