"""`record_feedback`: what one message changes, in what order, and that a repeat changes nothing."""

import json
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.emails.states import REACHED
from addressee.events.event import Event
from addressee.events.read import read_message
from addressee.feedback.record import Recorded, StreamTookNothing
from addressee.feedback.settle import SETTLES
from addressee.feedback.soft_bounces import DAY_MS, entry, tally
from addressee.profiles.fold import is_own_send
from tests.fakes.watched import Crash, Watch, crash_at
from tests.unit.feedback.mails import ADDRESS, MAIL_ID, NOW_MS, SENT_MS, SUBJECT, World, engagement, ses_event

PORTS = ("suppressions", "sends", "recipients", "stream")
SOFT = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}


@pytest.mark.parametrize("before", ["claimed", "unknown", "sent"])
@pytest.mark.parametrize(
    ("kind", "after", "event"),
    [
        ("Send", "sent", "Email Sent"),
        ("Delivery", "delivered", "Email Delivered"),
        ("Bounce", "bounced", "Email Bounced"),
        ("Complaint", "complained", "Email Marked as Spam"),
        ("Reject", "failed", "Email Rejected"),
        ("Open", "delivered", "Email Opened"),
        ("Click", "delivered", "Email Link Clicked"),
    ],
)
def test_an_event_settles_its_row_and_goes_on_the_stream(before, kind, after, event):
    """From whatever the row said, `unknown` above all."""
    world = World(before)
    assert world.record(ses_event(kind, after_ms=60_000)).what == "recorded"
    row = world.row()
    assert (row.state, row.message_id, row.sent_at_ms) == (after, f"{MAIL_ID}-spring", SENT_MS)
    assert [name for name, _ in world.told()] == [event]
    assert row.settled_at_ms


@pytest.mark.parametrize("state", ["planned", "queued", "skipped", "failed", "bounced", "complained"])
def test_a_row_that_an_event_cannot_reach_stays(state):
    """The event still goes on the stream: what happened, happened."""
    world = World(state)
    before = world.row()
    world.record(ses_event("Delivery"))
    assert world.row() == before
    assert world.told() == [("Email Delivered", "")]


@pytest.mark.parametrize(
    ("kind", "calls"),
    [
        ("Send", ["get"]),
        ("Delivery", ["move"]),
        ("Bounce", ["move"]),
        ("Complaint", ["move"]),
        ("Reject", ["move"]),
        ("Open", ["get", "move"]),
    ],
)
def test_a_row_is_asked_for_once_by_what_mails_usually_have(kind, calls):
    """A delivery moves the row unread; a send is read first, for it is no news, and a refused move is dear."""
    world, watch = World(), Watch()
    assert world.record(ses_event(kind, after_ms=60_000), ports=watch.ports(world.ports, "sends")).what == "recorded"
    assert watch.names == calls


@pytest.mark.parametrize("kind", ["Send", "Delivery", "Bounce", "Complaint", "Reject", "Open", "Click"])
def test_an_event_of_a_row_that_does_not_exist_makes_none(kind):
    """Whether it is read or moved first."""
    world = World()
    world.sends.rows.clear()
    assert world.record(ses_event(kind)).why == "no_send"
    assert (world.sends.rows, world.told()) == ({}, [])


def test_a_send_that_is_news_moves_the_row():
    """Its owner died before it could say so."""
    world, watch = World("claimed"), Watch()
    world.record(ses_event("Send"), ports=watch.ports(world.ports, "sends"))
    assert (watch.names, world.row().state, world.row().settled_at_ms) == (["get", "move"], "sent", SENT_MS)


def test_every_settlement_is_a_move_of_the_contract():
    """`emails/states.py` says which exist."""
    assert all(leaving <= REACHED[to] for to, leaving in SETTLES.values())


def test_a_bounce_says_its_type_and_a_rejection_its_reason():
    """The row keeps what the report needs."""
    world = World()
    world.record(ses_event("Bounce", **SOFT))
    assert (world.row().bounce, world.told()) == ("Transient/MailboxFull", [("Email Bounced", "soft")])
    world = World()
    world.record(ses_event("Reject"))
    assert (world.row().state, world.row().reason) == ("failed", "rejected")


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


def test_a_click_seconds_after_the_delivery_is_a_machines():
    """The row says when the mail came; an open proves the arrival and does not move that time."""
    world = World()
    world.record(ses_event("Delivery", after_ms=30_000))
    assert world.record(engagement("click", after_ms=35_000)).label == "machine"
    assert world.record(engagement("click", after_ms=45_000)).label == "human"
    world = World("unknown")
    for _ in range(2):
        assert world.record(engagement("click", after_ms=45_000)).label == "human"
    assert (world.row().state, world.row().settled_at_ms) == ("delivered", SENT_MS - 50)


def test_where_the_row_knows_no_time_a_click_is_judged_without():
    """A row that says it never went out cannot say when the mail came."""
    world = World()
    row = world.row()
    world.sends.rows[SUBJECT, "spring"] = replace(row, claimed_at_ms=0, sent_at_ms=0, settled_at_ms=0)
    assert world.record(engagement("click", after_ms=0)).label == "human"


LIVES = [
    (["Send", "Delivery"], "delivered"),
    (["Send", "Delivery", "Complaint"], "complained"),
    (["Send", "Delivery", "Bounce"], "bounced"),
    (["Send", "Bounce"], "bounced"),
    (["Send", "Delivery", "Open", "Click"], "delivered"),
    (["Send", "Delivery", "Open", "Complaint"], "complained"),
    (["Send", "Reject"], "failed"),
]


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
