"""The products of an answer: the ladder's, after the hard filters."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from addressee.decisions.decision import Product, Rung
from addressee.decisions.diverse import diverse
from addressee.decisions.ladder import MAX_CANDIDATES, Pick
from addressee.decisions.ports import Catalogue, Unavailable
from addressee.profiles.items import Item

FIRST_READ = 24


class Choice(NamedTuple):
    """The products of an answer and the rung on which the first of them stands."""

    products: tuple[Product, ...]
    rung: Rung


def choose_products(
    picks: Iterator[Pick], catalogue: Catalogue, shows: Callable[[Item | None], bool], *, k: int, diversity: float = 0.0
) -> Choice:
    """Choose `k` of the ladder's first products that pass the hard filters, propensity 1: nothing is drawn.

    Without a catalogue nothing can be shown to be for sale: no products, rung `editorial`.
    """
    try:
        chosen = diverse(_shown(picks, catalogue, shows, k), k, weight=diversity)
    except Unavailable:
        chosen = []
    products = tuple(Product(each.item_id, each.reason, 1.0, round(each.confidence, 4)) for each in chosen)
    return Choice(products, chosen[0].rung if chosen else "editorial")


def _shown(
    picks: Iterator[Pick], catalogue: Catalogue, shows: Callable[[Item | None], bool], k: int
) -> list[tuple[Pick, str]]:
    """Return products that pass, with their categories: `k`, or more where they were read anyway.

    Twice as many as are wanted are read first, since each one read costs and most pass; more where too few passed.
    """
    shown: list[tuple[Pick, str]] = []
    count = max(min(2 * k, FIRST_READ), k)
    while len(shown) < k and (part := list(islice(picks, count))):
        items = catalogue.get_many([pick.item_id for pick in part])
        shown.extend((pick, items[pick.item_id].category) for pick in part if shows(items.get(pick.item_id)))
        count = FIRST_READ if count < FIRST_READ else MAX_CANDIDATES
    return shown
