"""`addressee learn`: starts the state machine, waits, and says what was published and why."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from addressee.adapters.aws import client

POLL_SECONDS = 1.0
LAST_EVENTS = 10
CAUSE_CHARACTERS = 300
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Learned:
    """What a run answered: the day that it learned from, what became of each kind, and how long it took."""

    as_of: str
    trained: list[dict[str, Any]]
    seconds: float


class LearnFailed(Exception):
    """The run did not succeed; the message holds its status and cause.

    `learned` is what it did all the same, where some kinds failed and the others did not.
    """

    def __init__(self, message: str, learned: Learned | None = None) -> None:
        """Keep both."""
        super().__init__(message)
        self.learned = learned


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
    if run["status"] == "SUCCEEDED":
        return _learned(run["output"], clock() - began)
    told = _before_it_failed(machine, execution)
    said = f"{run['status']}: {run.get('error', '')} {run.get('cause', '')}".strip()
    raise LearnFailed(said, _learned(told, clock() - began) if told else None)


def _before_it_failed(machine: Any, execution: str) -> str | None:  # noqa: ANN401  # a botocore client
    """Return the document with which the run came to its Fail state; a run that broke elsewhere has none."""
    history = machine.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=LAST_EVENTS)
    entered = (event["stateEnteredEventDetails"] for event in history["events"] if event["type"] == "FailStateEntered")
    return next((str(state["input"]) for state in entered), None)


def _learned(document: str, seconds: float) -> Learned:
    output = json.loads(document)
    trained = [each | {"reason": _reason(each)} for each in output.get("trained", [])]
    return Learned(output.get("asOf", ""), trained, seconds)


def _reason(trained: dict[str, Any]) -> str:
    """Tell why; for a kind that raised, with the exception's own words, which Lambda packs in JSON."""
    cause = trained.get("cause", "")
    try:
        cause = json.loads(cause)["errorMessage"]
    except (ValueError, TypeError, KeyError):
        cause = cause[:CAUSE_CHARACTERS]  # cut short, or no JSON: a fault of the service
    return f"{trained.get('reason', '')}: {cause}" if cause else trained.get("reason", "")
