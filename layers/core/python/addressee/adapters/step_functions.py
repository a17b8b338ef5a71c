"""Step Functions: the state machines that plan a campaign and that learn."""

import json
from typing import Any

from addressee.adapters.aws import client
from addressee.adapters.dynamo import error_code


class PlanMachine:
    """A `Planner`: runs of the state machine `Plan`, each started once by its name."""

    def __init__(self, arn: str, states: Any = None) -> None:  # noqa: ANN401
        """Name the machine; `states` is a botocore client, the process's own by default."""
        self._arn, self._states = arn, states or client("stepfunctions")

    def start(self, campaign: str, run: str) -> None:
        """Start a run; a second one of the name does not start, whether the first still runs or has ended."""
        _start_once(self._states, self._arn, run, json.dumps({"step": "list", "campaign": campaign}))


class LearnMachine:
    """Runs of the state machine `Learn`, each started once by its name."""

    def __init__(self, arn: str, states: Any = None) -> None:  # noqa: ANN401
        """Name the machine; `states` is a botocore client, the process's own by default."""
        self._arn, self._states = arn, states or client("stepfunctions")

    def start(self, run: str) -> None:
        """Start a whole run: tables, training, scores; a second one of the name does not start."""
        _start_once(self._states, self._arn, run, "{}")


def _start_once(states: Any, arn: str, run: str, asked: str) -> None:  # noqa: ANN401  # a botocore client
    try:
        states.start_execution(stateMachineArn=arn, name=run, input=asked)
    except Exception as error:  # its code tells
        if error_code(error) != "ExecutionAlreadyExists":
            raise
