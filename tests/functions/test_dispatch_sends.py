"""The handler of `dispatch_sends`: one run a minute, logged with its counts."""

import json
from pathlib import Path

import pytest

from addressee.emails.ports import SendKey
from functions.dispatch_sends.handler import Settings, Wiring, handle, wiring
from tests.unit.emails.campaigns import DAY_MS, subject
from tests.unit.emails.sending import NOW, World

SAMPLE = json.loads(Path("events/dispatch_sends.json").read_text(encoding="utf-8"))


def test_the_sample_queues_what_is_due(capsys):
    """The counts are the answer and one log line, which also is the metrics' record."""
    world = World()
    world.now_ms = NOW
    rows = [World.row(state="planned", number=number) for number in range(1, 30)]
    world.hold(*rows, World.row(state="claimed", number=30, claim="a", claimed_at_ms=NOW - DAY_MS))
    counts = handle(SAMPLE, None, wired=Wiring(world.dispatching(), DAY_MS, now_ms=lambda: NOW))
    assert (counts["queued"], counts["unknown"], counts["budget"]) == (29, 1, 600)
    assert {key for key, _ in world.queue.messages} == {SendKey(subject(number), "autumn") for number in range(1, 30)}
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert (record["function"], record["MailsQueued"], record["MailsUnknown"], record["queued"]) == (
        *("dispatch_sends", 29, 1),
        29,
    )


def test_the_second_half_of_its_time_begins_no_page():
    """What is marked as queued gets its message before the function is killed."""

    class Ending:
        def get_remaining_time_in_millis(self) -> int:
            return 0

    world = World()
    world.hold(World.row(state="planned"))
    counts = handle(SAMPLE, Ending(), wired=Wiring(world.dispatching(), DAY_MS, now_ms=lambda: NOW))
    assert (counts["slots"], counts["queued"]) == (1, 0)


def test_a_fault_flies(capsys):
    """The schedule's next minute does the rest; the function's own errors are what alarms."""
    world = World()
    world.campaigns.open_slots = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        handle(SAMPLE, None, wired=Wiring(world.dispatching(), DAY_MS))
    assert capsys.readouterr().out == ""


def test_the_wiring_is_built_from_the_environment(monkeypatch):
    """Build the adapters from the variables that the template sets."""
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(name.upper(), "120")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = wiring()
    assert (type(made), made.unknown_after_ms) == (Wiring, 120_000)
    assert made.now_ms() > NOW
    wiring.cache_clear()
