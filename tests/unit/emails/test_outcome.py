"""Claim and answer: whose row it is, what SES's answer makes of it, and what is left where there was none."""

from dataclasses import replace

import pytest

from addressee.emails.outcome import Outcome
from addressee.emails.ports import NotAccepted, Rejected
from tests.fakes.mailer import InMemoryMailer
from tests.unit.emails.sending import NOW, ROW, World, replaced


def test_somebody_elses_claim_stands():
    """The message is dropped, whether the row was claimed before or between reading and claiming."""
    world = World()
    ports = world.delivery()

    def claimed_first(own, key, to, **named):
        if named.get("claim") == "claim-1":
            own(key, to, **{**named, "claim": "other"})
        return own(key, to, **named)

    ports = replace(ports, sends=replaced(world.sends, move=claimed_first))
    assert world.deliver(ports=ports) == Outcome("dropped", "claimed by another")
    assert (world.sends.rows[ROW].claim, world.mailer.mails) == ("other", [])


def test_a_claim_whose_answer_was_lost_is_ours_all_the_same():
    """One read tells; so does a repeat by the SDK, whose condition fails on our own write."""
    for repeat in (False, True):
        world = World()

        def lossy(own, key, to, *, repeat=repeat, **named):
            moved = own(key, to, **named)
            if to != "claimed":
                return moved
            if repeat:
                return own(key, to, **named)
            raise TimeoutError

        ports = replace(world.delivery(), sends=replaced(world.sends, move=lossy))
        assert world.deliver(ports=ports).what == "sent"
        assert len(world.mailer.mails) == 1


def test_a_claim_that_failed_comes_back():
    """Nothing was written: the message is not done."""
    world = World()

    def fail(own, key, to, **named):
        if to == "claimed":
            raise TimeoutError
        return own(key, to, **named)

    with pytest.raises(TimeoutError):
        world.deliver(ports=replace(world.delivery(), sends=replaced(world.sends, move=fail)))
    assert world.states() == [("queued", "")]


def test_a_mail_that_was_not_accepted_is_queued_again():
    """The message comes back, and the next attempt has a claim of its own."""
    world = World()
    world.mailer = InMemoryMailer([NotAccepted("TooManyRequestsException")])
    assert world.deliver() == Outcome("throttled", "TooManyRequestsException", comes_back=True)
    row = world.sends.rows[ROW]
    assert (row.state, row.queued_at_ms, bool(row.slot)) == ("queued", NOW, True)
    assert world.deliver().what == "sent"
    assert (len(world.mailer.mails), world.sends.rows[ROW].claim) == (1, "claim-2")


def test_a_mail_that_was_rejected_has_failed():
    """For good."""
    world = World()
    world.mailer = InMemoryMailer([Rejected("MessageRejected")])
    assert world.deliver() == Outcome("rejected", "MessageRejected")
    assert world.states() == [("failed", "rejected")]


def test_a_mail_without_an_answer_stays_claimed():
    """It may have gone out: nobody sends it again, and the message is done."""
    world = World()
    world.mailer = InMemoryMailer([TimeoutError()])
    assert world.deliver() == Outcome("unanswered", "TimeoutError")
    assert world.states() == [("claimed", "")]
    assert world.deliver() == Outcome("dropped", "claimed")
    assert len(world.mailer.mails) == 1


@pytest.mark.parametrize("state", ["delivered", "bounced", "complained"])
def test_an_event_that_was_faster_than_its_answer_is_completed(state):
    """The state stays; what the event could not know is added."""
    world = World()

    def send(own, mail):
        answer = own(mail)
        world.sends.move(ROW, state, leaving=frozenset({"claimed"}))
        return answer

    assert world.deliver(ports=replace(world.delivery(), mailer=replaced(world.mailer, send=send))).what == "sent"
    row = world.sends.rows[ROW]
    assert (row.state, row.message_id, row.sent_at_ms) == (state, "message-1", NOW)


def test_a_late_answer_changes_nothing_of_somebody_elses_row():
    """A row that was given up and claimed anew belongs to the new claim."""
    world = World()

    def send(own, mail):
        answer = own(mail)
        world.sends.rows[ROW] = World.row(state="claimed", claim="newer")
        return answer

    world.deliver(ports=replace(world.delivery(), mailer=replaced(world.mailer, send=send)))
    row = world.sends.rows[ROW]
    assert (row.state, row.claim, row.message_id) == ("claimed", "newer", "")


@pytest.mark.parametrize("answer", [None, NotAccepted("x"), Rejected("x")])
def test_an_answer_is_written_down_three_times_before_it_is_given_up(answer):
    """The claim stays, as if there had been none."""
    world = World()
    world.mailer = InMemoryMailer([answer])
    tries = []

    def fail(own, key, to, **named):
        if to == "claimed":
            return own(key, to, **named)
        tries.append(to)
        raise TimeoutError

    outcome = world.deliver(ports=replace(world.delivery(), sends=replaced(world.sends, move=fail)))
    assert (outcome.what, len(tries), world.states()) == ("unrecorded", 3, [("claimed", "")])
    assert not outcome.comes_back
