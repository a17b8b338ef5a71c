"""One mail: its whole way, what is written for it in which order, and what is left by whoever dies on the way."""

from dataclasses import replace

import pytest

from addressee.emails.deliver import CampaignMissing, deliver
from addressee.emails.outcome import Outcome
from addressee.emails.ports import Mail, SendKey
from tests.fakes.watched import Crash, Watch, crash_at
from tests.unit.emails.campaigns import campaign, somebody, subject
from tests.unit.emails.sending import NOW, OURS, ROW, World

PORTS = ("sends", "campaigns", "people", "suppressions", "touches", "mailer")


def watched(ports, watch):
    """Put every port of a delivery under watch, those of the making too."""
    making = watch.ports(ports.making, "decisions", "catalogue", "champions", "renderer")
    return replace(watch.ports(ports, *PORTS), making=making)


def test_a_mail_goes_out_and_leaves_its_whole_trace():
    """Row, decision with the values of the mail, and the touch that other campaigns count."""
    world = World()
    assert world.deliver() == Outcome("sent", "message-1")
    (mail,) = world.mailer.mails
    assert mail == Mail("p1@example.com", b"p1@example.com: ['jam', 'tea']", {"send_id": OURS})
    row = world.sends.rows[ROW]
    assert (row.state, row.message_id, row.claim, row.slot) == ("sent", "message-1", "claim-1", "")
    assert (row.claimed_at_ms, row.sent_at_ms, row.settled_at_ms) == (NOW, NOW, NOW)
    assert world.decisions.values[ROW] == {row.content: mail.raw}
    assert world.decisions.rows[ROW].mail
    assert world.people.people[ROW.subject].touches == ((OURS, NOW),)


def test_a_mail_costs_two_writes_of_its_row_one_of_the_decision_and_one_of_the_touches():
    """Each write is charged."""
    world, watch = World(), Watch()
    world.deliver(ports=watched(world.delivery(), watch))
    assert [name for name in watch.names if name in {"move", "amend", "put_once", "keep_values", "note"}] == [
        *("put_once", "note", "move", "move")
    ]


def test_nothing_is_read_or_written_between_claim_and_call():
    """Whoever dies in between leaves the shortest possible doubt."""
    world, watch = World(), Watch()
    world.deliver(ports=watched(world.delivery(), watch))
    assert watch.names[-3:] == ["move", "send", "move"]


def test_a_message_that_comes_again_is_dropped():
    """Whatever the row has become, and where there is none."""
    world = World()
    world.deliver()
    assert world.deliver() == Outcome("dropped", "sent")
    assert world.deliver(SendKey(subject(7), "autumn")) == Outcome("dropped")
    assert len(world.mailer.mails) == 1


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"campaign": campaign(end_ms=NOW)}, "expired"),
        ({"status": "cancelled", "campaign": campaign(end_ms=NOW)}, "cancelled"),
    ],
)
def test_a_campaign_that_is_over_skips_its_mail(standing, reason):
    """The row is settled with the reason."""
    world = World()
    world.stand(**standing)
    assert world.deliver() == Outcome("skipped", reason)
    row = world.sends.rows[ROW]
    assert (row.state, row.reason, row.slot, row.settled_at_ms) == ("skipped", reason, "", NOW)


def test_a_paused_campaign_keeps_its_mail_for_later():
    """The message goes; the row stays queued and says that it has no message."""
    world = World()
    world.stand(status="paused")
    assert world.deliver() == Outcome("paused")
    row = world.sends.rows[ROW]
    assert (row.state, row.queued_at_ms, bool(row.slot)) == ("queued", 0, True)
    world.stand(status="running")
    assert world.deliver().what == "sent"


def test_a_campaign_that_does_not_exist_is_a_fault():
    """The message comes back, and ends among the dead letters."""
    world = World()
    world.campaigns.standings.clear()
    with pytest.raises(CampaignMissing):
        world.deliver()
    assert world.states() == [("queued", "")]


def test_nothing_is_claimed_when_time_is_short():
    """The message comes back: whoever is killed while waiting for an answer leaves a doubt for ever."""
    world = World()
    outcome = deliver(ROW, world.delivery(), now_ms=lambda: NOW, claim="a", claim_until_ms=NOW)
    assert outcome == Outcome("late", comes_back=True)
    assert (world.states(), world.mailer.mails) == ([("queued", "")], [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_dies_anywhere_sends_no_second_mail_and_loses_none(when):
    """Crash at every call in turn, then hand the message out again: one mail at most, and never none without a name.

    A crash is no fault: faults of models, of the claim and of SES are caught and looked into, whoever died looks into
    nothing. That is why `Crash` is no `Exception`: it ends the delivery wherever it strikes.
    """
    whole = Watch()
    world = World()
    world.deliver(ports=watched(world.delivery(), whole))
    claimed, accepted = whole.calls - 2, whole.calls - 1
    assert whole.names[claimed - 1 :] == ["move", "send", "move"]
    for number in range(1, whole.calls + 1):
        world = World()
        with pytest.raises(Crash):
            world.deliver(ports=watched(world.delivery(), Watch(**{when: crash_at(number)})))
        world.deliver()
        done = number if when == "after" else number - 1
        in_doubt = claimed <= done < whole.calls
        assert world.states() == [("claimed" if in_doubt else "sent", "")]
        assert len(world.mailer.mails) == (0 if claimed <= done < accepted else 1)
        assert world.deliver().what == "dropped"


def test_people_do_not_stand_in_each_others_way():
    """Nine people, nine mails."""
    world = World()
    world.hold(*(World.row(number=number) for number in range(1, 10)))
    assert {world.deliver(key).what for key in list(world.sends.rows)} == {"sent"}
    assert sorted(mail.to for mail in world.mailer.mails) == [somebody(number).address for number in range(1, 10)]
