"""Because of what: the product of the person's own that adds the most to a chosen one, by the model that ranked it."""

from collections.abc import Sequence

from addressee.decisions.champions import Champions
from addressee.decisions.decision import Product
from addressee.decisions.ladder import KINDS, Wish, history_of
from addressee.decisions.person import Person

TOGETHER = "bought_together_with"
"""The reason of a product that follows from another one."""


def with_causes(chosen: Sequence[Product], person: Person, champions: Champions, wish: Wish) -> tuple[Product, ...]:
    """Name the cause of each product that follows from another one.

    Asked of the chosen ones alone: each costs a look at the neighbours of the person's latest products.
    """
    asked, found = [each.item_id for each in chosen if each.reason == TOGETHER], dict[str, str]()
    for kind in KINDS[wish.use] if asked else ():
        if (model := champions.recommenders.get(kind)) is not None:
            found |= model.causes(asked, history_of(person, kind))
    return tuple(each._replace(because_of=found[each.item_id]) if each.item_id in found else each for each in chosen)
