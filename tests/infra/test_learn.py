"""`Learn`: its states, limits, retries, schedule."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from infra.bundling import ROOT
from infra.image import build_context
from infra.schedule import Times, learn_times
from infra.settings import read_settings
from tests.infra.conftest import Synthesised, synthesise


def _definition(live: Synthesised) -> dict[str, Any]:
    machine = live.one("AWS::StepFunctions::StateMachine", "Learn")
    parts = machine["DefinitionString"]["Fn::Join"][1]
    return json.loads("".join(each if isinstance(each, str) else json.dumps(each).replace('"', "'") for each in parts))


def test_learn_walks_from_lake_to_scores(live: Synthesised):
    """docs/architecture.md, Learn."""
    states, at, order = _definition(live)["States"], "CompactLake", []
    while at:
        order.append(at)
        at = states[at].get("Next") or states[at].get("Default")
    assert order == ["CompactLake", "PrepareFeatures", "EachKind", "EachChunk", "EveryKind", "Learned"]


def test_compaction_and_scoring_pass_their_input_on(live: Synthesised):
    """What Learn was asked for (`asOf`) reaches PrepareFeatures; an absent ResultPath would replace it."""
    states = _definition(live)["States"]
    for name in ("CompactLake", "EachChunk"):
        assert "ResultPath" in states[name]
        assert states[name]["ResultPath"] is None


def test_scoring_is_a_distributed_map_over_the_manifest_two_at_a_time(live: Synthesised):
    """A fresh account runs ten functions at once; decisions need the rest."""
    chunks = _definition(live)["States"]["EachChunk"]
    assert chunks["MaxConcurrency"] == 2
    assert chunks["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert chunks["ItemReader"]["ReaderConfig"] == {"InputType": "JSON"}
    assert chunks["ItemReader"]["Parameters"]["Key.$"] == "$.manifest.key"


def test_two_kinds_train_at_a_time(live: Synthesised):
    """Each kind is a branch with its own input."""
    kinds = _definition(live)["States"]["EachKind"]
    assert kinds["MaxConcurrency"] == 2
    assert set(kinds["ItemSelector"]) == {"kind.$", "asOf.$", "tables.$"}


def test_a_kind_that_raises_ends_no_other_and_fails_the_run_after_people_are_scored(live: Synthesised):
    """Whatever it raised is kept as its answer; tests/contract/test_learn_machine.py runs this."""
    states = _definition(live)["States"]
    kind = states["EachKind"]["ItemProcessor"]["States"]
    assert [each["ErrorEquals"] for each in kind["TrainModel"]["Catch"]] == [["States.ALL"]]
    answer = kind[kind["TrainModel"]["Catch"][0]["Next"]]["Output"]
    assert answer.keys() == {"kind", "version", "published", "state", "reason", "metrics", "error", "cause"}
    (choice,) = states["EveryKind"]["Choices"]
    assert answer["state"] in choice["Condition"]
    assert states[choice["Next"]]["Type"] == "Fail"
    assert "Catch" not in states["EachKind"] | states["EachChunk"]


def test_the_alarm_on_failed_runs_says_that_a_cause_may_name_kinds(live: Synthesised):
    """Who is woken knows whether scores are stale or one kind is."""
    alarm = live.one("AWS::CloudWatch::Alarm", "learnfailed")
    assert "the cause names kinds" in alarm["AlarmDescription"]
    assert len(alarm["AlarmDescription"]) <= 1024


def test_only_faults_of_the_service_are_tried_again(live: Synthesised):
    """What our code raises would be raised again."""
    states = _definition(live)["States"]
    tasks = [states["CompactLake"], states["PrepareFeatures"]]
    steps = [each for name in ("EachKind", "EachChunk") for each in states[name]["ItemProcessor"]["States"].values()]
    tasks += [each for each in steps if each["Type"] == "Task"]
    assert len(tasks) == 4
    for task in tasks:
        (retry,) = task["Retry"]
        assert all(error.startswith("Lambda.") for error in retry["ErrorEquals"])
        assert retry["BackoffRate"] >= 2


def test_learn_is_logged_whole_without_its_data_and_traced(live: Synthesised):
    """Every event of an execution is in the log; the inputs are not."""
    machine = live.one("AWS::StepFunctions::StateMachine", "Learn")
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert not machine["LoggingConfiguration"].get("IncludeExecutionData")
    assert machine["TracingConfiguration"]["Enabled"] is True


@pytest.mark.parametrize(
    ("part", "at"),
    [
        ("LearnOften", "cron(30 2 * * ? *)"),
        ("CompactDaily", "cron(30 0 * * ? *)"),
        ("WatchDaily", "cron(30 6 * * ? *)"),
    ],
)
def test_schedules_name_their_time_zone(live: Synthesised, part: str, at: str):
    """Off-peak, and in a zone that is written down."""
    (schedule,) = [each for name, each in live.of_type("AWS::Scheduler::Schedule").items() if part in name]
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (at, "UTC")


@pytest.mark.parametrize(
    ("given", "train", "score"),
    [
        ({"retrain": "daily", "retrain_hour": "4"}, "cron(30 4 * * ? *)", None),
        ({"retrain": "weekly"}, "cron(30 2 ? * SUN *)", "cron(30 2 ? * MON-SAT *)"),
        ({"retrain": "fortnightly"}, "cron(30 2 1,15 * ? *)", "cron(30 2 2-14,16-31 * ? *)"),
        ({"retrain": "weekly", "learn_schedule": "rate(2 days)"}, "rate(2 days)", None),
    ],
)
def test_people_are_scored_daily_however_seldom_models_are_trained(
    given: dict[str, str], train: str, score: str | None
):
    """Between two trainings `Learn` runs with `train` false: new tables, the champions' scores, no model."""
    shop = {"addressee": {"sender": "mail@shop.example.com", "postal_address": "1 Example Street, 12345 Example City"}}
    settings = read_settings((shop | {f"addressee_{name}": value for name, value in given.items()}).get)
    assert learn_times(settings) == Times(train, score or "")


def test_a_seldom_trained_deployment_has_both_schedules_and_can_train_in_a_container(tmp_path: Path):
    """One synthesis with the settings that are not the defaults; Docker is asked for nothing."""
    made = synthesise(
        tmp_path, retrain="weekly", learn_time_zone="Europe/Berlin", train_models_image="true", retrain_on_drift="false"
    )
    schedules = made.of_type("AWS::Scheduler::Schedule")
    given = {
        each["ScheduleExpression"]: (each["Target"]["Input"], each["ScheduleExpressionTimezone"])
        for name, each in schedules.items()
        if "Often" in name
    }
    assert given == {
        "cron(30 2 ? * SUN *)": ("{}", "Europe/Berlin"),
        "cron(30 2 ? * MON-SAT *)": ('{"train":false}', "Europe/Berlin"),
    }
    train, prepare = made.functions["addressee-train_models"], made.functions["addressee-prepare_features"]
    assert train["PackageType"] == "Image"
    assert "ImageUri" in train["Code"]
    assert not {"Layers", "Handler", "Runtime"} & train.keys()
    assert train["Architectures"] == ["arm64"]
    assert (train["MemorySize"], train["Timeout"]) == (prepare["MemorySize"], prepare["Timeout"])
    assert made.functions["addressee-watch_models"]["Environment"]["Variables"]["DRIFT_RETRAIN_DAYS"] == "0"
    assert made.violations == []


def test_the_image_holds_what_the_layers_hold_where_the_layers_have_it(tmp_path: Path):
    """The Dockerfile copies two things; both are in the context, and the same content gives the same folder."""
    zipped = tmp_path / "layer.zip"
    with ZipFile(zipped, "w") as archive:
        archive.writestr("python/package/__init__.py", "")
    context = build_context("train_models", [zipped])
    assert (context / "opt" / "python" / "package" / "__init__.py").exists()
    assert (context / "handler.py").read_bytes() == (ROOT / "functions/train_models/handler.py").read_bytes()
    dockerfile = (context / "Dockerfile").read_text()
    assert re.findall(r"^COPY (\S+)", dockerfile, re.MULTILINE) == ["opt/", "handler.py"]
    assert build_context("train_models", [zipped]) == context
    shutil.rmtree(context)
