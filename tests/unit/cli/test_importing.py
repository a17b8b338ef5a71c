"""`addressee import`: files into profiles, lake, quarantine and catalogue; the same files again change nothing."""

import csv
import os

import pytest
from rich.console import Console

from addressee.profiles.consent import has_consent
from addressee.profiles.packing import unpack
from addressee.profiles.subject import subject_of
from addressee.profiles.traits import trait_values
from addressee.profiles.update import Ports
from cli.columns import Source, UnreadableFile
from cli.importing import Request, Stores, run_import
from tests.fakes.items import InMemoryItemStore
from tests.fakes.people import InMemoryPersonStore
from tests.fakes.profiles import InlinePool, InMemoryLake, InMemoryProfileStore, InMemoryQuarantine

NOW = 1_769_860_800_000  # 2026-01-31T12:00:00Z
KEY = b"made-up key"
ORDERS = """Customer ID,order_id,date,sku,category,qty,unit_price
ada,o1,2026-01-02T10:00:00Z,milk,Dairy,2,1.25
ada,o1,2026-01-02T10:00:00Z,bread,Bakery,1,3
bob,o2,2026-01-03 08:00:00,milk,Dairy,1,1.25
ada,o3,2026-01-05,milk,Dairy,1,1.30
bob,o4,soon,milk,Dairy,1,1.25
bob,o5,2026-02-05,milk,Dairy,1,1.25
bob,,2026-01-05,milk,Dairy,1,1.25
bob,o6,2026-01-05,milk,Dairy,1,a lot
bob,o7,,milk,Dairy,1,1
"""


@pytest.fixture
def stores():
    """Keep everything in memory."""
    pool = InlinePool()
    ports = Ports(InMemoryProfileStore(), InMemoryLake(), InMemoryQuarantine(), InMemoryPersonStore(), pool)
    return Stores(ports, InMemoryItemStore(), KEY)


@pytest.fixture
def importer(stores, tmp_path):
    """Write a file and import it."""

    def run(kind, text, *, name="file.csv", **asked: object):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        os.utime(path, (NOW / 1000 - 60, NOW / 1000 - 60))
        request = Request(kind, Source([path]), tmp_path / "refused.csv", **{"columns": {}, **asked})
        return run_import(request, stores, Console(quiet=True), now_ms=NOW)

    return run


def state(stores, user_id):
    """Read a user's folded state."""
    return unpack(stores.ports.store.rows[subject_of(user_id, kind="user", key=KEY)].packed)


def refused(tmp_path):
    """Read the file of refused rows: (id, field) of each."""
    with (tmp_path / "refused.csv").open(encoding="utf-8") as file:
        return [(row["id"], row["field"]) for row in csv.DictReader(file)]


def test_order_lines_become_orders_in_state_and_lake(importer, stores):
    """Group lines by order; what is imported counts as received when it happened."""
    report = importer("orders", ORDERS)
    assert (report.rows, report.accepted, report.refused_rows) == (8, 3, 5)
    assert (state(stores, "ada").orders, state(stores, "ada").revenue_minor_units) == (2, 680)
    assert (state(stores, "bob").orders, state(stores, "bob").revenue_minor_units) == (1, 125)
    rows = stores.ports.lake.distinct()
    assert rows.keys() == {"order-o1", "order-o2", "order-o3"}
    assert rows["order-o1"]["amount_minor_units"] == 550
    assert all(row["event_time_ms"] == row["received_at_ms"] for row in rows.values())


def test_refused_rows_are_written_with_their_reasons_and_quarantined(importer, stores, tmp_path):
    """Name each refused row, its field and why."""
    importer("orders", ORDERS)
    assert sorted(refused(tmp_path)) == [
        ("order ", "order_id"),
        ("order o4", "timestamp"),
        ("order o5", "timestamp"),
        ("order o6", "properties.products[0].price"),
        ("order o7", "timestamp"),
    ]
    assert len(stores.ports.quarantine.records) == 5


def test_the_same_file_again_changes_nothing_under_any_name(importer, stores):
    """Recognise what the file holds, not what it is called."""
    importer("orders", ORDERS)
    before = dict(stores.ports.store.rows)
    report = importer("orders", ORDERS, name="copy.csv")
    assert (report.accepted, report.repeated) == (0, 3)
    assert stores.ports.store.rows == before


def test_quantities_may_be_weights_and_amounts_may_be_totals(importer, stores):
    """Count 0.4 kg as one piece; take a line's total as it is."""
    rows = ("ada,o1,2026-01-02,ham,0.4,10,", "ada,o1,2026-01-02,tea,3,,4.99", "")
    importer("orders", "\n".join(("user_id,order_id,timestamp,item_id,quantity,price,amount", *rows)))
    (row,) = stores.ports.lake.rows
    assert [(line["quantity"], line["amount_minor_units"]) for line in row["lines"]] == [(1, 400), (3, 499)]


def test_an_older_file_is_folded_after_a_newer_one(importer, stores):
    """Keep the watermarks of two files apart."""
    importer("orders", "user_id,order_id,timestamp,item_id,amount\nada,o2,2026-01-02,milk,2.50\n")
    importer("orders", "user_id,order_id,timestamp,item_id,amount\nada,o1,2025-01-02,milk,1.50\n", name="older.csv")
    assert (state(stores, "ada").orders, state(stores, "ada").revenue_minor_units) == (2, 400)


def test_events_of_users_and_visitors_are_folded(importer, stores):
    """Take one message a row."""
    rows = ("2026-01-01,ada,,Product Viewed,milk", "2026-01-02,,v1,Product Added,milk")
    text = "\n".join(("timestamp,user_id,anonymous_id,event,item_id", *rows, ""))
    report = importer("events", text)
    assert report.accepted == 2
    assert state(stores, "ada").views == 1
    assert unpack(stores.ports.store.rows[subject_of("v1", kind="anonymous", key=KEY)].packed).carts == 1


def test_subscribers_bring_address_traits_and_proven_consent(importer, stores):
    """Read consent columns, declared traits, and the ones that were asked for."""
    text = (
        "id,email,First name,time_zone,age_group,shoe,consent_email,consent_email_proof,consent_email_at\n"
        "ada,ada@example.com,Ada,Europe/Vienna,35-44,39,yes,form 7,2026-01-01\n"
        "bob,bob@example.com,,,,,true,,2026-01-01\n"
        "eve,,,,,,no,,2026-01-01\n"
    )
    report = importer("subscribers", text, traits=["shoe_size=shoe"])
    assert (report.accepted, report.refused) == (2, {"consent.email.proof: a grant needs a proof": 1})
    rows = {
        part: row
        for (owner, part), row in stores.ports.people.rows.items()
        if owner == subject_of("ada", kind="user", key=KEY)
    }
    assert rows["person"] == {"user_id": "ada", "address": "ada@example.com", "first_name": "Ada"}
    assert trait_values(rows["traits"]) == {"time_zone": "Europe/Vienna", "age_group": "35-44", "shoe_size": "39"}
    assert has_consent(rows["consent"])
    before = {key: dict(row) for key, row in stores.ports.people.rows.items()}
    importer("subscribers", text, traits=["shoe_size=shoe"])
    assert stores.ports.people.rows == before


def test_a_grant_without_its_time_is_refused_and_a_withdrawal_is_not(importer, stores):
    """Copied today, an old list would outweigh what people have said since."""
    text = "user_id,at,consent_email,consent_email_proof\nada,,yes,form 7\nbob,2026-01-01,yes,form 7\neve,,no,\n"
    report = importer("subscribers", text)
    assert report.refused == {"consent.email.at: a grant in a file needs the time at which it was given": 1}
    said = {
        name: stores.ports.people.rows.get((subject_of(name, kind="user", key=KEY), "consent"))
        for name in ("ada", "bob", "eve")
    }
    assert said["ada"] is None
    assert has_consent(said["bob"])
    assert not has_consent(said["eve"])


def test_a_catalogue_is_imported_whole_and_changed_in_part(importer, stores):
    """Read numbers and truths from text; a delta leaves the other fields."""
    text = "sku,name,price,in_stock,repurchase_days,colour\nmilk,Milk,1.25,yes,3,white\nbread,Bread,cheap,yes,,\n"
    report = importer("catalogue", text)
    assert report.refused == {"price: must be a number from 0 to 1e12": 1}
    assert report.ignored_columns == ("colour",)
    importer("catalogue", "item_id,in_stock\nmilk,no\ntea,no\n", delta=True)
    item = stores.items.get_many(["milk"])["milk"]
    assert (item.title, item.price_minor_units, item.in_stock, item.repurchase_days) == ("Milk", 125, False, 3)


def test_columns_are_mapped_by_hand_where_names_say_nothing(importer):
    """Say which column holds which field."""
    columns = {"user_id": "a", "order_id": "b", "timestamp": "c", "item_id": "d"}
    assert importer("orders", "a,b,c,d\nada,o1,2026-01-01,milk\n", columns=columns).accepted == 1
    with pytest.raises(UnreadableFile, match="no column holds user_id"):
        importer("orders", "a,b,c,d\nada,o1,2026-01-01,milk\n")
    with pytest.raises(UnreadableFile, match="no column z"):
        importer("orders", ORDERS, columns={"user_id": "z"})


def test_lines_that_are_no_rows_are_counted(importer):
    """Leave them out and say how many."""
    report = importer("events", "timestamp,user_id,event\n2026-01-01,ada,Product Viewed\n2026-01-01,ada,x,y,z\n")
    assert (report.accepted, report.damaged_lines) == (1, 1)


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path):
    """Name the file."""
    path = tmp_path / "orders.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(UnreadableFile, match=r"orders\.parquet"):
        Source([path])
