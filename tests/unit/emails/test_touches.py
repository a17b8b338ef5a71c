"""The touch of a mail, which other campaigns' caps count: noted before the claim, seldom, and against others."""

from dataclasses import replace

import pytest

from addressee.emails.deliver import TouchesStayContended, recent
from addressee.emails.outcome import Outcome
from addressee.emails.ports import NotAccepted, SendKey
from tests.fakes.mailer import InMemoryMailer
from tests.unit.emails.campaigns import DAY_MS, campaign, subject
from tests.unit.emails.sending import NOW, OURS, ROW, World, replaced


def test_two_campaigns_at_the_same_moment_cannot_both_pass_a_cap():
    """The one whose touch comes second reads the person again, and sees the first."""
    world = World(campaign("autumn"), campaign("winter"))
    other = SendKey(subject(1), "winter")
    outcomes = []

    def first_the_other(own, *given, **named):
        if not outcomes:
            outcomes.append(None)
            outcomes[0] = world.deliver(other)
        return own(*given, **named)

    ports = world.delivery()
    outcomes_of_ours = world.deliver(ports=replace(ports, touches=replaced(ports.touches, note=first_the_other)))
    assert (outcomes[0].what, outcomes_of_ours) == ("sent", Outcome("skipped", "cap"))
    assert len(world.mailer.mails) == 1


def test_a_person_whose_touches_never_hold_still_is_tried_again_later():
    """The message comes back; nothing was claimed."""
    world = World()
    ports = world.delivery()
    with pytest.raises(TouchesStayContended):
        world.deliver(ports=replace(ports, touches=replaced(ports.touches, note=lambda *_, **__: False)))
    assert world.states() == [("queued", "")]


def test_a_touch_of_this_moment_is_not_written_again():
    """A mail that was throttled writes it once a minute at most; an older one is renewed."""
    world = World()
    world.mailer = InMemoryMailer([NotAccepted("slow down"), NotAccepted("slow down")])
    world.deliver()
    world.now_ms += 30_000
    world.deliver()
    assert world.people.people[ROW.subject].touches_version == 1
    world.now_ms += 60_000
    world.deliver()
    person = world.people.people[ROW.subject]
    assert (person.touches, person.touches_version) == (((OURS, NOW + 90_000),), 2)


def test_touches_of_a_week_are_kept():
    """One's own last and once, the others in their order."""
    touches = (("a", NOW - 7 * DAY_MS), ("b", NOW - 7 * DAY_MS + 1), ("me", NOW - 5), ("c", NOW + 9))
    assert recent(touches, "me", NOW) == [("b", NOW - 7 * DAY_MS + 1), ("c", NOW + 9), ("me", NOW)]
