"""`watch_models`: the real handler on tables, bundles and snapshots in memory."""

import json
from datetime import timedelta

import numpy as np
import pytest

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.score_snapshots import put_snapshot, read_snapshot
from addressee.models.bundle import META_FILE
from addressee.models.score import ScoredPerson
from addressee.models.tables import BUYS
from functions.watch_models.handler import handle
from tests.fakes.s3 import InMemoryS3
from tests.functions.watch_models.watched_models import (
    EPOCH,
    EVENT,
    TODAY,
    Machine,
    fitted_bundles,
    lines,
    on_day,
    put_tables,
    report_of,
    wire,
)
from tests.models.generated import AS_OF_DAY


@pytest.fixture(scope="module")
def bundles():
    """Return the two kinds, fitted."""
    return fitted_bundles()


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


def test_a_bundle_keeps_its_reference_under_its_hash(bundles):
    """A changed reference is a damaged bundle."""
    assert all("reference.json" in json.loads(bundle.files[META_FILE])["sha256"] for bundle in bundles)
