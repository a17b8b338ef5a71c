"""Scans of whole tables, over the wire: every row once, whatever the segments; no more traits than asked for."""

from addressee.adapters.dynamo import to_item
from addressee.adapters.item_scan import ItemScan
from addressee.adapters.trait_scan import TraitScan
from addressee.profiles.traits import Stamp, TraitChange


def put(table, *rows):
    """Write rows."""
    for row in rows:
        table.dynamodb.put_item(TableName=table.name, Item=to_item(row))


def test_traits_come_by_subject_and_only_those_asked_for(profiles_table):
    """Other parts of a person are passed by; somebody who declared none of them may come with nothing."""
    cell = {"v": "35-44", "at": 5, "id": "m"}
    put(
        profiles_table,
        {"subject": "0a", "part": "traits", "t_age_group": cell, "t_city": {**cell, "v": "Berlin"}},
        {"subject": "0a", "part": "person", "user_id": "u", "address": "a@example.com"},
        {"subject": "0b", "part": "traits", "t_time_zone": {**cell, "v": "Asia/Tokyo"}},
        {"subject": "0c", "part": "consent", "c_email": {"granted": True, "at": 5, "id": "m"}},
    )
    scan = TraitScan(profiles_table.name, profiles_table.dynamodb)
    found = {subject: traits for subject, traits in scan.traits(["age_group", "time_zone"]) if traits}
    assert found == {
        "0a": {"age_group": TraitChange("age_group", "35-44", Stamp(5, "m"))},
        "0b": {"time_zone": TraitChange("time_zone", "Asia/Tokyo", Stamp(5, "m"))},
    }


def test_items_come_once_each(items_table):
    """All of a catalogue, with what the item says."""
    put(
        items_table,
        *({"item_id": f"item-{number}", "title": f"Title {number}", "in_stock": True} for number in range(60)),
    )
    found = [(item.item_id, item.title) for item in ItemScan(items_table.name, items_table.dynamodb).items()]
    assert sorted(found) == sorted((f"item-{number}", f"Title {number}") for number in range(60))
