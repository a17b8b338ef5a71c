"""The simulation's Sends table keeps the contract of adapter and fake; a repeated release meets another's claim."""

from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest

from addressee.decisions.campaign import QuietHours
from addressee.emails.deliver import Outcome, deliver
from addressee.emails.ports import NotAccepted, SendKey
from addressee.emails.send import Send
from tests.contract.test_sends import SendStoreContract
from tests.simulation.ours import Addressee
from tests.simulation.stores import SendsTable
from tests.simulation.world import draw_world


class Hourly:
    """A scheduler whose clock moves on an hour whenever it is looked at: every index has caught up."""

    def __init__(self):
        """Begin at no time."""
        self._now_ms = 0

    @property
    def now_ms(self):
        """Tell the time."""
        self._now_ms += 3_600_000
        return self._now_ms

    def random(self):
        """Draw nothing unusual."""
        return 0.5


class TestSendsTable(SendStoreContract):
    """The simulated Sends table."""

    @pytest.fixture
    def store(self):
        """Build an empty one."""
        return SendsTable(Hourly())


def test_a_release_that_the_sdk_repeats_leaves_another_claim_alone():
    """Three rare faults in one order, which no seed of the 500 draws: throttled, claimed by another, released again."""
    worlds = map(draw_world, count())
    ours = Addressee(next(world for world in worlds if world.campaigns[0].rules.quiet_hours == QuietHours()))
    who = next(each for each in ours.world.crowd.everybody if each.condition == "plain")
    key = SendKey(who.subject, ours.world.campaigns[0].campaign_id)
    ours.world.gate.most = 0
    ours.begin()
    ours.sends.put_new(Send(*key, "queued", queued_at_ms=1))

    def move(of, to, **given):
        moved = ours.sends.move(of, to, **given)
        if to == "queued":
            assert ours.sends.move(of, "claimed", leaving=frozenset({"queued"}), claim="another").won
            return ours.sends.move(of, to, **given)
        return moved

    ports = replace(
        ours.delivery,
        sends=SimpleNamespace(get=ours.sends.get, move=move, amend=ours.sends.amend),
        mailer=SimpleNamespace(send=lambda _mail: NotAccepted("throttled")),
    )
    outcome = deliver(key, ports, now_ms=ours.world.scheduler.clock, claim="own")
    assert outcome == Outcome("throttled", "throttled", comes_back=True)
    assert (ours.sends.rows[key].state, ours.sends.rows[key].claim) == ("claimed", "another")
