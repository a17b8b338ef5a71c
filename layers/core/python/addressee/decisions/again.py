"""A repeated answer: what was decided stands, and the hard filters run again on it."""

from dataclasses import replace

from addressee.decisions.campaign import Campaign
from addressee.decisions.decision import Decision
from addressee.decisions.eligibility import hard_refusal
from addressee.decisions.filters import showable
from addressee.decisions.person import Person
from addressee.decisions.ports import Catalogue, Unavailable


def again(stored: Decision, person: Person, campaign: Campaign, catalogue: Catalogue, *, now_ms: int) -> Decision:
    """Answer with a stored decision: it may lose products or its mail, it never gains any.

    Arm, template, slot and order stay. One read of at most 12 items; where the catalogue cannot be had, or nothing is
    left, there are no products and the rung is `editorial`.
    """
    reason = hard_refusal(person, campaign, now_ms=now_ms)
    try:
        items = catalogue.get_many([product.item_id for product in stored.products]) if stored.products else {}
    except Unavailable:
        items = {}
    shows = showable(person, campaign, now_ms=now_ms)
    products = tuple(product for product in stored.products if shows(items.get(product.item_id)))
    return replace(
        stored,
        mail=stored.mail and reason is None,
        reason=stored.reason if reason is None else reason,
        products=products,
        rung=stored.rung if products else "editorial",
    )
