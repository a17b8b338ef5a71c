"""500 schedules of sending, those of two controls and of mutants: ours keeps every promise, the others are caught."""

from collections import Counter

import pytest

from tests.simulation.checker import AFTER_STOP, SENT_TWICE, UNEXPLAINED, UNSETTLED_ROW
from tests.simulation.control import run_control
from tests.simulation.cursor_control import CursorSender
from tests.simulation.lease_control import LeaseSender
from tests.simulation.mutants import MUTANTS
from tests.simulation.schedule import run_schedule

SCHEDULES, PARTS, OF_CONTROLS, ALONE = 500, 10, 30, 150


@pytest.fixture(scope="module")
def ended():
    """Count how the rows of all schedules ended."""
    return Counter()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_schedule_breaks_a_promise(part, ended):
    """Run 50 schedules; a failing one prints its history, and its seed is all that it takes to run it again."""
    for seed in range(part, SCHEDULES, PARTS):
        result = run_schedule(seed)
        assert not result.problems, result.text(about=result.problems[0].split(": ")[1].split(".")[0])
        assert result.recipients >= 10
        assert result.workers >= 2
        assert sum(result.faults.values()) >= 3
        ended.update(result.ended)


def test_the_schedules_reach_every_end_and_most_mails_go_out(ended):
    """Look at what the schedules of the test before came to: a sender that sends nothing keeps all promises, too."""
    for seed in range(0 if ended else ALONE):
        ended.update(run_schedule(seed).ended)
    out = sum(ended[state] for state in ("sent", "delivered", "bounced", "complained"))
    may_not = sum(ended[f"skipped {reason}"] for reason in ("holdout", "consent", "suppressed", "cap", "no_address"))
    assert out > 0.5 * (sum(ended.values()) - may_not)
    for state in ("sent", "delivered", "bounced", "complained", "failed", "unknown"):
        assert ended[state] > 10
    for reason in ("holdout", "consent", "suppressed", "cap", "paused_by_person", "cancelled", "expired"):
        assert ended[f"skipped {reason}"] > 10


def test_a_seed_gives_the_same_history_again():
    """Replay a seed."""
    one, other = (run_schedule(7) for _ in range(2))
    assert one.history.text() == other.history.text()
    assert one.ended == other.ended


@pytest.mark.parametrize("control", [CursorSender, LeaseSender])
def test_a_control_fails_in_the_same_harness(control):
    """Run a sender as the field has it: it sends twice, loses people, and sends after a stop."""
    failures = Counter()
    for seed in range(OF_CONTROLS):
        failures.update(run_control(seed, control).failures)
    for kind in (SENT_TWICE, UNSETTLED_ROW, AFTER_STOP, UNEXPLAINED):
        assert failures[kind] > 0, kind


@pytest.mark.parametrize("broken", MUTANTS)
def test_the_checker_catches_a_mutant(broken):
    """Break one rule of ours: some schedule among the 500 must show it, by the failure that follows from it."""
    make, kinds = MUTANTS[broken]
    assert any(run_schedule(seed, make).failures.keys() & kinds for seed in range(SCHEDULES))
