"""Step Functions: the state machine that plans a campaign."""

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
        asked = json.dumps({"step": "list", "campaign": campaign})
        try:
            self._states.start_execution(stateMachineArn=self._arn, name=run, input=asked)
        except Exception as error:  # its code tells
            if error_code(error) != "ExecutionAlreadyExists":
                raise
