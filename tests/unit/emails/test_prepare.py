"""A mail made ready: which decision it shows, which models and windows hold, and what is kept of it."""

from dataclasses import replace

import pytest

from addressee.decisions.champions import Champions
from addressee.decisions.ports import Unavailable
from addressee.emails.outcome import Outcome
from addressee.profiles.hashing import item_hash
from addressee.profiles.state import State
from tests.fakes.decisions import Broken
from tests.unit.emails.campaigns import DAY_MS
from tests.unit.emails.sending import NOW, ROW, World, replaced


class NoChampions:
    """A source without models, and why."""

    def __init__(self, fault):
        """Raise this."""
        self.fault = fault

    def current(self):
        """Raise."""
        raise self.fault


def deliver_without_models(world, fault):
    """Deliver a mail while the source of champions raises."""
    ports = world.delivery()
    return world.deliver(ports=replace(ports, making=replace(ports.making, champions=NoChampions(fault))))


def test_without_models_the_mail_goes_out_further_down_the_ladder():
    """Models are worth a rung, not a mail."""
    world = World()
    assert deliver_without_models(world, Unavailable("models")).what == "sent"
    assert world.decisions.rows[ROW].rung == "editorial"


def test_a_model_that_fails_costs_a_rung_and_is_heard_of_once():
    """The mail goes out all the same; rendering it again blames nobody anew."""
    world = World()
    world.champions.champions = Champions({"buy_again": Broken()}, versions={"buy_again": "b1"})
    heard = []
    ports = world.delivery()
    ports = replace(ports, making=replace(ports.making, on_model_fault=heard.append))
    assert world.deliver(ports=ports).what == "sent"
    world.sends.rows[ROW] = World.row()
    world.know(touches=())
    world.deliver(ports=ports)
    assert [(each.faults, each.models) for each in heard] == [({"buy_again": "TimeoutError"}, {})]


def test_a_source_of_models_that_fails_otherwise_is_not_hidden():
    """Only `Unavailable` costs a rung; a bug is not taken for an outage, and the message comes back."""
    world = World()
    with pytest.raises(TypeError):
        deliver_without_models(world, TypeError("a bug"))
    assert world.states() == [("queued", "")]


def test_a_decision_that_was_given_out_before_stands():
    """It may lose products; the mail's values are kept beside it."""
    world = World()
    world.deliver()
    first = world.decisions.rows[ROW]
    world.sends.rows[ROW] = World.row()
    world.know(state=State(last_seen_ms=NOW, cart={}), touches=())
    world.champions.champions = replace(world.champions.champions, recommenders={})
    assert world.deliver().what == "sent"
    assert world.decisions.rows[ROW] is first
    assert world.mailer.mails[0] == world.mailer.mails[1]


def test_a_mail_rendered_otherwise_later_is_kept_beside_the_first():
    """Whichever of two attempts sent, what it sent is there."""
    world = World()
    world.deliver()
    world.sends.rows[ROW] = World.row()
    world.know(address="new@example.com")
    world.deliver()
    assert len(world.decisions.values[ROW]) == 2
    assert world.decisions.values[ROW][world.sends.rows[ROW].content] == world.mailer.mails[1].raw


def test_whoever_loses_the_race_for_the_decision_renders_the_winners():
    """And keeps the values of that."""
    world = World()
    ports = world.delivery()

    def beaten(own, fresh, **named):
        own(replace(fresh, products=fresh.products[:1]), content="other", values=b"other")
        return own(fresh, **named)

    making = replace(ports.making, decisions=replaced(world.decisions, put_once=beaten))
    assert world.deliver(ports=replace(ports, making=making)).what == "sent"
    assert world.mailer.mails[0].raw == b"p1@example.com: ['jam']"
    assert set(world.decisions.values[ROW]) == {"other", world.sends.rows[ROW].content}


def test_a_campaign_without_windows_of_its_own_has_the_installations():
    """What was bought yesterday is not shown again."""
    world = World()
    world.know(state=State(last_seen_ms=NOW, bought={item_hash("jam"): NOW // DAY_MS - 1}))
    ports = world.delivery()
    making = replace(ports.making, repurchase_days={"*": 30})
    world.deliver(ports=replace(ports, making=making))
    assert world.mailer.mails[0].raw == b"p1@example.com: ['milk', 'tea']"


def test_a_template_that_cannot_render_fails_the_row():
    """No mail, no claim, a named state."""
    world = World()
    world.renderer.broken.add("autumn")
    assert world.deliver() == Outcome("failed", "no title")
    assert world.states() == [("failed", "render")]
