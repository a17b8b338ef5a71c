"""Every minute: campaigns that are over are settled, and slots in which nothing is left are closed."""

import pytest

from addressee.emails.dispatch import CLOSE_AFTER_MS, MOST_ROWS, Counts
from addressee.emails.ports import OpenSlot, Quota
from addressee.emails.send import slot_of
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, NOON, campaign, subject
from tests.unit.emails.sending import SLOT, World

row = World.row


@pytest.mark.parametrize(
    ("standing", "after_ms", "reason"),
    [
        ({"status": "cancelled"}, 0, "cancelled"),
        ({"status": "running"}, 2 * DAY_MS, "expired"),
        ({"status": "paused"}, 2 * DAY_MS, "expired"),
    ],
)
def test_a_campaign_that_is_over_is_settled(standing, after_ms, reason):
    """Slots that are not due yet are; claims and settled rows stay as they are, whatever the quota."""
    world = World(**standing)
    world.quotas.quota = Quota(0, 0, 0)
    world.now_ms += after_ms
    later = slot_of(subject(1), world.now_ms + HOUR_MS)
    world.hold(
        row(state="planned", slot=later),
        row(number=2),
        row(state="claimed", number=3, claimed_at_ms=world.now_ms, claim="a"),
        row(state="delivered", number=4),
    )
    assert world.dispatch().skipped == 2
    assert sorted(world.states()) == [("claimed", ""), ("delivered", ""), ("skipped", reason), ("skipped", reason)]
    assert not world.queue.messages


@pytest.mark.no_cover  # other tests cover these lines; here they run by the thousand
def test_settling_goes_on_a_minute_later_where_it_is_too_much():
    """A run reads a bounded number of rows."""
    world = World(campaign(), status="cancelled")
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(MOST_ROWS + 5)))
    assert (world.dispatch().skipped, world.dispatch().skipped) == (MOST_ROWS, 5)


def test_an_empty_slot_is_closed_when_it_is_seen_so_for_15_minutes():
    """The index lags: one look is not enough."""
    world = World()
    world.hold()
    world.campaigns.open_slot(SLOT, "autumn")
    assert world.dispatch().closed == 0
    world.now_ms += CLOSE_AFTER_MS - 1
    assert world.dispatch().closed == 0
    world.now_ms += 1
    assert world.dispatch().closed == 1
    assert world.campaigns.open_slots() == []


def test_a_slot_that_shows_rows_again_counts_as_full():
    """The 15 minutes begin anew."""
    world = World()
    world.hold(row())
    world.campaigns.note_empty(OpenSlot(SLOT, "autumn"), NOON)
    world.dispatch()
    assert world.campaigns.open_slots() == [OpenSlot(SLOT, "autumn")]


def test_no_slot_is_closed_while_rows_are_planned():
    """They may come later than 15 minutes after their slot was opened."""
    world = World(planning="planning")
    world.hold()
    world.campaigns.open_slot(SLOT, "autumn")
    for _ in range(3):
        world.dispatch()
        world.now_ms += CLOSE_AFTER_MS
    assert world.campaigns.open_slots() == [OpenSlot(SLOT, "autumn")]


def test_a_slot_of_no_campaign_is_counted():
    """It is nobody's to close."""
    world = World()
    world.campaigns.open_slot(SLOT, "gone")
    assert world.dispatch() == Counts(slots=1, orphans=1)
