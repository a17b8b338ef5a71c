"""`train_models`: the real handler on training tables in memory."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import META_FILE, SERVING_FILE, Bundle
from addressee.models.registry import POINTER_KEY, rolled_back
from addressee.models.serving import open_recommender
from addressee.models.table_files import pack_tables
from addressee.models.tuning import Budget
from functions.train_models.handler import TablesMissing, Wiring, handle
from tests.fakes.s3 import InMemoryS3
from tests.models.generated import FEATURE_HASH, generate

EVENT = json.loads(Path("events/train_models.json").read_text())
PREFIX = EVENT["tables"]


@pytest.fixture(scope="module")
def packed():
    """Pack generated tables once."""
    return pack_tables(generate(people=150))


@pytest.fixture
def s3(packed):
    """Put the tables where the event says."""
    memory = InMemoryS3()
    memory.objects.update({("models", PREFIX + name): body for name, body in packed.items()})
    return memory


def wired(s3, share=0.0):
    """Wire the handler to that memory."""
    bucket = S3Bucket("models", s3)
    return Wiring(bucket, S3Registry(bucket), canary_share=share, now_ms=lambda: 1_735_000_000_000)


def test_a_kind_is_trained_published_and_can_be_served(s3):
    """The pointer leads to a bundle that opens and ranks."""
    answer = handle(EVENT, None, wired(s3))
    assert answer["published"], answer["reason"]
    pointer = json.loads(s3.objects["models", POINTER_KEY])["buy_again"]
    assert pointer == {
        "champion": answer["version"],
        "challenger": "",
        "canary_share": 0.0,
        "as_of": "2024-10-04",
        "since_ms": 0,
        "history": [],
        "withdrawn": [],
    }
    assert (answer["state"], answer["champion"]) == ("champion", answer["version"])
    files = S3Registry(S3Bucket("models", s3)).files("buy_again", answer["version"])
    assert set(files) == {META_FILE, SERVING_FILE}
    assert open_recommender("buy_again", files, feature_hash=FEATURE_HASH).popular(3)
    assert answer["metrics"]["ndcg_at_10"]["difference"]["low"] > 0
    assert len(json.dumps(answer)) < 10_000


def test_a_repeat_changes_no_byte(s3):
    """`Learn` twice on the same tables leaves the registry as it was."""
    handle(EVENT, None, wired(s3))
    before = dict(s3.objects)
    handle(EVENT, None, wired(s3))
    assert s3.objects == before


def test_what_the_gate_refuses_is_not_published_and_the_answer_says_why(s3, packed):
    """Tables too young for a test publish nothing; the champion of before stays and is named."""
    served = handle(EVENT, None, wired(s3))
    young = {**json.loads(packed["metadata.json"]), "first_day": 19_999}
    s3.objects["models", PREFIX + "metadata.json"] = json.dumps(young).encode()
    answer = handle(EVENT, None, wired(s3))
    assert not answer["published"]
    assert "too little" in answer["reason"]
    assert answer["version"] == served["version"]


def test_a_years_champions_are_rivals_and_other_families_are_not(s3):
    """The last year's recipes are met again; what this code cannot make any more, or is older, is left out."""
    wiring = wired(s3)
    version = handle(EVENT, None, wiring)["version"]
    own = wiring.registry.meta("buy_again", version)
    for name, as_of, family in (
        ("a", "2023-10-01", own["family"]),
        ("b", "2024-10-03", "gone"),
        ("c", "2024-11-01", own["family"]),
    ):
        body = json.dumps({**own, "as_of": as_of, "family": family, "recipe": {"no": "recipe"}})
        s3.objects["models", f"models/buy_again/{as_of}-{name}/{META_FILE}"] = body.encode()
    assert handle(EVENT, None, wiring)["version"] == version


def test_a_model_of_older_tables_than_the_champions_is_not_called_published(s3):
    """Runs may finish out of order; the answer names what is served."""
    wiring = wired(s3)
    newer = {"buy_again": {"champion": "2024-10-05-x", "as_of": "2024-10-05"}}
    s3.objects["models", POINTER_KEY] = json.dumps(newer).encode()
    answer = handle(EVENT, None, wiring)
    assert (answer["published"], answer["version"]) == (False, "2024-10-05-x")
    assert answer["reason"].startswith("the champion is of newer tables")


def serve(s3, **pointer):
    """Let an older version be champion."""
    served = {"buy_again": {"champion": "2024-10-03-x", "as_of": "2024-10-03", **pointer}}
    s3.objects["models", POINTER_KEY] = json.dumps(served).encode()


def test_a_new_model_challenges_the_champion(s3):
    """With a share for canaries it is tried on some people first; a repeat leaves the day on which that began."""
    serve(s3)
    answer = handle(EVENT, None, wired(s3, share=0.2))
    assert (answer["published"], answer["state"], answer["champion"]) == (True, "challenger", "2024-10-03-x")
    pointer = wired(s3).registry.pointers()["buy_again"]
    assert (pointer.challenger, pointer.canary_share, pointer.since_ms) == (answer["version"], 0.2, 1_735_000_000_000)
    later = replace(wired(s3, share=0.2), now_ms=lambda: 1_736_000_000_000)
    assert handle(EVENT, None, later) == answer
    assert wired(s3).registry.pointers()["buy_again"] == pointer


def test_without_a_share_it_takes_the_champions_place(s3):
    """The champion of before is remembered."""
    serve(s3)
    answer = handle(EVENT, None, wired(s3))
    pointer = wired(s3).registry.pointers()["buy_again"]
    assert (answer["state"], pointer.champion) == ("champion", answer["version"])
    assert [each.version for each in pointer.history] == ["2024-10-03-x"]


def test_a_canary_that_runs_is_not_disturbed(s3):
    """The next model is stored and nobody gets it; the answer says why."""
    serve(s3, challenger="2024-10-03-y", canary_share=0.1)
    answer = handle(EVENT, None, wired(s3, share=0.1))
    assert (answer["published"], answer["state"], answer["version"]) == (False, "", "2024-10-03-x")
    assert answer["reason"].startswith("the canary of 2024-10-03-y is not disturbed; beats its floor")
    assert len(wired(s3).registry.versions("buy_again")) == 1


def test_what_was_rolled_back_is_not_published_again(s3):
    """The same tables give the same bytes, and those were withdrawn."""
    wiring = wired(s3)
    serve(s3)
    version = handle(EVENT, None, wiring)["version"]
    wiring.registry.change(partial(rolled_back, kind="buy_again", now_ms=1, reason="fewer clicks"))
    answer = handle(EVENT, None, wiring)
    assert (answer["published"], answer["version"]) == (False, "2024-10-03-x")
    assert answer["reason"].startswith(f"{version} was rolled back before")


def test_what_people_rejected_is_no_rival(s3):
    """The gate compares with the year's versions, without those that were withdrawn."""
    wiring = wired(s3)
    serve(s3)
    version = handle(EVENT, None, wiring)["version"]
    year = {"since": "2023-10-04", "until": "2024-10-04"}
    assert [each["version"] for each in wiring.registry.former("buy_again", **year)] == [version]
    wiring.registry.change(partial(rolled_back, kind="buy_again", now_ms=1, reason="fewer clicks"))
    assert wiring.registry.former("buy_again", **year) == []


def test_the_deployed_revision_is_in_the_bundle(s3):
    """The environment says which code trains."""
    bucket = S3Bucket("models", s3)
    answer = handle(EVENT, None, Wiring(bucket, S3Registry(bucket), "0123abc"))
    assert S3Registry(bucket).meta("buy_again", answer["version"])["revision"] == "0123abc"


def test_the_log_line_is_a_metric(s3, capsys):
    """One line, in CloudWatch's embedded format, with the reason."""
    handle(EVENT, None, wired(s3))
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert record["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Addressee"
    assert record["Published"] + record["Withheld"] == 1
    assert record["function"] == "train_models"


def test_missing_tables_are_named():
    """An event that leads nowhere fails with the key."""
    with pytest.raises(TablesMissing, match=PREFIX):
        handle(EVENT, None, wired(InMemoryS3()))


def test_a_lost_race_for_the_pointer_is_run_again():
    """Kinds are trained side by side; each finds its place beside the other."""

    class Racing(InMemoryS3):
        """Lets another kind win before each of the first three writes of the pointer."""

        losses = 3

        def put_object(self, **call):
            if call["Key"] == POINTER_KEY and self.losses:
                self.losses -= 1
                other = {f"other_{self.losses}": {"champion": "x"}}
                held = json.loads(self.objects.get(("models", POINTER_KEY), b"{}"))
                self.objects["models", POINTER_KEY] = json.dumps({**held, **other}).encode()
            return super().put_object(**call)

    memory = Racing()
    registry = S3Registry(S3Bucket("models", memory))
    registry.publish(Bundle("discover", "v1", {"as_of": "2026-03-31"}, {META_FILE: b"{}", SERVING_FILE: b""}))
    pointers = registry.pointers()
    assert set(pointers) == {"discover", "other_0", "other_1", "other_2"}
    assert pointers["discover"].champion == "v1"


def test_an_installations_tiers_and_budget_reach_the_model(s3):
    """Tiers are served with it; what tuning tried is in the bundle, beside the other candidates."""
    wiring = replace(wired(s3), budget=Budget(trials=1), tiers={"high": 0.6, "medium": 0.2})
    answer = handle({**EVENT, "kind": "buys_in_7_days"}, None, wiring)
    assert answer["published"], answer["reason"]
    meta = S3Registry(S3Bucket("models", s3)).meta("buys_in_7_days", answer["version"])
    assert meta["settings"]["thresholds"] == {"high": 0.6, "medium": 0.2}
    assert meta["tuning"].count("1 trials") == 3
