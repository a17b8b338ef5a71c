"""The definition of `Learn`, run by the emulator over functions that answer as ours do; one kind raises as asked."""

import io
import json
import sys
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from botocore.session import Session

from cli.learning import Learned, LearnFailed, learn
from infra.learn import learn_definition
from twin.process import Twin

RUNS = {
    "2026-01-28": ["buy_again", "send_hour"],
    "2026-01-29": ["buy_again", "broken", "send_hour"],
    "2026-01-30": ["broken", "broken_too"],
}
ROLE = "arn:aws:iam::000000000000:role/learn"
MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine:"
COMPACT = "def handle(event, context): return {}"
PREPARE = """
def handle(event, context):
    as_of, manifest = event["asOf"], {"bucket": "%(bucket)s", "key": "tables/chunks.json"}
    return {"asOf": as_of, "tables": "tables/", "kinds": %(runs)r[as_of], "manifest": manifest}
"""
TRAIN = """
def handle(event, context):
    if event["kind"].startswith("broken"):
        raise ValueError("no [square] will do; " + "far too much " * 3000)
    return {"kind": event["kind"], "version": "v1", "published": True, "state": "champion", "reason": "", "metrics": {}}
"""
SCORE = """
import boto3
def handle(event, context):
    s3 = boto3.client("s3")
    s3.put_object(Bucket="%(bucket)s", Key="scored/" + context.aws_request_id, Body=b"")
    return {"scored": 1}
"""


@dataclass(frozen=True)
class Machine:
    """A `Learn` of its own on the emulator, over a bucket of the same name."""

    twin: Twin
    name: str

    def client(self, service: str) -> Any:
        """Return a client of the emulator."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return Session().create_client(service, "us-east-1", endpoint_url=self.twin.endpoint, **keys)

    def make(self) -> None:
        """Make bucket, manifest of two chunks, functions and the machine of our definition."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=self.name)
        s3.put_object(Bucket=self.name, Key="tables/chunks.json", Body=json.dumps([{"chunk": 0}, {"chunk": 1}]))
        sources = {"compact": COMPACT, "prepare": PREPARE, "train": TRAIN, "score": SCORE}
        steps = {step: self._function(step, source) for step, source in sources.items()}
        definition = json.dumps(learn_definition(steps, self.name))
        self.client("stepfunctions").create_state_machine(name=self.name, definition=definition, roleArn=ROLE)

    def _function(self, step: str, source: str) -> str:
        packed = io.BytesIO()
        with ZipFile(packed, "w") as archive:
            archive.writestr("handler.py", source % {"bucket": self.name, "runs": RUNS})
        made = self.client("lambda").create_function(
            FunctionName=f"{self.name}-{step}",
            Runtime=f"python3.{sys.version_info.minor}",
            Role=ROLE,
            Handler="handler.handle",
            Code={"ZipFile": packed.getvalue()},
            Timeout=30,
        )
        return str(made["FunctionArn"])

    def learn(self, as_of: str) -> Learned:
        """Learn as `addressee learn` does."""
        states = self.client("stepfunctions")
        return learn(MACHINES + self.name, as_of, states=states, pause=lambda _: time.sleep(0.1))

    def scored(self) -> int:
        """Return how many chunks were scored since the last look."""
        s3 = self.client("s3")
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=self.name, Prefix="scored/").get("Contents", ())]
        for key in keys:
            s3.delete_object(Bucket=self.name, Key=key)
        return len(keys)


@pytest.fixture(scope="module")
def machine(emulator: Twin) -> Machine:
    """Make the machine."""
    made = Machine(emulator, f"learn-{uuid4().hex[:8]}")
    made.make()
    return made


def test_a_run_in_which_every_kind_trains_succeeds(machine: Machine):
    """The answers of the kinds are the run's output; each chunk is scored."""
    learned = machine.learn("2026-01-28")
    assert [(each["kind"], each["state"]) for each in learned.trained] == [
        ("buy_again", "champion"),
        ("send_hour", "champion"),
    ]
    assert (learned.as_of, machine.scored()) == ("2026-01-28", 2)


def test_a_kind_that_raises_stops_neither_the_others_nor_the_scores_and_the_run_fails_in_its_name(machine: Machine):
    """The others are published and everybody is scored; then the execution fails, which is what the alarm counts."""
    with pytest.raises(LearnFailed, match=r"^FAILED: KindsNotTrained not trained: broken; the others") as failed:
        machine.learn("2026-01-29")
    assert machine.scored() == 2
    assert failed.value.learned is not None
    first, broken, last = failed.value.learned.trained
    assert (first["published"], broken["published"], last["published"]) == (True, False, True)
    assert (broken["kind"], broken["state"], len(broken["cause"])) == ("broken", "failed", 4000)
    assert broken["error"]
    assert "no [square] will do" in broken["reason"]


def test_where_all_kinds_raise_people_are_scored_with_the_last_models(machine: Machine):
    """The cause names all of them."""
    with pytest.raises(LearnFailed, match="not trained: broken, broken_too;"):
        machine.learn("2026-01-30")
    assert machine.scored() == 2
