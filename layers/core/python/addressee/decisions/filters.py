"""The hard filters of products: for sale, not bought within the re-purchase window, not in the cart."""

from collections.abc import Callable

from addressee.decisions.campaign import Campaign
from addressee.decisions.person import Person
from addressee.profiles.hashing import item_hash
from addressee.profiles.items import Item
from addressee.profiles.state import DAY_MS


def showable(person: Person, campaign: Campaign, *, now_ms: int) -> Callable[[Item | None], bool]:
    """Make the test that every product of an answer passes; an item that the catalogue does not know fails.

    An item bought on day d with a window of w days is shown again from day d + w on.
    """
    cart, bought, today = person.state.cart_hashes(), person.state.bought, now_ms // DAY_MS

    def shows(item: Item | None) -> bool:
        if item is None or not item.for_sale(now_ms):
            return False
        key = item_hash(item.item_id)
        if key in cart:
            return False
        bought_on = bought.get(key)
        return bought_on is None or today - bought_on >= campaign.window_days(item.category, item.repurchase_days)

    return shows
