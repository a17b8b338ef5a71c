"""Finding a deployment, running Learn, and the command line's own errors."""

import json
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from cli.deployment import Deployment, NotDeployed, find_deployment
from cli.learning import LearnFailed, learn
from cli.main import app

NAMES = {"".join(word.capitalize() for word in each.name.split("_")): each.name for each in fields(Deployment)}


class Machine:
    """A Step Functions client whose execution ends after two looks."""

    def __init__(self, status="SUCCEEDED") -> None:
        """End with this status."""
        self.status, self.asked, self.looks = status, None, 0

    def start_execution(self, stateMachineArn, input):  # noqa: A002, N803  # botocore's names
        """Start."""
        self.asked = json.loads(input)
        return {"executionArn": f"{stateMachineArn}:1"}

    def describe_execution(self, executionArn):  # noqa: N803  # botocore's name
        """Run once, then end."""
        self.looks += 1
        if self.looks == 1:
            return {"status": "RUNNING", "executionArn": executionArn}
        trained = [{"kind": "buy_again", "published": True}]
        output = json.dumps({"asOf": "2026-01-30", "trained": trained})
        return {"status": self.status, "output": output, "error": "States.TaskFailed", "cause": "no lake"}


def test_names_are_read_from_the_outputs_of_both_stacks(tmp_path):
    """Take a mapping per stack or a flat one."""
    path = tmp_path / "outputs.json"
    for document in ({"AddresseeData": {}, "Addressee": NAMES}, NAMES):
        path.write_text(json.dumps(document))
        assert find_deployment(path) == Deployment(*(each.name for each in fields(Deployment)))


def test_a_missing_name_is_told_with_the_place(tmp_path):
    """Say which output is missing."""
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps({name: value for name, value in NAMES.items() if name != "ApiUrl"}))
    with pytest.raises(NotDeployed, match="does not name ApiUrl"):
        find_deployment(path)
    path.write_text("{")
    with pytest.raises(NotDeployed, match="holds no outputs"):
        find_deployment(path)


def test_learn_waits_and_returns_what_was_trained():
    """Poll until the execution ends."""
    machine, pauses = Machine(), []
    learned = learn("arn", "2026-01-30", states=machine, pause=pauses.append, clock=lambda: 0.0)
    assert machine.asked == {"asOf": "2026-01-30"}
    assert (learned.as_of, learned.trained[0]["kind"], len(pauses)) == ("2026-01-30", "buy_again", 1)


def test_a_failed_run_says_why():
    """Raise with status and cause; a day that is none never starts."""
    with pytest.raises(LearnFailed, match=r"FAILED: States\.TaskFailed no lake"):
        learn("arn", states=Machine("FAILED"), pause=lambda _: None)
    with pytest.raises(LearnFailed, match="write YYYY-MM-DD"):
        learn("arn", "yesterday", states=Machine())


@pytest.mark.parametrize(
    "arguments",
    [["doctor"], ["learn"], ["keys", "list"], ["models", "list"], ["redrive"], ["decisions", "show", f"{'0' * 32}.x"]],
)
def test_without_a_deployment_every_command_is_one_clear_line(tmp_path, arguments):
    """Exit with 1 and name the file."""
    result = CliRunner().invoke(app, ["--outputs", str(tmp_path / "none.json"), *arguments])
    assert result.exit_code == 1
    assert "holds no outputs" in " ".join(result.output.split())


def test_a_mapping_without_a_column_is_refused(tmp_path):
    """Ask for FIELD=COLUMN."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    result = CliRunner().invoke(app, ["import", "orders", str(tmp_path / "a.csv"), "--column", "user_id"])
    assert result.exit_code == 2
