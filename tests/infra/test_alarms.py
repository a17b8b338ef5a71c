"""Alarms: what is watched, and that their text says what to do."""

import re

import pytest

from infra.bundling import ROOT
from tests.infra.conftest import Synthesised
from tests.infra.functions import FUNCTIONS

WATCHED = {f"{name}-errors" for name in FUNCTIONS} | {
    "stream-behind", "quarantined", "refused", "dead-letters", "lake-behind", "learn-failed", "learn-timed-out",
    "decision-fallback", "api-5xx", "throttles",
}  # fmt: skip


def test_what_can_go_wrong_is_watched(live: Synthesised):
    """Each function's errors, and what errors do not show."""
    names = {each["AlarmName"].removeprefix("addressee-") for each in live.of_type("AWS::CloudWatch::Alarm").values()}
    assert names == WATCHED


def test_each_alarm_tells_somebody_what_to_do(live: Synthesised):
    """A description with a next step, and the topic as its action."""
    for name, alarm in live.of_type("AWS::CloudWatch::Alarm").items():
        assert len(alarm["AlarmDescription"]) > 100, name
        assert "docs/deploying.md" in alarm["AlarmDescription"]
        assert alarm["AlarmActions"], name
        assert alarm["TreatMissingData"] == "notBreaching"


def test_the_runbook_has_every_alarm():
    """docs/deploying.md, section Alarms."""
    runbook = (ROOT / "docs" / "deploying.md").read_text().partition("## Alarms")[2]
    named = {*re.findall(r"`([a-z0-9-]+)`", runbook), *(f"{name}-errors" for name in FUNCTIONS)}
    assert named >= WATCHED
    assert "`<function>-errors`" in runbook


@pytest.mark.parametrize(
    ("alarm", "metric", "function"),
    [
        ("decision-fallback", "DecisionFallback", "decide_content"),
        ("quarantined", "quarantined", "update_profiles"),
        ("refused", "EventsRefused", "collect_events"),
    ],
)
def test_own_metrics_are_watched_under_the_names_that_the_log_writes(
    live: Synthesised, alarm: str, metric: str, function: str
):
    """Namespace, name and dimension as `adapters.log` writes them."""
    (found,) = [
        each for each in live.of_type("AWS::CloudWatch::Alarm").values() if each["AlarmName"] == f"addressee-{alarm}"
    ]
    assert (found["Namespace"], found["MetricName"]) == ("Addressee", metric)
    assert found["Dimensions"] == [{"Name": "function", "Value": function}]


def test_cloudwatch_may_publish_to_the_encrypted_topic(live: Synthesised):
    """A topic policy that only denies plain http would silence every alarm."""
    (policy,) = live.of_type("AWS::SNS::TopicPolicy").values()
    allowed = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert [each["Principal"] for each in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
    (topic,) = live.of_type("AWS::SNS::Topic").values()
    assert "KmsMasterKeyId" in topic
