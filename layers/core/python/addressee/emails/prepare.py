"""A mail made ready: what was decided, rendered, and its values kept, so that it can be replayed byte for byte."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from addressee.decisions.again import again
from addressee.decisions.campaign import DIVERSITY
from addressee.decisions.champions import Champions
from addressee.decisions.decide import decide
from addressee.decisions.decision import Decision
from addressee.decisions.ladder import Wish
from addressee.decisions.person import Person
from addressee.decisions.ports import Catalogue, ChampionSource, Unavailable
from addressee.emails.campaign import Standing
from addressee.emails.ports import DecisionRecords, Rendered, Renderer
from addressee.emails.send import Send

PRODUCTS = 3
"""The cards that a mail shows."""


@dataclass(frozen=True, slots=True)
class Making:
    """What a mail is made from. `repurchase_days` hold for campaigns that name none of their own.

    `on_model_fault` hears of a fresh decision that names models which failed in its `faults`.
    """

    decisions: DecisionRecords
    catalogue: Catalogue
    champions: ChampionSource
    renderer: Renderer
    repurchase_days: Mapping[str, int] = field(default_factory=dict)
    on_model_fault: Callable[[Decision], None] = lambda _: None
    diversity: float = DIVERSITY


def prepare(send: Send, person: Person, standing: Standing, making: Making, *, now_ms: int) -> Rendered:
    """Decide, render, and keep the values beside the decision before anybody may claim the mail.

    A fresh decision is stored, with its values in the same write, unless one that mails stands: that one is filtered
    again and rendered. Nobody looks first: nearly every mail is made once, and a look costs a read unit. Where no model
    can be had (`Unavailable`) the ladder goes on without. Every other fault flies, and nothing was promised yet. Raises
    `RenderFailed` where the mail cannot be made at all.
    """
    rules = standing.campaign.rules
    windows = rules.repurchase_days or making.repurchase_days
    rules = replace(rules, repurchase_days=windows, diversity=making.diversity)
    champions = _champions(making.champions)
    decided = decide(person, rules, making.catalogue, champions, Wish(k=PRODUCTS), now_ms=now_ms)
    fresh = replace(decided, slot_ms=send.due_ms)  # when its row is due, not what a caller would hear now
    if standing.campaign.timing == "at_once":
        fresh = replace(fresh, send_time="", send_propensity=1.0)
    rendered = making.renderer.render(send, person, standing, fresh, now_ms=now_ms)
    stored = making.decisions.put_once(fresh, content=rendered.content, values=rendered.values)
    if stored is fresh:
        if fresh.faults:
            making.on_model_fault(fresh)
        return rendered
    decision = again(stored, person, rules, making.catalogue, now_ms=now_ms)
    rendered = making.renderer.render(send, person, standing, decision, now_ms=now_ms)
    making.decisions.keep_values(send.subject, send.campaign, rendered.content, rendered.values)
    return rendered


def _champions(source: ChampionSource) -> Champions:
    try:
        return source.current()
    except Unavailable:
        return Champions()
