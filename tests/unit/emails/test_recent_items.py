"""Items that many mails show are read once."""

from addressee.emails.recent_items import RecentItems
from tests.unit.decisions.people import Shop


def test_what_was_read_is_remembered_for_a_while():
    """What does not exist too; after the time it is read again."""
    now, shop = [0.0], Shop(missing=("gone",))
    items = RecentItems(shop, seconds=30, clock=lambda: now[0])
    assert set(items.get_many(["milk", "gone"])) == {"milk"}
    assert set(items.get_many(["gone", "milk", "jam"])) == {"milk", "jam"}
    assert items.get_many([]) == {}
    assert shop.reads == [2, 1]
    now[0] = 30.0
    items.get_many(["milk"])
    assert shop.reads == [2, 1, 1]
