"""Finding a deployment, running Learn, and the command line's own errors."""

import json
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from cli.deployment import Deployment, NotDeployed, find_deployment
from cli.learning import Learned, LearnFailed, learn
from cli.main import app

NAMES = {"".join(word.capitalize() for word in each.name.split("_")): each.name for each in fields(Deployment)}


class Machine:
    """A Step Functions client whose execution ends after two looks."""

    def __init__(self, status="SUCCEEDED", *, trained=None) -> None:
        """End with this status; `trained` is what a run that failed for some kinds did."""
        self.status, self.trained, self.asked, self.looks = status, trained, None, 0

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

    def get_execution_history(self, executionArn, reverseOrder, maxResults):  # noqa: N803  # botocore's names
        """Return the latest events first."""
        assert (executionArn, reverseOrder, maxResults) == ("arn:1", True, 10)
        entered = {"input": json.dumps({"asOf": "2026-01-30", "trained": self.trained})}
        events = [{"type": "FailStateEntered", "stateEnteredEventDetails": entered}] if self.trained else []
        return {"events": [{"type": "ExecutionFailed"}, *events, {"type": "ChoiceStateExited"}]}


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
    with pytest.raises(LearnFailed, match=r"FAILED: States\.TaskFailed no lake") as failed:
        learn("arn", states=Machine("FAILED"), pause=lambda _: None)
    assert failed.value.learned is None
    with pytest.raises(LearnFailed, match="write YYYY-MM-DD"):
        learn("arn", "yesterday", states=Machine())


NOT_TRAINED = {"published": False, "state": "failed", "version": "", "metrics": {}, "error": "E"}


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (json.dumps({"errorMessage": "no memory", "stackTrace": ["x" * 900]}), "E ended its training: no memory"),
        (json.dumps({"errorMessage": "cut"})[:-1], 'E ended its training: {"errorMessage": "cut"'),
        ("the service was away " * 50, f"E ended its training: {('the service was away ' * 50)[:300]}"),
        ("", "E ended its training"),
    ],
)
def test_a_run_that_failed_for_some_kinds_tells_of_all_of_them(cause, told):
    """The figures of those that were trained are not lost; the others say what was raised."""
    trained = [
        {"kind": "buy_again", "published": True, "reason": "better"},
        NOT_TRAINED | {"kind": "send_hour", "reason": "E ended its training", "cause": cause},
    ]
    with pytest.raises(LearnFailed) as failed:
        learn("arn", states=Machine("FAILED", trained=trained), pause=lambda _: None, clock=lambda: 0.0)
    learned = failed.value.learned
    assert (learned.as_of, [each["reason"] for each in learned.trained]) == ("2026-01-30", ["better", told])


def test_the_command_prints_all_kinds_and_then_fails(tmp_path, monkeypatch):
    """Who learns by hand sees what is served now, and what is not."""
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(NAMES))
    kept = {"kind": "buy_again", "published": True, "state": "champion", "version": "v7", "reason": "better"}
    raised = NOT_TRAINED | {"kind": "send_hour", "reason": "E [ended] its training"}

    def fail(*_):
        raise LearnFailed("FAILED: KindsNotTrained", Learned("2026-01-30", [kept, raised], 7.0))

    monkeypatch.setattr("cli.main.learn", fail)
    result = CliRunner().invoke(app, ["--outputs", str(outputs), "learn"])
    assert result.exit_code == 1
    assert "v7" in result.stdout
    assert "E [ended] its training" in result.stdout
    assert "addressee: FAILED: KindsNotTrained" in result.stderr


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
