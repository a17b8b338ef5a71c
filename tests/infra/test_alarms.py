"""Alarms: what is watched, and that their text says what to do."""

import json
import re
from typing import Any

import pytest

from infra.bundling import ROOT
from tests.fakes.decisions import Broken
from tests.functions.test_decide_content import call, wire
from tests.infra.conftest import Synthesised
from tests.infra.functions import FUNCTIONS

WATCHED = {f"{name}-errors" for name in FUNCTIONS} | {
    "stream-behind", "quarantined", "refused", "dead-letters", "lake-behind", "learn-failed", "learn-timed-out",
    "decision-fallback", "api-5xx", "throttles", "plan-failed", "plan-timed-out", "dispatch-stopped", "mails-unknown",
    "send-faults", "sends-dead-letters", "sends-behind", "bounce-rate", "complaint-rate", "link-faults",
    "links-not-recorded", "feedback-dead-letters", "feedback-behind", "feedback-refused", "model-drift",
    "canary-rolled-back",
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
        silence = alarm["AlarmName"] == "addressee-dispatch-stopped"
        assert alarm["TreatMissingData"] == ("breaching" if silence else "notBreaching"), name


def test_the_runbook_has_every_alarm():
    """docs/deploying.md, section Alarms."""
    runbook = (ROOT / "docs" / "deploying.md").read_text().partition("## Alarms")[2]
    named = {*re.findall(r"`([a-z0-9-]+)`", runbook), *(f"{name}-errors" for name in FUNCTIONS)}
    assert named >= WATCHED
    assert "`<function>-errors`" in runbook


def _alarm(live: Synthesised, name: str) -> dict[str, Any]:
    """Return the one alarm with this name."""
    alarms = live.of_type("AWS::CloudWatch::Alarm").values()
    (found,) = [each for each in alarms if each["AlarmName"] == f"addressee-{name}"]
    return found


@pytest.mark.parametrize("away", ["champions", "catalogue", "people", "decisions", "suppressions"])
def test_what_an_outage_logs_is_what_the_alarm_watches(
    live: Synthesised, away: str, capsys: pytest.CaptureFixture[str]
):
    """The real handler's line, read as CloudWatch reads it, has the alarm's namespace, name and dimensions."""
    assert call(wire(**{away: Broken()}))[0] == 200
    (line,) = capsys.readouterr().out.splitlines()
    record, alarm = json.loads(line), _alarm(live, "decision-fallback")
    (directive,) = record["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]
    (metric,) = directive["Metrics"]
    assert (directive["Namespace"], metric["Name"]) == (alarm["Namespace"], alarm["MetricName"])
    assert [{"Name": name, "Value": record[name]} for name in dimensions] == alarm["Dimensions"]
    assert record[metric["Name"]] == 1


@pytest.mark.parametrize(
    ("alarm", "metric", "function"),
    [
        ("decision-fallback", "DecisionFallback", "decide_content"),
        ("quarantined", "quarantined", "update_profiles"),
        ("refused", "EventsRefused", "collect_events"),
        ("send-faults", "SendFault", "send_email"),
        ("mails-unknown", "MailsUnknown", "dispatch_sends"),
        ("link-faults", "LinkFault", "serve_links"),
        ("links-not-recorded", "LinkNotRecorded", "serve_links"),
        ("feedback-refused", "FeedbackRefused", "record_feedback"),
        ("model-drift", "ModelDrift", "watch_models"),
        ("canary-rolled-back", "CanaryRolledBack", "watch_models"),
    ],
)
def test_own_metrics_are_watched_under_the_names_that_the_log_writes(
    live: Synthesised, alarm: str, metric: str, function: str
):
    """Namespace, name and dimension as `adapters.log` writes them."""
    found = _alarm(live, alarm)
    assert (found["Namespace"], found["MetricName"]) == ("Addressee", metric)
    assert found["Dimensions"] == [{"Name": "function", "Value": function}]


def test_cloudwatch_may_publish_to_the_encrypted_topic(live: Synthesised):
    """A topic policy that only denies plain http would silence every alarm."""
    policy = live.one("AWS::SNS::TopicPolicy", "Alarms")
    allowed = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert [each["Principal"] for each in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
    topic = live.one("AWS::SNS::Topic", "Alarms")
    assert "KmsMasterKeyId" in topic
