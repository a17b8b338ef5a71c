"""What an event does to its mail's row: which state, which time, how often it is looked at; and clicks judged by it."""

from dataclasses import replace

import pytest

from addressee.emails.states import REACHED
from addressee.feedback.settle import SETTLES
from tests.fakes.sends import InMemorySends
from tests.fakes.watched import Watch
from tests.unit.feedback.mails import MAIL_ID, SENT_MS, SOFT, SUBJECT, World, engagement, ses_event


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


def test_a_late_read_that_does_not_show_the_claim_is_no_answer():
    """SES was faster than the table's replicas: the row is read again, as it is."""
    world, now = World("claimed"), InMemorySends.get

    def late(key, *, consistent=True):
        row = now(world.sends, key)
        return row if consistent else replace(row, state="queued")

    world.sends.get = late
    assert world.record(ses_event("Send")).what == "recorded"
    assert world.row().state == "sent"


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
