"""`watch_models`: the real handler on tables, bundles, snapshots and decisions in memory."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from addressee.adapters.decision_scan import DecisionScan
from addressee.adapters.dynamo import to_item
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.adapters.score_snapshots import put_snapshot, read_snapshot
from addressee.adapters.step_functions import LearnMachine
from addressee.decisions.decision import to_body, unknown_person
from addressee.models.bundle import META_FILE, seal
from addressee.models.canary import CanarySettings
from addressee.models.chunks import MANIFEST
from addressee.models.kinds import kind_of
from addressee.models.packed import pack
from addressee.models.reference import reference_file
from addressee.models.registry import challenged, in_canary
from addressee.models.score import ScoredPerson
from addressee.models.table_files import pack_tables, tables_prefix
from addressee.models.tables import BUYS, CLICKS_72H, Sends
from functions.watch_models.handler import Wiring, handle
from tests.fakes.s3 import InMemoryS3
from tests.models.generated import AS_OF_DAY, generate

EVENT = json.loads(Path("events/watch_models.json").read_text())
EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000
NOW_MS = (AS_OF_DAY + 8) * DAY_MS + 6 * 3_600_000
TODAY = (EPOCH + timedelta(AS_OF_DAY + 8)).isoformat()


class Machine:
    """A botocore client of Step Functions that starts a run of a name once."""

    def __init__(self):
        """Begin without runs."""
        self.runs = []

    def start_execution(self, *, stateMachineArn, name, input):  # noqa: A002, N803  # botocore's names
        """Note the run."""
        assert (stateMachineArn, input) == ("learn", "{}")
        self.runs.append(name)


class Decisions:
    """A botocore client of the Decisions table: two rows a page, filtered as DynamoDB does."""

    def __init__(self, decisions=()):
        """Hold decisions."""
        self.rows = list(decisions)

    def scan(self, *, TableName, ExpressionAttributeValues, ExclusiveStartKey=None, **_):  # noqa: N803  # botocore's names
        """Return a page."""
        assert TableName == "decisions"
        start, since = int(ExclusiveStartKey or 0), int(ExpressionAttributeValues[":since"]["N"])
        page = [each for each in self.rows[start : start + 500] if each.decided_at_ms >= since]
        more = {"LastEvaluatedKey": start + 500} if start + 500 < len(self.rows) else {}
        return {"Items": [to_item({"body": to_body(each)}) for each in page], **more}


@pytest.fixture(scope="module")
def tables():
    """Generate the tables of the training day."""
    return generate(people=400)


def on_day(tables, later, **now):
    """Return the tables as those of `later` days after; `now` replaces columns of everybody's features."""
    features = tables.now.features.copy()
    for name, values in now.items():
        features[:, tables.metadata.feature_names.index(name)] = values
    day = AS_OF_DAY + later
    known = replace(tables.metadata, as_of_day=day, as_of=(EPOCH + timedelta(day)).isoformat())
    return replace(tables, metadata=known, now=replace(tables.now, features=features))


def bundle_of(tables, kind, *, recipe=0):
    """Fit a kind on the tables and seal it with its reference, as training does."""
    known = kind_of(kind)
    fitted = known.fit(tables, until=AS_OF_DAY, recipe=known.recipes()[recipe], rng=np.random.default_rng(1))
    about = {"family": fitted.family, "features": [], "recipe": dict(fitted.recipe), "settings": dict(fitted.settings)}
    about["feature_hash"] = tables.metadata.feature_hash if known.uses_features else ""
    files = {"serving.bin": pack(fitted.sections), **reference_file(known, tables, fitted)}
    return seal(kind, tables.metadata.as_of, files, about)


@pytest.fixture(scope="module")
def bundles(tables):
    """Fit two kinds once."""
    return [bundle_of(tables, kind) for kind in ("buy_again", "rfm_tiers")]


def put_tables(s3, tables):
    """Write the tables, their manifest last."""
    prefix = tables_prefix(tables.metadata.as_of)
    for name, body in {**pack_tables(tables), MANIFEST: b"[]"}.items():
        s3.objects["models", prefix + name] = body


def wire(s3, *, machine=None, decisions=(), **given):
    """Wire the handler to memory."""
    models = S3Bucket("models", s3)
    return Wiring(
        S3Bucket("lake", s3),
        models,
        S3Registry(models),
        DecisionScan("decisions", Decisions(decisions)),
        LearnMachine("learn", machine or Machine()),
        now_ms=lambda: NOW_MS,
        **given,
    )


@pytest.fixture
def s3(tables, bundles):
    """Publish the kinds on the training day's tables."""
    memory = InMemoryS3()
    put_tables(memory, tables)
    for bundle in bundles:
        S3Registry(S3Bucket("models", memory)).publish(bundle)
    return memory


def report_of(s3):
    """Read the report of the day."""
    return json.loads(s3.objects["models", f"models/watch/{TODAY}.json"])


def lines(capsys):
    """Read the log."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_before_anything_is_prepared_there_is_nothing_to_watch():
    """A fresh deployment has neither tables nor models."""
    assert handle(EVENT, None, wire(InMemoryS3())) == {"asOf": "", "moved": 0, "canaries": {}, "retrain": ""}


def test_people_who_did_not_move_raise_no_alarm(s3, tables, capsys):
    """The same distribution a week later: a report, metrics of 0, no retraining."""
    put_tables(s3, on_day(tables, 7, mood=np.random.default_rng(9).normal(size=400)))
    machine = Machine()
    answer = handle(EVENT, None, wire(s3, machine=machine))
    assert (answer["asOf"], answer["moved"], answer["retrain"]) == ("2024-10-11", 0, "")
    assert machine.runs == []
    report = report_of(s3)
    assert set(report["drift"]["compared"]) == {"buy_again", "rfm_tiers"}
    assert report["drift"]["columns"] >= 10
    assert lines(capsys)[-1]["ModelDrift"] == 0


def test_people_who_moved_raise_an_alarm_that_says_what_and_retrain_once_a_week(s3, tables, capsys):
    """A lost field is named in words, from what to what; a repeat starts no second run."""
    put_tables(s3, on_day(tables, 7, recency_days=3650.0, orders_total=tables.now.features[:, 1] * 3))
    machine = Machine()
    answer = handle(EVENT, None, wire(s3, machine=machine))
    assert answer["moved"] >= 2
    assert machine.runs == [f"drift-{TODAY}"]
    moved = {each["column"]: each["said"] for each in report_of(s3)["drift"]["moved"]}
    assert moved["2024-10-04/recency_days"].startswith("days since the last order: median ")
    assert "-> 3650" in moved["2024-10-04/recency_days"]
    assert any(column.startswith("rfm_tiers/prediction") for column in moved)
    line = lines(capsys)[-1]
    assert line["ModelDrift"] == answer["moved"]
    assert line["DriftRetrain"] == 1
    assert "days since the last order" in " ".join(line["moved"])
    again = handle(EVENT, None, wire(s3, machine=machine))
    assert again["retrain"]
    assert machine.runs == [f"drift-{TODAY}"]
    assert report_of(s3)["retrain"]["last"] == TODAY


def test_what_was_trained_on_these_people_is_not_trained_again(s3, tables):
    """A daily retraining has seen them, though its model is still a canary's: the same tables give the same bytes."""
    put_tables(s3, on_day(tables, 7, recency_days=3650.0))
    for kind in ("buy_again", "rfm_tiers"):
        s3.objects["models", f"models/{kind}/2024-10-11-aaaaaaaaaaaa/{META_FILE}"] = b"{}"
    machine = Machine()
    answer = handle(EVENT, None, wire(s3, machine=machine))
    assert answer["moved"]
    assert machine.runs == []


def test_who_switched_it_off_is_not_retrained_by_drift(s3, tables):
    """Setting `retrain_on_drift` false; the alarm stays."""
    put_tables(s3, on_day(tables, 7, recency_days=3650.0))
    machine = Machine()
    answer = handle(EVENT, None, wire(s3, machine=machine, retrain_days=0))
    assert answer["moved"]
    assert machine.runs == []


def test_a_champion_of_the_newest_tables_is_not_compared_with_them(s3):
    """It has seen these very people; with no version before it there is nothing to compare."""
    handle(EVENT, None, wire(s3))
    assert report_of(s3)["drift"]["compared"] == {}


def test_a_bundle_without_a_reference_is_named_in_the_log(s3, tables, capsys):
    """Bundles of before keep serving; they cannot be watched."""
    for key in [key for key in s3.objects if key[1].endswith("reference.json")]:
        del s3.objects[key]
    put_tables(s3, on_day(tables, 7))
    handle(EVENT, None, wire(s3))
    told = [line for line in lines(capsys) if line["message"] == "not compared"]
    assert {line["kind"] for line in told} == {"buy_again", "rfm_tiers"}
    assert "reference.json" in told[0]["reason"]


def test_what_was_said_is_held_against_what_people_did(s3, tables, capsys):
    """The snapshot of a week ago beside the purchases since: a good score is told from a bad one."""
    day = AS_OF_DAY - 7
    rows = tables.people.known[BUYS] & (tables.people.cut_day == day)
    labels = dict(zip(tables.people.subject[rows].tolist(), tables.people.labels[BUYS][rows].tolist(), strict=True))
    people = [
        ScoredPerson(
            tables.subjects[place],
            {
                "segments": {},
                "scores": {BUYS: 0.8 if bought else 0.1},
                "candidates": {},
                "versions": {BUYS: "2024-09-27-1"},
            },
        )
        for place, bought in labels.items()
    ]
    put_snapshot(S3Bucket("lake", s3), (EPOCH + timedelta(day)).isoformat(), 0, people)
    handle(EVENT, None, wire(s3))
    figures = report_of(s3)["performance"][BUYS]
    assert figures["RocAuc"] == 1.0
    assert figures["FalsePositiveRate"] == 0.0
    assert figures["LiftTopDecile"] > 1.5
    assert figures["Actual"] == pytest.approx(np.mean(list(labels.values())), rel=1e-4)
    assert (figures["version"], figures["day"]) == ("2024-09-27-1", "2024-09-27")
    (line,) = [line for line in lines(capsys) if line["message"] == "performance"]
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["function", "kind"]]
    assert line["kind"] == BUYS


def test_a_snapshot_is_read_as_it_was_written(s3):
    """Scores, first products, versions; a canary's people are left to their challenger; an unscored day is empty."""
    body = {"segments": {}, "scores": {"a": 0.5}, "candidates": {"b": [["milk", 1.0, 2.0]]}, "versions": {"a": "v"}}
    body["versions"]["b"] = "w"
    tried = {**body, "scores": {"a": 0.9}, "versions": {"a": "a challenger", "b": "w"}}
    people = [ScoredPerson("s", body), ScoredPerson("t", {**body, "candidates": {}}), ScoredPerson("u", tried)]
    put_snapshot(S3Bucket("lake", s3), "2024-09-01", 0, people)
    found = read_snapshot(S3Bucket("lake", s3), "2024-09-01")
    assert found.scores == {"a": {"s": 0.5, "t": 0.5}}
    assert found.products == {"b": {"s": ["milk"], "u": ["milk"]}}
    assert found.versions == {"a": "v", "b": "w"}
    assert read_snapshot(S3Bucket("lake", s3), "2024-09-02").scores == {}


def with_canary(s3, tables, *, click_rates, share=0.5):
    """Run a canary of `buy_again` since eight days, with mails to everybody, clicked at a rate by arm."""
    challenger = bundle_of(tables, "buy_again", recipe=-1)
    registry, rng = S3Registry(S3Bucket("models", s3)), np.random.default_rng(3)
    since_ms = NOW_MS - 8 * DAY_MS
    version = challenger.version if challenger.version != registry.pointers()["buy_again"].champion else "2024-10-04-x"
    for name, body in challenger.files.items():
        s3.objects["models", f"models/buy_again/{version}/{name}"] = body
    registry.change(lambda pointers: challenged(pointers, "buy_again", version, share=share, now_ms=since_ms))
    mails = 20
    subject = np.repeat(np.arange(400, dtype=np.int32), mails)
    arm = np.array([in_canary(each, "buy_again", version, share) for each in tables.subjects])
    clicked = rng.random(len(subject)) < np.where(arm[subject], click_rates[1], click_rates[0])
    labels = {name: clicked if name == CLICKS_72H else np.zeros_like(clicked) for name in tables.sends.labels}
    known = {name: np.ones_like(clicked) for name in labels}
    sends = Sends(
        np.zeros((len(subject), len(tables.metadata.feature_names))),
        subject,
        np.full(len(subject), since_ms + 1),
        np.zeros(len(subject), np.int32),
        labels,
        known,
    )
    put_tables(s3, replace(tables, sends=sends))
    return version


CANARY = CanarySettings(canary_days=7.0, least_mails=1_000)


def test_a_canary_that_people_click_less_is_rolled_back(s3, tables, capsys):
    """Half as many clicks: the pointer forgets it, the metric rings."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.1))
    before = S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].champion
    answer = handle(EVENT, None, wire(s3, canary=CANARY))
    assert answer["canaries"]["buy_again"]["action"] == "roll back"
    pointer = S3Registry(S3Bucket("models", s3)).pointers()["buy_again"]
    assert (pointer.champion, pointer.challenger, pointer.state(version)) == (before, "", "withdrawn")
    line = lines(capsys)[-1]
    assert (line["CanaryRolledBack"], line["CanaryPromoted"]) == (1, 0)
    assert "click surely less" in line["canaries"]["buy_again"]
    assert handle(EVENT, None, wire(s3, canary=CANARY))["canaries"] == {}


def test_a_canary_that_does_as_well_is_promoted(s3, tables, capsys):
    """After its days, with mails enough."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.2))
    answer = handle(EVENT, None, wire(s3, canary=CANARY))
    assert answer["canaries"]["buy_again"]["action"] == "promote"
    assert S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].champion == version
    assert lines(capsys)[-1]["CanaryPromoted"] == 1


def test_a_canary_whose_model_fails_is_rolled_back_without_any_mail(s3, tables):
    """Decisions name the models that failed; only those since the canary began count, by arm."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.2))
    put_tables(s3, tables)
    decisions = []
    for subject in tables.subjects:
        chosen = in_canary(subject, "buy_again", version, 0.5)
        made = replace(unknown_person(subject, "spring", now_ms=NOW_MS - DAY_MS), models={"buy_again": "v"})
        decisions.append(replace(made, faults={"buy_again": "NotLoaded"}) if chosen else made)
        decisions.append(replace(made, campaign="winter", decided_at_ms=1))
    answer = handle(EVENT, None, wire(s3, canary=CANARY, decisions=decisions))
    verdict = answer["canaries"]["buy_again"]
    assert verdict["action"] == "roll back"
    assert "failed" in verdict["reason"]
    assert verdict["challenger"] == version
    assert verdict["arms"]["challenger"]["faults"] == verdict["arms"]["challenger"]["decisions"] > 150
    assert verdict["arms"]["champion"]["faults"] == 0
    assert sum(arm["decisions"] for arm in verdict["arms"].values()) == 400


def test_a_canary_too_young_goes_on(s3, tables):
    """Nothing changes; the report says how far it is."""
    version = with_canary(s3, tables, click_rates=(0.2, 0.2))
    answer = handle(EVENT, None, wire(s3, canary=CanarySettings(canary_days=30.0)))
    assert answer["canaries"]["buy_again"]["action"] == "keep"
    assert S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].challenger == version
    assert report_of(s3)["canaries"]["buy_again"]["reason"].startswith("8.")


def test_a_bundle_keeps_its_reference_under_its_hash(bundles):
    """A changed reference is a damaged bundle."""
    assert all("reference.json" in json.loads(bundle.files[META_FILE])["sha256"] for bundle in bundles)
