"""What became of a person between plan and mail: who gets it no more, whose is put off, and what is never a skip."""

from dataclasses import replace

import pytest

from addressee.decisions.campaign import Campaign
from addressee.emails.outcome import Outcome
from addressee.emails.ports import OpenSlot
from addressee.emails.recheck import ConsentUnknown, quiet_until
from addressee.emails.send import slot_of
from addressee.profiles.consent import TOPIC
from addressee.profiles.state import State
from addressee.profiles.subject import address_hash
from tests.fakes.decisions import Broken
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, NOON, campaign, somebody, subject
from tests.unit.emails.sending import KEY, NOW, ROW, World


class Always:
    """Quiet hours without an end."""

    def covers(self, hour):
        """Cover every hour."""
        return hour >= 0


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"granted": False}, "consent"),
        ({"state": State(unsubscribed_ms=2)}, "consent"),
        ({"address": ""}, "no_address"),
        ({"withdrawn": frozenset({TOPIC + "offers"})}, "topic"),
        ({"paused_until_ms": NOW + 1}, "paused_by_person"),
        ({"state": State(bounced_ms=2)}, "bounced"),
        ({"state": State(complained_ms=2)}, "complained"),
        ({"touches": (("x.other", NOW - 1),)}, "cap"),
        ({"touches": tuple((f"x.{days}", NOW - days * DAY_MS) for days in (2, 3, 4))}, "cap"),
    ],
)
def test_what_became_of_the_person_since_stops_the_mail(person, reason):
    """Each with the word of the design; nothing is decided or sent."""
    world = World(campaign(rules={"topic": "offers"}))
    world.know(**person)
    assert world.deliver() == Outcome("skipped", reason)
    assert not world.mailer.mails
    assert not world.decisions.rows


def test_a_mail_whose_turn_comes_in_quiet_hours_is_put_off_until_they_end():
    """On the person's clock; its new slot is open, and it goes out there."""
    world = World()
    world.now_ms = NOON + 10 * HOUR_MS
    world.know(traits={"time_zone": "Asia/Kolkata"})
    assert world.deliver() == Outcome("put_off")
    row = world.sends.rows[ROW]
    eight_ms = NOON + 14 * HOUR_MS + HOUR_MS // 2
    assert (row.state, row.due_ms, row.queued_at_ms) == ("planned", eight_ms, 0)
    assert row.slot == slot_of(ROW.subject, eight_ms)
    assert world.campaigns.open_slots() == [OpenSlot(row.slot, "autumn")]
    assert world.deliver().what == "dropped"
    world.now_ms = eight_ms
    world.dispatch()
    assert world.deliver().what == "sent"


def test_a_mail_that_could_only_go_out_in_quiet_hours_expires():
    """The window ends before they do; hours that are quiet around the clock hold nothing up."""
    world = World(campaign(end_ms=NOON + 19 * HOUR_MS))
    world.now_ms = NOON + 10 * HOUR_MS
    assert world.deliver() == Outcome("skipped", "expired")
    assert quiet_until(somebody(), Campaign("x", quiet_hours=Always()), now_ms=NOW) is None


def test_a_suppressed_address_gets_nothing():
    """By whatever way it came onto the list."""
    world = World()
    world.suppressions.suppress(address_hash("p1@example.com", key=KEY), reason="complaint", at_ms=1)
    assert world.deliver() == Outcome("skipped", "suppressed")


def test_somebody_who_was_merged_away_gets_no_mail_of_that_row():
    """Who answers for it has a row of their own."""
    world = World()
    world.people.pointers[subject(1)] = subject(2)
    assert world.deliver() == Outcome("skipped", "merged")


@pytest.mark.parametrize("port", ["people", "suppressions", "campaigns", "touches"])
def test_what_cannot_be_read_is_never_a_skip(port):
    """The message comes back."""
    world = World()
    with pytest.raises(TimeoutError):
        world.deliver(ports=replace(world.delivery(), **{port: Broken()}))
    assert world.states() == [("queued", "")]


def test_unknown_consent_is_never_a_skip():
    """Nor is it a yes."""
    world = World()
    world.know(granted=None)
    with pytest.raises(ConsentUnknown):
        world.deliver()
    assert world.states() == [("queued", "")]
