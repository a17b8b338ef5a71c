"""A run of `Plan` is started once by its name."""

import json

import pytest
from botocore.exceptions import ClientError

from addressee.adapters.step_functions import PlanMachine


class Machine:
    """A Step Functions client that knows the names of its runs."""

    def __init__(self, code="ExecutionAlreadyExists"):
        """Begin without runs; a second start of a name answers with `code`."""
        self.runs, self._code = {}, code

    def start_execution(self, *, stateMachineArn, name, input):  # noqa: N803, A002  # botocore's names
        """Start a run."""
        if name in self.runs:
            raise ClientError({"Error": {"Code": self._code, "Message": ""}}, "StartExecution")
        self.runs[name] = (stateMachineArn, json.loads(input))


def test_a_run_begins_with_the_list_of_the_audience():
    """And has the name that was asked for."""
    machine = Machine()
    PlanMachine("arn", machine).start("autumn", "autumn.5")
    assert machine.runs == {"autumn.5": ("arn", {"step": "list", "campaign": "autumn"})}


def test_the_second_start_of_a_name_is_harmless_and_other_errors_are_told():
    """Only the one code is expected."""
    machine = Machine()
    for _ in range(2):
        PlanMachine("arn", machine).start("autumn", "autumn")
    assert len(machine.runs) == 1
    broken = Machine("AccessDeniedException")
    PlanMachine("arn", broken).start("autumn", "autumn")
    with pytest.raises(ClientError):
        PlanMachine("arn", broken).start("autumn", "autumn")
