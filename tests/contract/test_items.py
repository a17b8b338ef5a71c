"""Every `ItemStore` replaces whole items and changes named fields of known ones."""

import pytest

from addressee.adapters.dynamo_items import DynamoItemStore
from addressee.profiles.items import Item, ItemChange
from tests.fakes.items import InMemoryItemStore


def whole(item_id, **values: object):
    """Make a whole item's change."""
    return ItemChange(item_id, {"title": "Milk", **values})


def some(item_id, **values: object):
    """Make a change of some fields."""
    return ItemChange(item_id, values, whole=False)


class ItemStoreContract:
    """What the store and its fake must both do."""

    def test_whole_items_are_read_back(self, store):
        """Write more items than a batch holds, read more than a batch holds."""
        store.put_many([whole(f"sku-{index}", price_minor_units=index) for index in range(130)])
        items = store.get_many([f"sku-{index}" for index in range(131)])
        assert len(items) == 130
        assert items["sku-129"] == Item("sku-129", "Milk", price_minor_units=129)

    def test_a_whole_item_replaces_what_was_there(self, store):
        """Forget what the new row does not name."""
        store.put_many([whole("a", image="https://x.example.com/a.png")])
        store.put_many([whole("a", brand="Oats")])
        assert store.get_many(["a"]) == {"a": Item("a", "Milk", brand="Oats")}

    def test_a_change_of_some_fields_leaves_the_others(self, store):
        """Set what has a value, remove what is None."""
        store.put_many([whole("a", brand="Oats", image="https://x.example.com/a.png")])
        assert store.put_many([some("a", in_stock=False, image=None)]) == frozenset()
        assert store.get_many(["a"]) == {"a": Item("a", "Milk", brand="Oats", in_stock=False)}

    def test_a_change_of_an_unknown_item_is_reported_and_not_written(self, store):
        """Return its id."""
        assert store.put_many([some("b", in_stock=False)]) == {"b"}
        assert store.get_many(["b"]) == {}

    def test_of_several_rows_for_one_item_the_later_wins(self, store):
        """Accept the same id twice in one call."""
        store.put_many([whole("a", brand="x"), whole("a", brand="y")])
        store.put_many([some("a", in_stock=False, brand="z"), some("a", in_stock=True)])
        assert store.get_many(["a", "a"]) == {"a": Item("a", "Milk", brand="z", in_stock=True)}


class TestInMemoryItemStore(ItemStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self):
        """Start empty."""
        return InMemoryItemStore()


class TestDynamoItemStore(ItemStoreContract):
    """The table, over the wire."""

    @pytest.fixture
    def store(self, items_table):
        """Start with an empty table."""
        return DynamoItemStore(items_table.name, items_table.dynamodb)
