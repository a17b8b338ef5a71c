"""One message: what is told of it and what is dropped; any order, copies and crashes end in the same.

What it does to its row is in `test_settle.py`, whom it suppresses in `test_suppress.py`.
"""

import json
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.events.event import Event
from addressee.events.read import read_message
from addressee.feedback.record import Recorded, StreamTookNothing
from addressee.profiles.fold import is_own_send
from tests.fakes.watched import Crash, Watch, crash_at
from tests.unit.feedback.mails import ADDRESS, NOW_MS, SENT_MS, SOFT, SUBJECT, World, engagement, ses_event

PORTS = ("suppressions", "sends", "recipients", "stream")
LIVES = [
    (["Send", "Delivery"], "delivered"),
    (["Send", "Delivery", "Complaint"], "complained"),
    (["Send", "Delivery", "Bounce"], "bounced"),
    (["Send", "Bounce"], "bounced"),
    (["Send", "Delivery", "Open", "Click"], "delivered"),
    (["Send", "Delivery", "Open", "Complaint"], "complained"),
    (["Send", "Reject"], "failed"),
]


def test_the_message_on_the_stream_is_read_as_its_event():
    """Under the user's id, with send, campaign, label and time; it is one of our own sends."""
    world = World()
    world.record(ses_event("Delivery"))
    world.record(engagement("click"))
    events = [read_message(data, received_at_ms=NOW_MS) for _, data in world.stream.records]
    assert all(isinstance(event, Event) for event in events)
    delivered, clicked = events
    assert {key for key, _ in world.stream.records} == {"u1"} == {event.user_id for event in events}
    assert (delivered.send_id, delivered.campaign, delivered.event_time_ms) == (
        f"{SUBJECT}.spring",
        "spring",
        SENT_MS + 1_000,
    )
    assert is_own_send(delivered, SUBJECT)
    assert (clicked.name, clicked.label, clicked.message_id) == ("Email Link Clicked", "human", "click-60000")


def test_a_mail_that_was_never_ours_is_counted_and_dropped():
    """Its bounce suppresses all the same: the address is as dead for us."""
    world = World()
    foreign = ses_event("Bounce", campaign="never")
    assert world.record(foreign) == Recorded("dropped", "bounced", "hard", "no_send", "hard_bounce")
    untagged = ses_event("Complaint")
    untagged["mail"]["tags"] = {}
    assert world.record(untagged).why == "untagged"
    assert (world.told(), world.suppressed()) == ([], "hard_bounce")


def test_without_a_person_the_row_is_settled_and_nothing_is_told():
    """Somebody who was erased has no user id any more."""
    world = World()
    world.recipients.people.clear()
    assert world.record(ses_event("Bounce", **SOFT)) == Recorded("dropped", "bounced", "soft", "no_person")
    assert (world.row().state, world.told(), dict(world.recipients.soft)) == ("bounced", [], {})


def test_a_person_without_an_address_is_told_of_all_the_same():
    """The event's own address is what counts."""
    world = World()
    world.recipients.people[SUBJECT] = world.recipients.people[SUBJECT]._replace(address="")
    assert world.record(ses_event("Bounce")).what == "recorded"
    assert len(world.suppressions.rows) == 1


def test_a_stream_that_takes_nothing_makes_the_message_come_again():
    """And then all is as if it had worked at once."""
    world = World()
    world.stream.is_down = True
    with pytest.raises(StreamTookNothing):
        world.record(ses_event("Delivery"))
    world.stream.is_down = False
    world.record(ses_event("Delivery"))
    assert (world.row().state, len(world.told())) == ("delivered", 1)


def test_garbage_is_refused_and_changes_nothing():
    """It has no consequence but its name."""
    world = World()
    assert world.record("garbage") == Recorded("refused", why="is no JSON object")
    assert world.record(ses_event("DeliveryDelay")) == Recorded("dropped", why="SES tries on")
    assert not world.stream.records


def happened(kind):
    """Let a mail arrive after a second, and the rest be a minute later."""
    return ses_event(kind, after_ms=1_000 if kind == "Delivery" else 60_000)


@pytest.mark.parametrize(("life", "state"), LIVES)
@pytest.mark.parametrize("before", ["claimed", "unknown", "sent"])
def test_any_order_of_a_mails_events_ends_in_the_tidy_state(life, state, before):
    """Delivery before Send, Bounce before Delivery, and each of them twice."""
    for order in permutations(life):
        world = World(before)
        for kind in [*order, *order]:
            world.record(happened(kind))
        assert world.row().state == state
        assert len({data for _, data in world.stream.records}) == len(life)


@given(st.sampled_from(LIVES), st.lists(st.integers(0, 30), max_size=12), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_copies_reorder_and_crashes_end_as_if_nothing_had_happened(life, crashes, seed):
    """Every message is given until it is done, some twice, in any order; the process dies at calls drawn at random."""
    kinds, state = life
    random, world = Random(seed), World("claimed")
    messages = [json.dumps(happened(kind)) for kind in random.choices(kinds, k=3) + kinds]
    random.shuffle(messages)

    def die(number, name):
        if number in crashes:
            raise Crash(name)

    ports = Watch(before=die, after=lambda number, name: die(number + 1, name)).ports(world.ports, *PORTS)
    while messages:
        try:
            world.record(messages[0], ports=ports)
        except Crash:
            continue
        messages.pop(0)
    tidy = World("claimed")
    for kind in kinds:
        tidy.record(happened(kind))
    assert world.row().state == tidy.row().state == state
    assert {data for _, data in world.stream.records} == {data for _, data in tidy.stream.records}
    assert world.suppressions.rows == tidy.suppressions.rows


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Delivery", "Click"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_call_is_mended_by_the_repeat(kind, when):
    """Crash once at every call in turn."""
    tidy = World()
    tidy.record(ses_event(kind, after_ms=60_000))
    number, crashed = 0, True
    while crashed:
        number += 1
        world = World()
        ports = Watch(**{when: crash_at(number)}).ports(world.ports, *PORTS)
        try:
            world.record(ses_event(kind, after_ms=60_000), ports=ports)
            crashed = False
        except Crash:
            world.record(ses_event(kind, after_ms=60_000))
        assert world.row() == tidy.row()
        assert set(world.stream.records) == set(tidy.stream.records)
        assert world.suppressed() == tidy.suppressed(ADDRESS)
    assert number > 3
