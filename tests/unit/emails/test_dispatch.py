"""Every minute: who is queued and how fast, what is settled, what is looked after, and which slots are closed."""

from dataclasses import replace

import pytest

from addressee.emails.dispatch import CLOSE_AFTER_MS, MOST_ROWS, MOST_WATCHED, Counts, dispatch
from addressee.emails.ports import OpenSlot, Quota, SendKey
from addressee.emails.send import slot_of
from addressee.profiles.state import DAY_MS
from tests.fakes.queue import InMemoryQueue
from tests.fakes.watched import Crash, Watch, crash_at
from tests.unit.emails.campaigns import HOUR_MS, campaign, subject
from tests.unit.emails.sending import NOON, NOW, SLOT, World

MINUTE_MS = 60_000
row = World.row


def run(world, ports=None, **given):
    """Dispatch at the world's time; claims are old after a day."""
    return dispatch(ports or world.dispatching(), **{"now_ms": world.now_ms, "unknown_after_ms": DAY_MS, **given})


def queued(world):
    """Return who was queued, by campaign and number of the person, in order."""
    return [(key.campaign, int(key.subject[8:], 16)) for key, _ in world.queue.messages]


def test_due_rows_are_queued_and_say_so_first():
    """The row is written before the message: a message without a queued row would be dropped."""
    world = World()
    world.hold(row(state="planned"))
    watch = Watch()
    counts = run(world, watch.ports(world.dispatching(), "sends", "queue"))
    assert watch.names == ["waiting", "due", "get_many", "move", "put"]
    assert counts == Counts(slots=1, budget=600, queued=1)
    assert world.queue.messages == [(SendKey(subject(1), "autumn"), 0)]
    (stored,) = world.sends.rows.values()
    assert (stored.state, stored.queued_at_ms, stored.slot) == ("queued", NOW, SLOT)


def test_what_is_not_due_waits():
    """The minute of the slot has to have begun; the quota is not even read."""
    world = World()
    world.hold(row(state="planned", slot=slot_of(subject(1), NOW + MINUTE_MS)))
    assert (run(world).queued, world.quotas.reads) == (0, 0)
    world.now_ms += MINUTE_MS
    assert run(world).queued == 1


def test_mails_leave_at_the_quotas_rate_oldest_slots_first():
    """Ten a second: the message's place in the minute is its delay; those that wait already are before them."""
    world = World()
    world.queue.messages = [(SendKey("x", "y"), 0)] * 5
    older = [row(state="planned", number=number, slot=slot_of(subject(1), NOON - 1)) for number in range(1, 8)]
    newer = [row(state="planned", number=number, slot=SLOT) for number in range(11, 24)]
    world.hold(*newer, *older)
    assert run(world).queued == 20
    new = world.queue.messages[5:]
    assert {int(key.subject[8:], 16) for key, _ in new[:7]} == set(range(1, 8))
    assert [delay for _, delay in new] == [0] * 5 + [1] * 10 + [2] * 5


def test_a_run_stops_when_the_minute_is_full():
    """What is left is queued a minute later, when the queue has room again."""
    world = World()
    world.quotas.quota = Quota(1, -1, 0)
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(1, 150)))
    assert (run(world).queued, run(world).queued, len(world.queue.messages)) == (60, 0, 60)
    assert [delay for _, delay in world.queue.messages] == list(range(60))
    world.queue = InMemoryQueue()
    assert run(world).queued == 60
    world.queue = InMemoryQueue()
    assert run(world).queued == 29


def test_a_late_run_finishes_its_page_and_leaves_the_rest_to_the_next_one():
    """Every row that is marked as queued has its message: a killed run would leave some without."""
    world = World()
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(1, 251)))
    pages = iter([False, True, True, True])
    counts = run(world, is_late=lambda: next(pages))
    assert (counts.queued, len(world.queue.messages)) == (100, 100)
    assert (run(world).queued, len(world.queue.messages)) == (150, 250)


def test_a_slot_beyond_a_page_is_read_to_its_end():
    """Rows that are done already do not stand in the way of those behind them."""
    world = World()
    done = [row(number=number, slot=SLOT) for number in range(1, 240)]
    world.hold(*done, row(state="planned", number=999, slot=SLOT))
    assert run(world).queued == 1


def test_without_a_quota_nothing_is_queued():
    """The account's sending is paused: rows stay as they are, old claims are looked for all the same."""
    world = World()
    world.quotas.quota = Quota(0, -1, 0)
    world.now_ms = NOON + 25 * HOUR_MS
    world.hold(
        row(state="planned", slot=SLOT), row(state="claimed", number=2, slot=SLOT, claim="a", claimed_at_ms=NOON)
    )
    assert run(world) == Counts(slots=1, unknown=1)
    assert sorted(world.states()) == [("planned", ""), ("unknown", "")]


def test_a_message_that_may_be_lost_is_queued_again():
    """After 15 minutes, or at once where the row says that it has none; never twice for one moment."""
    world = World()
    lost = row(queued_at_ms=NOW - 15 * MINUTE_MS)
    recent = row(number=2, slot=SLOT, queued_at_ms=NOW - 15 * MINUTE_MS + 1)
    paused = row(number=3, slot=SLOT, queued_at_ms=0)
    world.hold(lost, recent, paused)
    assert run(world).requeued == 2
    assert sorted(queued(world)) == [("autumn", 1), ("autumn", 3)]
    assert run(world).requeued == 0


def test_what_could_not_be_put_on_the_queue_is_tried_a_minute_later():
    """The row says that it has no message."""
    world = World()
    world.hold(row(state="planned"), row(state="planned", number=2, slot=SLOT))
    world.queue.refuses = {SendKey(subject(2), "autumn")}
    assert (run(world).unqueued, queued(world)) == (1, [("autumn", 1)])
    world.queue.refuses = ()
    world.now_ms += MINUTE_MS
    assert (run(world).requeued, queued(world)) == (1, [("autumn", 1), ("autumn", 2)])


def test_two_dispatchers_at_once_queue_each_row_once():
    """The second finds the row moved; its moment is another."""
    world = World()
    world.hold(row(state="planned"), row(number=2, slot=SLOT, queued_at_ms=0))
    inner = []

    class Second(InMemoryQueue):
        def waiting(self):
            if not inner:
                inner.append(None)
                inner[0] = run(world, now_ms=NOW + 1)
            return super().waiting()

    world.queue = Second()
    outer = run(world)
    assert (inner[0].queued, inner[0].requeued, outer.queued, outer.requeued) == (1, 1, 0, 0)
    assert len(world.queue.messages) == 2


@pytest.mark.parametrize("state", ["planned", "queued"])
def test_a_write_that_the_sdk_repeated_is_ours(state):
    """The condition fails on our own write; the row is queued all the same."""
    world = World()
    world.hold(row(state=state, queued_at_ms=0))
    moved, amended = world.sends.move, world.sends.amend
    world.sends.move = lambda *given, **named: (moved(*given, **named), moved(*given, **named))[1]
    world.sends.amend = lambda *given, **named: (amended(*given, **named), amended(*given, **named))[1]
    counts = run(world)
    assert counts.queued + counts.requeued == len(world.queue.messages) == 1


def test_old_claims_become_unknown():
    """Younger ones and those of somebody else by now stay."""
    world = World()
    world.now_ms = NOON + DAY_MS
    world.hold(
        row(state="claimed", claim="a", claimed_at_ms=NOON),
        row(state="claimed", number=2, slot=SLOT, claim="b", claimed_at_ms=NOON + 1),
    )
    assert run(world).unknown == 1
    assert sorted(world.states()) == [("claimed", ""), ("unknown", "")]
    given_up = next(each for each in world.sends.rows.values() if each.state == "unknown")
    assert (given_up.slot, given_up.settled_at_ms) == ("", world.now_ms)


def test_a_claim_that_changed_hands_is_not_given_up():
    """It was read as old, and is another by now."""
    world = World()
    world.now_ms = NOON + DAY_MS
    old = row(state="claimed", claim="a", claimed_at_ms=NOON)
    world.hold(replace(old, claim="b", claimed_at_ms=world.now_ms))
    world.sends.get_many = lambda keys: dict.fromkeys(keys, old)
    assert run(world).unknown == 0


def test_a_campaign_that_says_so_sends_an_unknown_mail_again():
    """It keeps its slot until it is queued; another campaign's unknown mail has none."""
    world = World(campaign(resend="unknown"))
    world.now_ms = NOON + DAY_MS
    world.hold(row(state="claimed", claim="a", claimed_at_ms=NOON))
    assert run(world).unknown == 1
    world.now_ms += MINUTE_MS
    assert run(world).resent == 1
    assert (world.states(), queued(world)) == ([("queued", "")], [("autumn", 1)])


def test_a_campaign_that_ends_leaves_its_unknown_mails_alone():
    """What was to be sent again is not looked for any more."""
    world = World(campaign(resend="unknown"))
    world.hold(row(state="unknown"), row(state="claimed", number=2, slot=SLOT, claim="a", claimed_at_ms=NOON))
    world.now_ms = NOON + 3 * DAY_MS
    assert run(world).unknown == 1
    assert [each.slot for each in world.sends.rows.values()] == ["", ""]
    assert world.states() == [("unknown", ""), ("unknown", "")]


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
    assert run(world).skipped == 2
    assert sorted(world.states()) == [("claimed", ""), ("delivered", ""), ("skipped", reason), ("skipped", reason)]
    assert not world.queue.messages


def test_settling_goes_on_a_minute_later_where_it_is_too_much():
    """A run reads a bounded number of rows."""
    world = World(campaign(), status="cancelled")
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(MOST_ROWS + 5)))
    assert (run(world).skipped, run(world).skipped) == (MOST_ROWS, 5)


def test_a_paused_campaign_stands_still():
    """Nothing is queued, skipped or read but what may hold an old claim."""
    world = World(status="paused")
    world.hold(row(state="planned"), row(number=2, slot=SLOT, queued_at_ms=0))
    watch = Watch()
    run(world, watch.ports(world.dispatching(), "sends"))
    assert (watch.calls, world.queue.messages) == (0, [])
    world.now_ms = NOON + 25 * HOUR_MS
    world.hold(row(state="claimed", claim="a", claimed_at_ms=NOON), row(state="planned", number=2, slot=SLOT))
    assert run(world).unknown == 1


def test_watching_ends_at_a_page_of_planned_rows():
    """A paused campaign with a great many rows costs little."""
    world = World(status="paused")
    world.now_ms = NOON + 25 * HOUR_MS
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(350)))
    watch = Watch()
    run(world, watch.ports(world.dispatching(), "sends"))
    assert watch.names == ["due", "get_many"]


def test_of_many_slots_another_part_is_watched_every_minute():
    """All of them in turn."""
    world = World(campaign(end_ms=NOON + 9 * DAY_MS), status="paused")
    world.now_ms = NOON + 2 * DAY_MS
    slots = [slot_of(subject(1), NOON + minute * MINUTE_MS) for minute in range(2 * MOST_WATCHED + 1)]
    world.hold(*(row(state="planned", number=place, slot=slot) for place, slot in enumerate(slots)))
    seen = []
    due = world.sends.due
    world.sends.due = lambda slot, *given, **named: (seen.append(slot), due(slot, *given, **named))[1]
    for _ in range(3):
        run(world)
        assert len(seen) <= MOST_WATCHED * 3
        world.now_ms += MINUTE_MS
    assert set(seen) == set(slots)


def test_an_empty_slot_is_closed_when_it_is_seen_so_for_15_minutes():
    """The index lags: one look is not enough."""
    world = World()
    world.hold()
    world.campaigns.open_slot(SLOT, "autumn")
    assert run(world).closed == 0
    world.now_ms += CLOSE_AFTER_MS - 1
    assert run(world).closed == 0
    world.now_ms += 1
    assert run(world).closed == 1
    assert world.campaigns.open_slots() == []


def test_a_slot_that_shows_rows_again_counts_as_full():
    """The 15 minutes begin anew."""
    world = World()
    world.hold(row())
    world.campaigns.note_empty(OpenSlot(SLOT, "autumn"), NOON)
    run(world)
    assert world.campaigns.open_slots() == [OpenSlot(SLOT, "autumn")]


def test_no_slot_is_closed_while_rows_are_planned():
    """They may come later than 15 minutes after their slot was opened."""
    world = World(planning="planning")
    world.hold()
    world.campaigns.open_slot(SLOT, "autumn")
    for _ in range(3):
        run(world)
        world.now_ms += CLOSE_AFTER_MS
    assert world.campaigns.open_slots() == [OpenSlot(SLOT, "autumn")]


def test_a_slot_of_no_campaign_is_counted():
    """It is nobody's to close."""
    world = World()
    world.campaigns.open_slot(SLOT, "gone")
    assert run(world) == Counts(slots=1, orphans=1)


def test_a_dispatcher_that_dies_anywhere_loses_nobody():
    """The next ones queue everybody, if not at once then after 15 minutes."""
    whole = Watch()
    world = World()
    rows = [row(state="planned"), row(number=2, slot=SLOT, queued_at_ms=0), row(state="planned", number=3, slot=SLOT)]
    world.hold(*rows)
    names = ("sends", "campaigns", "queue", "quotas")
    run(world, whole.ports(world.dispatching(), *names))
    for number in range(1, whole.calls + 1):
        for when in ("before", "after"):
            world = World()
            world.hold(*rows)
            with pytest.raises(Crash):
                run(world, Watch(**{when: crash_at(number)}).ports(world.dispatching(), *names))
            world.now_ms += 16 * MINUTE_MS
            run(world)
            assert set(queued(world)) == {("autumn", 1), ("autumn", 2), ("autumn", 3)}


def test_the_counts_are_logged_by_name():
    """Every field of them."""
    assert Counts(queued=2).as_fields()["queued"] == 2
