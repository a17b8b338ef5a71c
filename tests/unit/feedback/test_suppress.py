"""Whom an event suppresses: at once by a hard bounce or a complaint, by soft bounces at their limit, else nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.feedback.soft_bounces import DAY_MS, entry, tally
from tests.fakes.watched import Crash, Watch, crash_at
from tests.unit.feedback.mails import NOW_MS, SOFT, SUBJECT, World, ses_event


@pytest.mark.parametrize(("kind", "reason"), [("Bounce", "hard_bounce"), ("Complaint", "complaint")])
def test_a_hard_bounce_and_a_complaint_suppress_before_anything_else(kind, reason):
    """Even where the row, the person and the stream cannot be had."""
    world = World()
    before = world.row()
    ports = Watch(before=crash_at(1)).ports(world.ports, "recipients")
    with pytest.raises(Crash):
        world.record(ses_event(kind), ports=ports)
    assert world.suppressed() == reason
    assert (world.row(), world.told()) == (before, [])


def test_the_persons_address_is_suppressed_too():
    """They may have got the mail under another address than the one that complains."""
    world = World()
    world.recipients.people[SUBJECT] = world.recipients.people[SUBJECT]._replace(address="new@example.com")
    assert world.record(ses_event("Complaint")).suppressed == "complaint"
    assert (
        world.suppressed() == world.suppressed("new@example.com") == world.suppressed("NEW@example.com") == "complaint"
    )


@pytest.mark.parametrize("kind", ["Send", "Delivery", "Reject", "Open", "Click", "DeliveryDelay"])
def test_nothing_else_suppresses(kind):
    """A rejected mail says nothing of its address."""
    world = World()
    world.record(ses_event(kind))
    world.record(ses_event("Complaint", complaintFeedbackType="not-spam"))
    assert not world.suppressions.rows


def test_soft_bounces_suppress_at_the_limit():
    """Three mails within thirty days; the same mail again counts once."""
    world = World(limit=3)
    for campaign in ("spring", "summer", "autumn"):
        world.add_row(campaign)
    outcomes = [
        world.record(ses_event("Bounce", campaign=campaign, after_ms=day * DAY_MS, **SOFT), received_at_ms=2 * NOW_MS)
        for day, campaign in ((1, "spring"), (1, "spring"), (2, "summer"), (30, "autumn"))
    ]
    assert [each.suppressed for each in outcomes] == ["", "", "", "soft_bounces"]
    assert world.suppressed() == "soft_bounces"


def test_old_soft_bounces_are_forgotten():
    """Thirty-one days later the first is out of the count and out of the set."""
    world = World(limit=2)
    world.add_row("summer")
    world.record(ses_event("Bounce", **SOFT))
    late = ses_event("Bounce", campaign="summer", after_ms=31 * DAY_MS, **SOFT)
    assert world.record(late, received_at_ms=2 * NOW_MS).suppressed == ""
    assert len(world.recipients.soft[SUBJECT]) == 1


@given(st.dictionaries(st.integers(0, 9), st.integers(0, 60), max_size=8), st.randoms())
def test_soft_bounces_are_counted_alike_in_any_order(days, random):
    """Entries name their day; damaged ones are old."""
    entries = [entry(f"s.{number}", day * DAY_MS + DAY_MS * 20_000) for number, day in days.items()] + ["damaged"]
    random.shuffle(entries)
    counted = tally(entries)
    newest = max(days.values(), default=0)
    assert counted.recent == sum(day > newest - 30 for day in days.values()) + (0 if days else 1)
    assert counted.recent + len(counted.expired) == len(entries)
