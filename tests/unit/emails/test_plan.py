"""A chunk of a plan becomes rows once, wherever it is stopped."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from addressee.emails.plan import Chunk, Planned, PlanPorts, Recipient, plan_chunk
from addressee.emails.ports import SendKey
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.sends import InMemorySends
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, NOON, active_at, campaign, somebody, subject

CALLED = ("put_new", "open_slot", "get", "put_once")


class Stopped(Exception):
    """The process is gone."""


class Stopping:
    """Passes calls on; the one of number `at` stops the process before or after it does its work."""

    def __init__(self, ports, at, *, after):
        """Begin to count."""
        self.calls, self.at, self.after = 0, at, after
        self.ports = PlanPorts(*(Watched(each, self) for each in (ports.sends, ports.campaigns, ports.chunks)))


class Watched:
    """One store behind a `Stopping`."""

    def __init__(self, store, watch):
        """Wrap a store."""
        self._store, self._watch = store, watch

    def __getattr__(self, name):
        """Count a call, and stop there if it is its turn."""
        assert name in CALLED

        def call(*given):
            self._watch.calls += 1
            now = self._watch.calls == self._watch.at
            if now and not self._watch.after:
                raise Stopped
            answer = getattr(self._store, name)(*given)
            if now:
                raise Stopped
            return answer

        return call


def stores():
    """Make empty stores."""
    return PlanPorts(InMemorySends(), InMemoryCampaigns(), InMemoryChunks())


def held_out_half(**given):
    """Make a campaign that holds half of its audience out."""
    return campaign(holdout_share=0.5, holdout_salt="s", **given)


PEOPLE = [somebody(number, state=active_at(9 + number % 5)) for number in range(8)]


def test_everybody_in_the_audience_has_a_row_and_nobody_else():
    """Planned ones with slot and due time, held-out ones skipped; nobody without consent."""
    ports = stores()
    people = [*PEOPLE, somebody(99, granted=False)]
    planned = plan_chunk(held_out_half(), 0, people, ports, now_ms=NOON)
    rows = ports.sends.rows
    assert {key.subject for key in rows} == {each.subject for each in PEOPLE}
    kinds = Counter((row.state, row.reason) for row in rows.values())
    assert planned == Planned(8, kinds["skipped", "holdout"])
    assert 0 < planned.held_out < 8
    assert kinds["planned", ""] == 8 - planned.held_out
    for row in rows.values():
        assert row.planned_at_ms == NOON
        assert (row.slot != "", row.due_ms > NOON, row.settled_at_ms == 0) == (row.state == "planned",) * 3
        assert row.state == "skipped" or (row.slot, "autumn") in ports.campaigns.slots


def test_a_slot_says_the_minute_and_the_persons_shard():
    """UTC."""
    ports = stores()
    plan_chunk(campaign(), 0, [somebody(3, state=active_at(18))], ports, now_ms=NOON)
    (row,) = ports.sends.rows.values()
    assert row.due_ms == NOON + 6 * HOUR_MS
    assert row.slot == f"2024-10-04T18:00#{int(subject(3)[:8], 16) % 10}"


def test_whom_the_window_leaves_no_hour_is_skipped_with_the_reason():
    """The row says so; it opens no slot."""
    ports = stores()
    night = campaign(start_ms=NOON + 10 * HOUR_MS, end_ms=NOON + 12 * HOUR_MS)
    assert plan_chunk(night, 0, [somebody()], ports, now_ms=NOON) == Planned(1, 0)
    (row,) = ports.sends.rows.values()
    assert (row.state, row.reason, row.slot, row.settled_at_ms) == ("skipped", "no_hour", "", NOON)
    assert ports.campaigns.slots == {}


def test_whom_the_window_leaves_no_hour_is_in_neither_group():
    """Who cannot be mailed is sorted out before the draw: among those who can, a share is held out."""
    ports, zones = stores(), ("UTC", "Asia/Tokyo")
    night = held_out_half(start_ms=NOON + 10 * HOUR_MS, end_ms=NOON + 12 * HOUR_MS)
    people = [somebody(number, traits={"time_zone": zones[number % 2]}) for number in range(40)]
    plan_chunk(night, 0, people, ports, now_ms=NOON)
    reasons = [ports.sends.rows[SendKey(each.subject, "autumn")].reason for each in people]
    assert set(reasons[::2]) == {"no_hour"}
    assert set(reasons[1::2]) == {"", "holdout"}


def test_a_row_that_is_there_stays_as_it_is():
    """A repeat after the mail went out plans nothing anew."""
    ports = stores()
    plan_chunk(campaign(), 0, PEOPLE, ports, now_ms=NOON)
    key = SendKey(PEOPLE[0].subject, "autumn")
    ports.sends.rows[key] = sent = replace(ports.sends.rows[key], state="sent", slot="")
    again = plan_chunk(campaign(), 0, PEOPLE, ports, now_ms=NOON + DAY_MS)
    assert ports.sends.rows[key] == sent
    assert again == Planned(8, 0)


def test_the_list_is_fixed_by_the_first_try():
    """The second one does not read people again: consent given since, or another clock, plan no other rows."""
    ports = stores()
    first = Chunk(NOON, [Recipient(PEOPLE[0].subject, NOON + HOUR_MS)])
    ports.chunks.put_once("autumn", 0, first)

    def nobody():
        raise AssertionError("people are read again")
        yield

    assert plan_chunk(campaign(), 0, nobody(), ports, now_ms=NOON + DAY_MS) == Planned(1, 0)
    (row,) = ports.sends.rows.values()
    assert (row.due_ms, row.planned_at_ms) == (NOON + HOUR_MS, NOON)


def test_of_two_workers_the_first_list_counts():
    """The slower one writes the winner's rows."""
    ports = stores()
    winner = Chunk(NOON, [Recipient(PEOPLE[0].subject, NOON + HOUR_MS)])

    class Beaten(InMemoryChunks):
        def put_once(self, name, number, chunk):
            super().put_once(name, number, winner)
            return super().put_once(name, number, chunk)

    beaten = replace(ports, chunks=Beaten())
    assert plan_chunk(campaign(), 0, PEOPLE, beaten, now_ms=NOON) == Planned(1, 0)
    assert {key.subject for key in ports.sends.rows} == {PEOPLE[0].subject}


def test_a_slot_that_was_closed_while_rows_were_written_is_open_again():
    """The dispatcher saw it empty."""
    ports = stores()

    class Closing(InMemorySends):
        def put_new(self, send):
            ports.campaigns.slots.clear()
            return super().put_new(send)

    plan_chunk(campaign(), 0, PEOPLE, replace(ports, sends=Closing()), now_ms=NOON)
    assert ports.campaigns.slots


CALLS = 1 + 1 + 2 * 8 + 8
"""Of an undisturbed run: the list twice, every slot twice (all people differ in theirs), every row."""


def test_an_undisturbed_run_makes_the_calls_that_the_next_test_stops_at():
    """Otherwise it would pass by."""
    watch = Stopping(stores(), 0, after=False)
    plan_chunk(campaign(), 0, PEOPLE, watch.ports, now_ms=NOON)
    assert watch.calls == CALLS


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_whatever_call_it_is_stopped_at_a_repeat_completes_it(share, after):
    """Before or after each call; never a row without an open slot, and one row for each of the list in the end."""
    asked = campaign(holdout_share=share, holdout_salt="s")
    whole = stores()
    plan_chunk(asked, 0, PEOPLE, whole, now_ms=NOON)
    for at in range(1, CALLS + 1):
        ports = stores()
        watch = Stopping(ports, at, after=after)
        try:
            plan_chunk(asked, 0, PEOPLE, watch.ports, now_ms=NOON)
        except Stopped:
            assert {(row.slot, "autumn") for row in ports.sends.rows.values() if row.slot} <= set(ports.campaigns.slots)
            plan_chunk(asked, 0, PEOPLE, ports, now_ms=NOON)
        assert ports.sends.rows == whole.sends.rows
        assert ports.sends.writes == len(PEOPLE)
        assert ports.campaigns.slots == whole.campaigns.slots
        assert ports.chunks.stored == whole.chunks.stored


def test_writes_may_run_side_by_side():
    """In a pool: same rows, and what a thread raises is raised."""
    ports = stores()
    with ThreadPoolExecutor(4) as pool:
        plan_chunk(campaign(), 0, PEOPLE, replace(ports, spread=pool.map), now_ms=NOON)
        assert len(ports.sends.rows) == 8
        with pytest.raises(Stopped):
            plan_chunk(campaign(), 0, PEOPLE, replace(Stopping(ports, 9, after=False).ports, spread=pool.map), now_ms=1)
