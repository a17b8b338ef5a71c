"""The catalogue in `Items`: words of what was bought, new things beside it; and what people declared."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from addressee.models.catalogue import TEXT_CHARACTERS, chosen_items, item_text
from addressee.models.declared import read_declared
from addressee.models.declared_features import DeclaredFeatures
from addressee.models.item_sections import count_buyers, known_rows
from addressee.models.purchases import load_items, load_orders
from addressee.models.sends import Zone
from addressee.models.tables import Interactions
from addressee.profiles.items import Item
from addressee.profiles.traits import Stamp, TraitChange
from tests.fakes.lake import DAY_MS, lake_of, order

END_MS = 20_000 * DAY_MS
ANN = "a" * 32


def items(catalogue, *orders):
    """Return the items of orders and a catalogue."""
    with lake_of(orders) as lake:
        load_orders(lake, end_ms=END_MS)
        return load_items(lake, catalogue, end_ms=END_MS)


def test_bought_and_unbought_items_stand_together_sorted_by_id():
    """The order's category counts before the catalogue's; what the catalogue does not know has no words."""
    catalogue = [Item("milk", "Oat milk", "dairy", 250), Item("apple", "Apple", "fruit", 40, brand="Example")]
    found = items(catalogue, order(ANN, 19_990, "milk"), order(ANN, 19_991, "bread"))
    assert found.ids == ("apple", "bread", "milk")
    assert found.categories == ("fruit", "category of bread", "category of milk")
    assert found.texts == ("Apple\nfruit\nExample", "", "Oat milk\ndairy")
    assert found.prices_minor_units == (40, 0, 250)


def test_without_a_catalogue_there_are_no_words():
    """Empty columns say so; the items are those of the orders."""
    found = items([], order(ANN, 19_990, "milk"))
    assert (found.ids, found.texts, found.prices_minor_units) == (("milk",), (), ())
    assert items([]).ids == ()


def test_what_is_not_for_sale_stays_out_unless_somebody_bought_it():
    """At the end of the tables' day: out of stock, not yet, no longer."""
    catalogue = [
        Item("out", in_stock=False),
        Item("soon", valid_from_ms=END_MS),
        Item("since", valid_from_ms=END_MS - 1),
        Item("over", valid_until_ms=END_MS - 1),
        Item("milk", "Oat milk", in_stock=False),
    ]
    assert items(catalogue, order(ANN, 19_990, "milk")).ids == ("milk", "since")


@given(st.permutations(range(12)), st.integers(0, 14))
def test_the_newest_stay_whatever_the_order_of_the_catalogue(places, most):
    """By the time from which they are sold, else the time of writing; ties by id; never more than the cap."""
    catalogue = [
        Item(f"item-{place:02d}", valid_from_ms=place // 2 if place % 2 else None, updated_at_ms=place // 2)
        for place in places
    ]
    found = [item.item_id for item in chosen_items(catalogue, (), end_ms=END_MS, most=most)]
    assert sorted(found) == [f"item-{place:02d}" for place in range(max(12 - most, 0), 12)]


def test_a_long_description_is_cut():
    """A text has an end."""
    assert item_text(Item("a", "Title", description="x" * 2_000)) == "Title\n" + "x" * (TEXT_CHARACTERS - 6)


def test_models_that_count_buyers_leave_out_what_nobody_bought():
    """Cold items have a place in `Items` and none in an item table."""
    found = items([Item("apple", "Apple")], order(ANN, 19_990, "milk"))
    one = np.zeros(1, np.int32)
    bought = Interactions(one, one + found.ids.index("milk"), one, one, one, one, one)
    rows = known_rows(found, count_buyers(bought, len(found.ids)), least_buyers=1)
    assert [found.ids[item] for item in rows.item] == ["milk"]


def test_declared_traits_become_groups_and_zones():
    """In the order of the subjects; numbers as text; who is not in the tables is passed by."""

    def said(**traits):
        return {name: TraitChange(name, value, Stamp(7, "m")) for name, value in traits.items()}

    traits = [
        ("b", said(age_group="35-44", household_size=3, time_zone="Asia/Tokyo")),
        ("x", said(age_group="19-24", time_zone="UTC")),
        ("a", said(city="Berlin")),
    ]
    found = read_declared(traits, ("a", "b", "c"), ("age_group", "household_size"))
    assert found.groups == {"age_group": ("", "35-44", ""), "household_size": ("", "3", "")}
    assert found.zones == [Zone("b", "Asia/Tokyo", 7)]
    assert read_declared([], ("a",), ()) == ({}, [], DeclaredFeatures(1))
