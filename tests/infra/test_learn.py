"""`Learn`: its states, limits, retries, schedule."""

import json
from typing import Any

import pytest

from tests.infra.conftest import Synthesised


def _definition(live: Synthesised) -> dict[str, Any]:
    machine = live.one("AWS::StepFunctions::StateMachine", "Learn")
    parts = machine["DefinitionString"]["Fn::Join"][1]
    return json.loads("".join(each if isinstance(each, str) else json.dumps(each).replace('"', "'") for each in parts))


def test_learn_walks_from_lake_to_scores(live: Synthesised):
    """docs/architecture.md, Learn."""
    states, at, order = _definition(live)["States"], "CompactLake", []
    while at:
        order.append(at)
        at = states[at].get("Next")
    assert order == ["CompactLake", "PrepareFeatures", "EachKind", "EachChunk"]


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


def test_only_faults_of_the_service_are_tried_again(live: Synthesised):
    """What our code raises would be raised again."""
    states = _definition(live)["States"]
    tasks = [states["CompactLake"], states["PrepareFeatures"]]
    tasks += [each for name in ("EachKind", "EachChunk") for each in states[name]["ItemProcessor"]["States"].values()]
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


@pytest.mark.parametrize(("part", "at"), [("LearnOften", "cron(30 2 * * ? *)"), ("CompactDaily", "cron(30 0 * * ? *)")])
def test_schedules_name_their_time_zone(live: Synthesised, part: str, at: str):
    """Off-peak, and in a zone that is written down."""
    (schedule,) = [each for name, each in live.of_type("AWS::Scheduler::Schedule").items() if part in name]
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (at, "UTC")
