"""The life of models on the deployed stack, in this order: drift, canary, rollback by hand and by itself."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import META_FILE, SERVING_FILE, Bundle, seal
from addressee.models.registry import Pointer, in_canary
from tests.e2e.command import addressee
from tests.e2e.mailing import CONSENT
from tests.e2e.shop import RUSH_DAYS, simulate_orders, simulate_rush
from tests.e2e.stack import Stack, until

pytestmark = pytest.mark.soak

PREFIX = "cycle"
KIND = "buy_again"
ASKED = 80
SHARE = 0.5
LEARN_SECONDS = 900.0
NOTICED_SECONDS = 150.0
"""Functions look for another pointer once a minute."""
SEALED_BY = frozenset({"format", "kind", "as_of", "sha256", "version"})


@dataclass(frozen=True)
class Cycle:
    """The stack with its registry, and what was said on the way."""

    stack: Stack

    @property
    def registry(self) -> S3Registry:
        """Return the registry as the functions use it."""
        return S3Registry(S3Bucket(self.stack.outputs["ModelsBucket"], self.stack.client("s3")))

    def pointer(self) -> Pointer:
        """Return what is served of the kind that is watched here."""
        return self.registry.pointers()[KIND]

    def learn(self, **asked: Any) -> Mapping[str, Any]:
        """Run `Learn` with an input of its own, to its end."""
        states = self.stack.client("stepfunctions")
        started = states.start_execution(stateMachineArn=self.stack.outputs["LearnArn"], input=json.dumps(asked))
        return self.ended(started["executionArn"])

    def ended(self, execution: str) -> Mapping[str, Any]:
        """Wait for a run of `Learn`, which must succeed, and return its answer."""
        states = self.stack.client("stepfunctions")

        def look() -> Mapping[str, Any] | None:
            run = states.describe_execution(executionArn=execution)
            return run if run["status"] != "RUNNING" else None

        run = until(look, seconds=LEARN_SECONDS, every=1.0)
        assert run["status"] == "SUCCEEDED", run
        return dict(json.loads(run["output"]))

    def watch(self) -> Mapping[str, Any]:
        """Run `watch_models` now, as its schedule does each day."""
        answer = self.stack.client("lambda").invoke(FunctionName=self.stack.outputs["WatchFunction"], Payload=b"{}")
        said = answer["Payload"].read()
        assert "FunctionError" not in answer, said
        return dict(json.loads(said))

    def ask(self, campaign: str) -> dict[str, Mapping[str, Any]]:
        """Decide for everybody who is asked about; subject -> the decision."""
        answers = {}
        for person in range(ASKED):
            reply = self.stack.call(
                "POST", "/v1/decisions", {"userId": f"{PREFIX}-{person}", "campaign": campaign}, scope="decide"
            )
            assert reply.status == 200, reply
            answers[self.stack.subject(f"{PREFIX}-{person}")] = dict(reply.body)
        return answers

    def in_canary(self, subject: str) -> bool:
        """Tell whether the challenger that runs now is this person's."""
        pointer = self.pointer()
        return in_canary(subject, KIND, pointer.challenger, pointer.canary_share)


def broken(files: Mapping[str, bytes]) -> Bundle:
    """Make a model that loads and then fails each time it is asked: purchases with a half-life of no day at all."""
    meta = json.loads(files[META_FILE])
    about = {name: value for name, value in meta.items() if name not in SEALED_BY}
    about["settings"] = {**meta["settings"], "half_life_days": 0.0}
    return seal(KIND, meta["as_of"], {SERVING_FILE: files[SERVING_FILE]}, about)


def agree(stack: Stack) -> None:
    """Let the people who are asked about agree to e-mails."""
    users = [
        {"userId": f"{PREFIX}-{person}", "address": f"{PREFIX}-{person}@example.com", "consent": CONSENT}
        for person in range(ASKED)
    ]
    reply = stack.call("PUT", "/v1/users", {"users": users}, scope="admin")
    assert all(row["ok"] for row in reply.body["results"])


@dataclass(frozen=True)
class Learned:
    """What the two runs of `Learn` said of each kind, and the watch that started the second one."""

    champion: str
    watched: Mapping[str, Any]
    second: Mapping[str, Any]


@pytest.fixture(scope="module")
def cycle(stack: Stack) -> Cycle:
    """Return the stack with its registry."""
    return Cycle(stack)


@pytest.fixture(scope="module")
def learned(cycle: Cycle, tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """Learn as of a week ago; then let a week pass that is unlike all others, and watch."""
    orders, today = tmp_path_factory.mktemp("cycle") / "orders.csv", datetime.now(UTC).date()
    before = today - timedelta(RUSH_DAYS)
    simulate_orders(orders, Random(7), end=before, prefix=PREFIX)
    addressee(cycle.stack, "import", "orders", str(orders))
    agree(cycle.stack)
    cycle.learn(asOf=(before - timedelta(1)).isoformat())
    champion = cycle.pointer()
    assert champion.champion
    assert not champion.challenger
    simulate_rush(orders, Random(7), end=today, prefix=PREFIX)
    addressee(cycle.stack, "import", "orders", str(orders))
    cycle.learn(train=False)
    watched = cycle.watch()
    states = cycle.stack.client("stepfunctions")
    runs = states.list_executions(stateMachineArn=cycle.stack.outputs["LearnArn"])["executions"]
    (drifted,) = [run["executionArn"] for run in runs if run["name"].startswith("drift-")]
    return Learned(champion.champion, watched, cycle.ended(drifted))


def test_a_week_unlike_all_others_is_noticed_and_starts_learn(cycle: Cycle, learned: Learned):
    """The watch says what moved and why it retrains; the report is there to be read."""
    assert learned.watched["moved"] > 0
    assert "moved" in learned.watched["retrain"]
    assert "moved" in addressee(cycle.stack, "models", "watch")


def test_the_second_model_is_tried_on_a_share_of_people(cycle: Cycle, learned: Learned):
    """Every decision names the version that its person was drawn for."""
    assert {each["kind"]: each["state"] for each in learned.second["trained"]}[KIND] == "challenger"
    pointer = cycle.pointer()
    assert pointer.champion == learned.champion

    def as_drawn() -> bool:
        answers = cycle.ask(f"canary-{int(time.monotonic())}")
        drawn = {who: pointer.challenger if cycle.in_canary(who) else pointer.champion for who in answers}
        return {who: answer["models"].get(KIND) for who, answer in answers.items()} == drawn

    assert until(as_drawn, seconds=NOTICED_SECONDS, every=5.0)
    assert cycle.watch()["canaries"][KIND]["action"] == "keep"


def test_a_model_is_promoted_and_taken_back_by_hand(cycle: Cycle, learned: Learned):
    """Learning again from the same days does not bring back what was rolled back."""
    challenger = cycle.pointer().challenger
    addressee(cycle.stack, "models", "promote", KIND, challenger, "--yes")
    assert cycle.pointer().champion == challenger
    addressee(cycle.stack, "models", "rollback", KIND, "--reason", "looked worse to the shop", "--yes")
    assert (cycle.pointer().champion, cycle.pointer().state(challenger)) == (learned.champion, "withdrawn")
    again = next(each for each in cycle.learn()["trained"] if each["kind"] == KIND)
    assert (again["champion"], again["published"]) == (learned.champion, False)


def test_a_bad_canary_rolls_back_by_itself(cycle: Cycle, learned: Learned):
    """It fails whenever it is asked: its people get the champion's answer, the watch counts and takes it back."""
    bad = broken(cycle.registry.files(KIND, learned.champion))
    cycle.registry.publish(bad, share=SHARE, now_ms=int(time.time() * 1000))
    assert cycle.pointer().challenger == bad.version

    def rolled_back() -> bool:
        answers = cycle.ask(f"bad-{int(time.monotonic())}").values()
        assert bad.version not in {answer["models"].get(KIND) for answer in answers}
        return bool(cycle.watch()["canaries"].get(KIND, {}).get("action") == "roll back")

    assert until(rolled_back, seconds=NOTICED_SECONDS, every=5.0)
    pointer = cycle.pointer()
    assert (pointer.champion, pointer.challenger) == (learned.champion, "")
    assert pointer.state(bad.version) == "withdrawn"
    assert "withdrawn" in addressee(cycle.stack, "models", "list")
