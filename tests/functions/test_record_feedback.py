"""The handler of `record_feedback`: a batch of the Feedback queue, each message by itself."""

import json
from pathlib import Path

import pytest

from functions.record_feedback.handler import Wiring, handle, wiring
from tests.fakes.profiles import InlinePool
from tests.fakes.watched import Watch
from tests.unit.feedback.mails import NOW_MS, SUBJECT, World, engagement, ses_event

SAMPLE = json.loads(Path("events/record_feedback.json").read_text(encoding="utf-8"))


def wired(ports):
    """Wire the handler to ports in memory."""
    return Wiring(ports, InlinePool(), lambda: NOW_MS)


def batch(*messages, **attributes):
    """Write what SQS triggers with; message n has the id `m<n>`."""
    return {
        "Records": [
            {"messageId": f"m{number}", "body": json.dumps(message), "attributes": attributes}
            for number, message in enumerate(messages)
        ]
    }


def lines(capsys):
    """Read the log."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_sample_payload_is_recorded_and_logged(capsys):
    """Handle `events/record_feedback.json`: delivery, click, open, a complaint in an envelope, garbage."""
    world = World("unknown")
    assert handle(SAMPLE, None, wired(world.ports)) == {
        "batchItemFailures": [{"itemIdentifier": SAMPLE["Records"][4]["messageId"]}]
    }
    assert (world.row().state, world.suppressed()) == ("complained", "complaint")
    assert world.told() == [
        ("Email Delivered", ""),
        ("Email Link Clicked", "human"),
        ("Email Opened", "human"),
        ("Email Marked as Spam", ""),
    ]
    refused, said = lines(capsys)
    assert (refused["message"], refused["reason"], refused["level"]) == ("refused", "is no JSON object", "WARNING")
    assert {name: said[name] for name in ("HardBounces", "Complaints", "FeedbackRefused")} == {
        "HardBounces": 0,
        "Complaints": 1,
        "FeedbackRefused": 1,
    }
    assert said["counts"] == {"delivered": 1, "clicked": 1, "opened": 1, "complained": 1, "refused": 1}
    assert said["labels"] == {"human ses_unlikely": 1, "human browser": 1}
    (directive,) = said["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"], said["function"]) == (
        "Addressee",
        [["function"]],
        "record_feedback",
    )


def test_no_address_and_no_content_is_logged(capsys):
    """Identifiers alone."""
    world = World()
    handle(SAMPLE, None, wired(world.ports))
    handle(batch(ses_event("Bounce", bounceType="one@example.com")), None, wired(world.ports))
    assert "example.com" not in capsys.readouterr().out


def test_the_sample_again_changes_nothing():
    """Everything a batch does is harmless to repeat."""
    world = World()
    handle(SAMPLE, None, wired(world.ports))
    row, told = world.row(), set(world.stream.records)
    handle(SAMPLE, None, wired(world.ports))
    assert (world.row(), set(world.stream.records)) == (row, told)


def test_one_messages_trouble_is_not_the_others(capsys):
    """It comes again alone; a fault that stays brings it to the dead-letter queue, with nothing lost."""
    world = World()

    def fail(_number, name):
        if name == "note_soft_bounce":
            raise TimeoutError

    ports = Watch(before=fail).ports(world.ports, "recipients")
    soft = ses_event("Bounce", bounceType="Transient")
    answer = handle(batch(ses_event("Send"), soft, ses_event("Open")), None, wired(ports))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [name for name, _ in world.told()] == ["Email Sent", "Email Opened"]
    fault = lines(capsys)[0]
    assert (fault["message"], fault["message_id"], fault["fault"]) == ("not recorded", "m1", "TimeoutError")
    assert handle(batch(soft), None, wired(world.ports)) == {"batchItemFailures": []}
    assert world.recipients.soft[SUBJECT]


@pytest.mark.parametrize("attributes", [{}, {"SentTimestamp": str(NOW_MS)}])
def test_the_queues_time_is_the_latest_that_an_event_can_have(attributes):
    """The clock stands in where the trigger does not say it."""
    world = World()
    handle(batch(engagement("open", after_ms=10**12), **attributes), None, wired(world.ports))
    (record,) = world.stream.records
    assert json.loads(record[1])["timestamp"] == "2026-09-21T15:13:20.000Z"


def test_what_is_dropped_is_counted_by_its_reason(capsys):
    """Hard bounces count though the mail was never ours."""
    world = World()
    handle(batch(ses_event("Bounce", campaign="never"), ses_event("DeliveryDelay")), None, wired(world.ports))
    (said,) = lines(capsys)
    assert (said["HardBounces"], said["counts"]) == (1, {"dropped": 2})
    assert said["dropped"] == {"no_send": 1, "SES tries on": 1}


def test_the_wiring_is_built_from_the_environment(monkeypatch):
    """Build the adapters from the variables that the template sets."""
    for variable in ("PROFILES_TABLE", "SENDS_TABLE", "SUPPRESSIONS_TABLE", "EVENT_STREAM", "SUBJECT_SECRET"):
        monkeypatch.setenv(variable, "made-up")
    monkeypatch.setenv("SOFT_BOUNCE_LIMIT", "3")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert wiring().ports.soft_bounce_limit == 3
    wiring().pool.shutdown()
    wiring.cache_clear()
