"""Catalogue rows: whole items and changes of some fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.events.event import Refusal
from addressee.profiles.items import Item, ItemChange, item_of, read_item_row

WHOLE = {
    "itemId": "sku-1",
    "title": "Oat milk",
    "category": "Dairy",
    "price": 2.345,
    "currency": "EUR",
    "inStock": False,
    "url": "https://shop.example.com/sku-1",
    "image": "https://shop.example.com/sku-1.png",
    "brand": "Oats",
    "locale": "en-GB",
    "description": "One litre",
    "repurchaseDays": 7,
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2026-02-01T00:00:00+01:00",
}


def test_a_whole_item_is_read_field_by_field():
    """Money becomes minor units, rounded half up; times become milliseconds."""
    change = read_item_row(WHOLE, whole=True, now_ms=9)
    assert item_of({"item_id": "sku-1", **change.values}) == Item(
        item_id="sku-1",
        title="Oat milk",
        category="Dairy",
        price_minor_units=235,
        currency="EUR",
        in_stock=False,
        url=WHOLE["url"],
        image=WHOLE["image"],
        brand="Oats",
        locale="en-GB",
        description="One litre",
        repurchase_days=7,
        valid_from_ms=1767225600000,
        valid_until_ms=1769900400000,
        updated_at_ms=9,
    )


def test_a_delta_holds_only_the_fields_that_it_names():
    """A null removes a field."""
    change = read_item_row({"itemId": "sku-1", "inStock": True, "image": None}, whole=False, now_ms=9)
    assert change == ItemChange("sku-1", {"updated_at_ms": 9, "in_stock": True, "image": None}, whole=False)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"itemId": ""}, "itemId"),
        ({"itemId": "x" * 257}, "itemId"),
        ({"itemId": "a\nb"}, "itemId"),
        ({"title": None}, "title"),
        ({"title": 5}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"price": -1}, "price"),
        ({"price": True}, "price"),
        ({"price": float("inf")}, "price"),
        ({"currency": "eur"}, "currency"),
        ({"inStock": "yes"}, "inStock"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"locale": "english please"}, "locale"),
        ({"repurchaseDays": 1.5}, "repurchaseDays"),
        ({"validFrom": "soon"}, "validFrom"),
        ({"validFrom": "1969-01-01"}, "validFrom"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(changed, field):
    """Refuse the row, say which field and why."""
    refusal = read_item_row({**WHOLE, **changed}, whole=True, now_ms=9)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field
    assert refusal.reason


def test_a_row_that_is_no_object_is_refused():
    """Refuse what has no fields."""
    assert isinstance(read_item_row(["sku-1"], whole=True, now_ms=9), Refusal)


values = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists, max_leaves=4)


@given(st.dictionaries(st.sampled_from(sorted(WHOLE)), values))
def test_no_row_raises(row):
    """Whatever JSON comes in, a change or a refusal comes out."""
    assert isinstance(read_item_row(row, whole=False, now_ms=9), ItemChange | Refusal)


@pytest.mark.parametrize(
    ("item", "for_sale"),
    [
        (Item("a"), True),
        (Item("a", in_stock=False), False),
        (Item("a", valid_from_ms=10), True),
        (Item("a", valid_from_ms=11), False),
        (Item("a", valid_until_ms=11), True),
        (Item("a", valid_until_ms=10), False),
    ],
)
def test_an_item_is_for_sale_in_stock_and_inside_its_validity(item, for_sale):
    """From is inclusive, until exclusive."""
    assert item.for_sale(10) is for_sale
