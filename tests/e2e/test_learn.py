"""Import, Learn twice, scores back to profiles, and a decision that uses them: on the deployed stack, IAM enforced."""

import json
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from addressee.models.kinds import KINDS as MODEL_KINDS
from addressee.models.serving import open_recommender
from addressee.profiles.features import FEATURE_HASH
from tests.e2e.command import addressee
from tests.e2e.shop import simulate_orders
from tests.e2e.stack import Stack

KINDS = {kind.name for kind in MODEL_KINDS}
FILES = {"bundle.json", "card.html", "card.json", "card.md", "reference.json", "serving.bin"}
WITHHELD = re.compile(r"does not beat its floor|may be worse than|too little")


def artefacts(stack: Stack) -> dict[str, bytes]:
    """Read every training table, bundle and pointer."""
    return stack.objects("ModelsBucket", "tables/") | stack.objects("ModelsBucket", "models/")


@dataclass(frozen=True)
class Run:
    """What one `addressee learn` said, kind by kind, and what lay in the bucket afterwards."""

    said: dict[str, str]
    objects: dict[str, bytes]

    @property
    def champions(self) -> dict[str, dict[str, Any]]:
        """Return the pointer."""
        return json.loads(self.objects["models/champions.json"])

    def files(self, kind: str) -> dict[str, bytes]:
        """Return the champion's files, by name."""
        below = f"models/{kind}/{self.champions[kind]['champion']}/"
        return {key.removeprefix(below): body for key, body in self.objects.items() if key.startswith(below)}


def learn(stack: Stack) -> Run:
    """Learn once; the command's output has a line for each kind."""
    printed = addressee(stack, "learn").splitlines()
    said = {kind: next(line for line in printed if kind in line.split()) for kind in KINDS}
    return Run(said, artefacts(stack))


def popular_of(run: Run) -> list[tuple[str, float, float]]:
    """Return the bestsellers that the published `buy_again` holds."""
    model = open_recommender("buy_again", run.files("buy_again"), feature_hash=FEATURE_HASH)
    return model.popular(5)


@pytest.fixture(scope="module")
def learned(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Import simulated history and learn from it once."""
    orders = tmp_path_factory.mktemp("learn") / "orders.csv"
    simulate_orders(orders, Random(7), end=datetime.now(UTC).date())
    addressee(stack, "import", "orders", str(orders))
    return learn(stack)


def test_learning_twice_from_the_same_data_gives_the_same_bytes(stack: Stack, learned: Run):
    """Training tables, bundles, cards and the pointer: all of them."""
    assert any(key.endswith(".npz") for key in learned.objects)
    again = learn(stack)
    assert {key for key, body in learned.objects.items() if again.objects.get(key) != body} == set()
    assert again == learned


def test_every_kind_is_published_with_its_files_or_the_run_says_why_not(learned: Run):
    """Which pass the gate is the data's affair; favourites that are bought again beat bestsellers in any shop."""
    assert learned.champions.keys() <= KINDS
    assert "buy_again" in learned.champions
    for kind in KINDS - learned.champions.keys():
        assert WITHHELD.search(learned.said[kind]), learned.said[kind]
    for kind in learned.champions:
        assert "beats its floor" in learned.said[kind]
        assert learned.files(kind).keys() == FILES
        card = json.loads(learned.files(kind)["card.json"])
        assert all(side["difference"].keys() == {"value", "low", "high"} for side in card["metrics"].values())
        assert "95 % bootstrap intervals" in learned.files(kind)["card.md"].decode()


def test_scores_return_to_the_profiles_and_decide(stack: Stack, learned: Run):
    """A person of the training data is recognised: segment, scores, and products bought before."""
    row = stack.rows(stack.subject("sim-1"))["scores"]
    scores: dict[str, Any] = json.loads(zlib.decompress(bytes(row["body"]["B"])))
    assert scores["candidates"]["buy_again"]
    assert bool(scores["segments"]) == ("rfm_tiers" in learned.champions)
    favourites = {item for item, *_ in scores["candidates"]["buy_again"]}
    catalogue = [{"itemId": item, "title": item, "category": "Tea", "price": 4, "inStock": True} for item in favourites]
    assert stack.call("PUT", "/v1/items", {"items": catalogue}, scope="admin").status == 200
    reply = stack.call("GET", "/v1/users/sim-1/recommendations?use=buy_again&k=2", scope="decide")
    assert {each["itemId"] for each in reply.body["products"]} <= favourites
    assert reply.body["rung"] == "personalised"
    live = stack.call("GET", "/v1/users/sim-1/scores", scope="decide")
    assert live.status == 200
    assert bool(live.body["segments"]) == ("rfm_tiers" in learned.champions)
    snapshot = stack.objects("LakeBucket", "snapshots/scores/")
    assert all(body.startswith(b"PAR1") for body in snapshot.values())
    assert snapshot


def test_a_decision_for_a_known_person_names_the_models_that_it_used(stack: Stack, learned: Run):
    """The record carries versions, so that a mail can be explained later."""
    body = {"campaign": f"learnt-{uuid4().hex[:6]}", "userId": "sim-2", "use": "buy_again"}
    reply = stack.call("POST", "/v1/decisions", body, scope="decide")
    assert reply.status == 200
    assert reply.body["models"]["buy_again"] == learned.champions["buy_again"]["champion"]


def test_somebody_never_seen_gets_what_is_popular(stack: Stack, learned: Run):
    """Once there are models, a first-time visitor is not left with the editorial rung."""
    favourites = [item for item, *_ in popular_of(learned)]
    catalogue = [{"itemId": item, "title": item, "category": "Tea", "price": 4, "inStock": True} for item in favourites]
    assert stack.call("PUT", "/v1/items", {"items": catalogue}, scope="admin").status == 200
    body = {"campaign": f"first-{uuid4().hex[:6]}", "anonymousId": f"visitor-{uuid4()}", "use": "buy_again"}
    reply = stack.call("POST", "/v1/decisions", body, scope="decide")
    assert (reply.status, reply.body["mail"], reply.body["rung"]) == (200, False, "popular")
    assert {each["reason"] for each in reply.body["products"]} == {"popular"}
