"""The stream record: what is written reads back as the same event."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.events.declared import (
    COMMERCE,
    DEVICES,
    EMAIL,
    LABELS,
    MAX_EVENT_BYTES,
    MAX_RECORD_BYTES,
    PURPOSES,
    TRAITS,
)
from addressee.events.event import Event, Line
from addressee.events.read import Envelope, read_message
from addressee.events.times import from_ms
from addressee.events.write import partition_key, stream_record

NOW = 1_769_860_800_000
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
IDS = st.one_of(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), st.integers(0, 10**20))
NUMBERS = st.one_of(st.integers(-1000, 10**6), st.floats(-1e6, 1e6), st.decimals(-999, 999, places=2).map(str))
PRODUCTS = st.fixed_dictionaries(
    {"product_id": IDS},
    optional={"category": TEXT, "price": NUMBERS, "quantity": NUMBERS, "amount_minor_units": st.integers(-99, 10**6)},
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "order_id": IDS,
        "revenue": NUMBERS,
        "currency": st.sampled_from(["eur", "USD", ""]),
        "products": st.lists(PRODUCTS, max_size=4),
        "product_id": IDS,
        "category": TEXT,
        "send_id": IDS,
        "campaign_id": TEXT,
        "label": st.sampled_from([*LABELS, "other"]),
        "duration_ms": st.integers(0, 10**6),
        "path": TEXT,
        "name": TEXT,
    },
)
CONTEXT = st.fixed_dictionaries(
    {},
    optional={
        "locale": st.sampled_from(["de", "de-DE", "??"]),
        "timezone": st.sampled_from(["Europe/Berlin", "UTC"]),
        "device": st.fixed_dictionaries({"type": st.sampled_from([*DEVICES, "toaster"])}),
        "page": st.fixed_dictionaries({"path": TEXT}),
        "consent": st.fixed_dictionaries(
            {"categoryPreferences": st.dictionaries(st.sampled_from(sorted(PURPOSES)), st.booleans(), max_size=3)}
        ),
    },
)
TRAIT = st.one_of(TEXT, st.booleans(), st.integers(-(10**15), 10**15), st.floats(-1e15, 1e15), st.lists(TEXT))
MESSAGES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "identify", "page", "screen", "alias", "group"]),
        "userId": IDS,
        "event": st.sampled_from([*sorted(COMMERCE | EMAIL), "My Thing", "ann@example.com"]),
        "previousId": IDS,
        "groupId": IDS,
    },
    optional={
        "messageId": IDS,
        "anonymousId": IDS,
        "name": TEXT,
        "timestamp": st.integers(0, NOW + 10**9).map(from_ms),
        "sentAt": st.integers(NOW - 10**9, NOW).map(from_ms),
        "receivedAt": st.integers(NOW - 10**9, NOW + 10**9).map(from_ms),
        "context": CONTEXT,
        "properties": PROPERTIES,
        "traits": st.dictionaries(st.sampled_from(TRAITS), TRAIT, max_size=4),
    },
)


@settings(max_examples=300, deadline=None)
@given(MESSAGES, st.integers(0, 10**10))
def test_what_is_written_reads_back_as_the_same_event(sent, later):
    """Read, write, read again, whenever the record arrives."""
    event = read_message(json.dumps(sent).encode(), received_at_ms=NOW)
    if isinstance(event, Event):
        again = read_message(stream_record(event), received_at_ms=event.received_at_ms + later)
        assert again == replace(event, dropped_addresses=0)


def test_the_record_is_a_segment_message_without_sent_at_or_undeclared_content():
    """Write an order with more than passes."""
    sent = {
        "type": "track",
        "messageId": "m-1",
        "userId": "u-1",
        "event": "Order Completed",
        "timestamp": "2026-01-31T11:59:00Z",
        "sentAt": "2026-01-31T12:00:10Z",
        "context": {"ip": "192.0.2.1", "locale": "de"},
        "properties": {
            "coupon": "ann@example.com",
            "order_id": "o-1",
            "revenue": 5,
            "products": [{"product_id": "p", "price": 3.29, "name": "Milk"}],
        },
        "integrations": {"All": True},
    }
    event = read_message(json.dumps(sent).encode(), received_at_ms=NOW)
    assert json.loads(stream_record(event)) == {
        "type": "track",
        "messageId": "m-1",
        "userId": "u-1",
        "event": "Order Completed",
        "timestamp": "2026-01-31T11:58:50.000Z",
        "receivedAt": "2026-01-31T12:00:00.000Z",
        "context": {"locale": "de"},
        "properties": {
            "order_id": "o-1",
            "amount_minor_units": 500,
            "products": [{"product_id": "p", "amount_minor_units": 329}],
        },
    }


ORDER = Event(
    "m",
    "track",
    "Order Completed",
    "u",
    "",
    NOW,
    NOW,
    order_id="o",
    lines=(
        Line("tea", "Drinks", 3, 900),
        Line("cup", amount_minor_units=250),
        Line("sample", quantity=2),
        Line("card"),
    ),
    amount_minor_units=1_150,
    currency="EUR",
)


def test_a_line_says_what_is_not_meant_by_silence():
    """One unit, no category and no price are what absence means; other lines say so. The sum is told by the lines."""
    message = json.loads(stream_record(ORDER))
    assert message["properties"] == {
        "order_id": "o",
        "currency": "EUR",
        "products": [
            {"product_id": "tea", "category": "Drinks", "quantity": 3, "amount_minor_units": 900},
            {"product_id": "cup", "amount_minor_units": 250},
            {"product_id": "sample", "quantity": 2},
            {"product_id": "card"},
        ],
    }
    assert read_message(stream_record(ORDER), received_at_ms=NOW) == ORDER


@pytest.mark.parametrize(
    ("event", "products"),
    [
        (replace(ORDER, amount_minor_units=1_000), 4),
        (replace(ORDER, lines=(), amount_minor_units=1_000), 0),
        (replace(ORDER, lines=(), amount_minor_units=0), None),
        (replace(ORDER, amount_minor_units=0), 4),
    ],
)
def test_a_total_that_the_lines_do_not_add_up_to_is_written(event, products):
    """After a discount, or of an order without lines: with a list of products beside it, be it empty."""
    properties = json.loads(stream_record(event))["properties"]
    assert properties.get("amount_minor_units", 1_150 if event.lines else 0) == event.amount_minor_units
    assert (len(properties["products"]) if "products" in properties else None) == products
    assert read_message(stream_record(event), received_at_ms=NOW) == event


def test_whom_and_what_an_event_is_about_reads_back():
    """A visitor's page with language, zone, device, consent withdrawn; an alias; a group, whose name nobody keeps."""
    visit = Event(
        "m",
        "page",
        "Home",
        "",
        "a",
        NOW,
        NOW,
        device="ios",
        locale="de-DE",
        time_zone="Europe/Berlin",
        path="/home",
        duration_ms=1_200,
        withdrawn_purposes=("email",),
    )
    message = json.loads(stream_record(visit))
    assert (message["name"], message["anonymousId"], message.keys() & {"event", "userId"}) == ("Home", "a", set())
    assert message["context"] == {
        "locale": "de-DE",
        "timezone": "Europe/Berlin",
        "device": {"type": "ios"},
        "page": {"path": "/home"},
        "consent": {"categoryPreferences": {"email": False}},
    }
    alias = Event("m", "alias", "", "u", "", NOW, NOW, previous_id="a")
    for event in (visit, alias, Event("m", "group", "", "u", "", NOW, NOW)):
        assert read_message(stream_record(event), received_at_ms=NOW) == event


def test_the_partition_key_is_the_user_else_the_anonymous_id():
    """Write for a user and for nobody in particular."""
    event = Event("m", "page", "", "u-1", "a-1", NOW, NOW)
    assert partition_key(event) == "u-1"
    assert partition_key(replace(event, user_id="")) == "a-1"


def test_the_largest_message_still_fits_the_stream():
    """Write a message of 32 KB that grows the most when its lines are written in full."""
    head, line = (
        b'{"type":"track","userId":"u","event":"Cart Viewed","properties":{"products":[',
        b'{"id":1,"price":9e8}',
    )
    count = (MAX_EVENT_BYTES - len(head) - 3) // (len(line) + 1)
    data = head + b",".join([line] * count) + b"]}}"
    event = read_message(data, received_at_ms=NOW, envelope=Envelope())
    record = stream_record(event)
    assert len(data) < len(record) < MAX_RECORD_BYTES
    assert read_message(record, received_at_ms=NOW) == event
