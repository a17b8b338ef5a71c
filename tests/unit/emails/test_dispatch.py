"""Every minute: who is queued, how fast and once, and what is left by a run that dies on the way."""

import pytest

from addressee.emails.dispatch import Counts
from addressee.emails.ports import Quota, SendKey
from addressee.emails.send import slot_of
from tests.fakes.queue import InMemoryQueue
from tests.fakes.watched import Crash, Watch, crash_at
from tests.unit.emails.campaigns import HOUR_MS, MINUTE_MS, NOON, subject
from tests.unit.emails.sending import NOW, SLOT, World

row = World.row


def test_due_rows_are_queued_and_say_so_first():
    """The row is written before the message: a message without a queued row would be dropped."""
    world = World()
    world.hold(row(state="planned"))
    watch = Watch()
    counts = world.dispatch(watch.ports(world.dispatching(), "sends", "queue"))
    assert watch.names == ["waiting", "due", "get_many", "move", "put"]
    assert counts == Counts(slots=1, budget=600, queued=1)
    assert world.queue.messages == [(SendKey(subject(1), "autumn"), 0)]
    (stored,) = world.sends.rows.values()
    assert (stored.state, stored.queued_at_ms, stored.slot) == ("queued", NOW, SLOT)


def test_what_is_not_due_waits():
    """The minute of the slot has to have begun; the quota is not even read."""
    world = World()
    world.hold(row(state="planned", slot=slot_of(subject(1), NOW + MINUTE_MS)))
    assert (world.dispatch().queued, world.quotas.reads) == (0, 0)
    world.now_ms += MINUTE_MS
    assert world.dispatch().queued == 1


def test_mails_leave_at_the_quotas_rate_oldest_slots_first():
    """Ten a second: the message's place in the minute is its delay; those that wait already are before them."""
    world = World()
    world.queue.messages = [(SendKey("x", "y"), 0)] * 5
    older = [row(state="planned", number=number, slot=slot_of(subject(1), NOON - 1)) for number in range(1, 8)]
    newer = [row(state="planned", number=number, slot=SLOT) for number in range(11, 24)]
    world.hold(*newer, *older)
    assert world.dispatch().queued == 20
    new = world.queue.messages[5:]
    assert {int(key.subject[8:], 16) for key, _ in new[:7]} == set(range(1, 8))
    assert [delay for _, delay in new] == [0] * 5 + [1] * 10 + [2] * 5


def test_a_run_stops_when_the_minute_is_full():
    """What is left is queued a minute later, when the queue has room again."""
    world = World()
    world.quotas.quota = Quota(1, -1, 0)
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(1, 150)))
    assert (world.dispatch().queued, world.dispatch().queued, len(world.queue.messages)) == (60, 0, 60)
    assert [delay for _, delay in world.queue.messages] == list(range(60))
    world.queue = InMemoryQueue()
    assert world.dispatch().queued == 60
    world.queue = InMemoryQueue()
    assert world.dispatch().queued == 29


def test_a_late_run_finishes_its_page_and_leaves_the_rest_to_the_next_one():
    """Every row that is marked as queued has its message: a killed run would leave some without."""
    world = World()
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(1, 251)))
    pages = iter([False, True, True, True])
    counts = world.dispatch(is_late=lambda: next(pages))
    assert (counts.queued, len(world.queue.messages)) == (100, 100)
    assert (world.dispatch().queued, len(world.queue.messages)) == (150, 250)


def test_a_slot_beyond_a_page_is_read_to_its_end():
    """Rows that are done already do not stand in the way of those behind them."""
    world = World()
    done = [row(number=number, slot=SLOT) for number in range(1, 240)]
    world.hold(*done, row(state="planned", number=999, slot=SLOT))
    assert world.dispatch().queued == 1


def test_without_a_quota_nothing_is_queued():
    """The account's sending is paused: rows stay as they are, old claims are looked for all the same."""
    world = World()
    world.quotas.quota = Quota(0, -1, 0)
    world.now_ms = NOON + 25 * HOUR_MS
    world.hold(
        row(state="planned", slot=SLOT), row(state="claimed", number=2, slot=SLOT, claim="a", claimed_at_ms=NOON)
    )
    assert world.dispatch() == Counts(slots=1, unknown=1)
    assert sorted(world.states()) == [("planned", ""), ("unknown", "")]


def test_a_message_that_may_be_lost_is_queued_again():
    """After 15 minutes, or at once where the row says that it has none; never twice for one moment."""
    world = World()
    lost = row(queued_at_ms=NOW - 15 * MINUTE_MS)
    recent = row(number=2, slot=SLOT, queued_at_ms=NOW - 15 * MINUTE_MS + 1)
    paused = row(number=3, slot=SLOT, queued_at_ms=0)
    world.hold(lost, recent, paused)
    assert world.dispatch().requeued == 2
    assert sorted(world.queued()) == [("autumn", 1), ("autumn", 3)]
    assert world.dispatch().requeued == 0


def test_what_could_not_be_put_on_the_queue_is_tried_a_minute_later():
    """The row says that it has no message."""
    world = World()
    world.hold(row(state="planned"), row(state="planned", number=2, slot=SLOT))
    world.queue.refuses = {SendKey(subject(2), "autumn")}
    assert (world.dispatch().unqueued, world.queued()) == (1, [("autumn", 1)])
    world.queue.refuses = ()
    world.now_ms += MINUTE_MS
    assert (world.dispatch().requeued, world.queued()) == (1, [("autumn", 1), ("autumn", 2)])


def test_two_dispatchers_at_once_queue_each_row_once():
    """The second finds the row moved; its moment is another."""
    world = World()
    world.hold(row(state="planned"), row(number=2, slot=SLOT, queued_at_ms=0))
    inner = []

    class Second(InMemoryQueue):
        def waiting(self):
            if not inner:
                inner.append(None)
                inner[0] = world.dispatch(now_ms=NOW + 1)
            return super().waiting()

    world.queue = Second()
    outer = world.dispatch()
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
    counts = world.dispatch()
    assert counts.queued + counts.requeued == len(world.queue.messages) == 1


def test_a_dispatcher_that_dies_anywhere_loses_nobody():
    """The next ones queue everybody, if not at once then after 15 minutes."""
    whole = Watch()
    world = World()
    rows = [row(state="planned"), row(number=2, slot=SLOT, queued_at_ms=0), row(state="planned", number=3, slot=SLOT)]
    world.hold(*rows)
    names = ("sends", "campaigns", "queue", "quotas")
    world.dispatch(whole.ports(world.dispatching(), *names))
    for number in range(1, whole.calls + 1):
        for when in ("before", "after"):
            world = World()
            world.hold(*rows)
            with pytest.raises(Crash):
                world.dispatch(Watch(**{when: crash_at(number)}).ports(world.dispatching(), *names))
            world.now_ms += 16 * MINUTE_MS
            world.dispatch()
            assert set(world.queued()) == {("autumn", 1), ("autumn", 2), ("autumn", 3)}


def test_the_counts_are_logged_by_name():
    """Every field of them."""
    assert Counts(queued=2).as_fields()["queued"] == 2
