"""What of an accepted message passes: lines, amounts, names, traits, context, consent; and what does not."""

import pytest

from addressee.events.declared import MAX_TRAITS, TRAITS
from addressee.events.event import Line
from addressee.events.read import read_message
from tests.unit.events.messages import NOW, message, read, track


def test_an_order_has_lines_amount_and_currency():
    """Read Order Completed."""
    order = track(
        "Order Completed",
        order_id=17,
        currency="eur",
        revenue="9.87",
        products=[{"product_id": "a", "category": "milk", "price": 3.29, "quantity": 2}, {"sku": "b", "price": "3.29"}],
    )
    assert order.lines == (Line("a", "milk", 2, 658), Line("b", "", 1, 329))
    assert (order.order_id, order.amount_minor_units, order.currency) == ("17", 987, "EUR")


def test_without_a_said_amount_it_is_the_sum_of_the_lines():
    """Read an order without revenue, with a return in it."""
    order = track(
        "Order Completed", products=[{"id": "a", "price": 5, "quantity": 2}, {"id": "b", "price": 3, "quantity": -1}]
    )
    assert order.amount_minor_units == 700
    assert track("Order Completed", total=0, products=[{"id": "a", "price": 5}]).amount_minor_units == 0


def test_an_event_about_one_product_has_one_line():
    """Read Product Viewed, and a list whose category its products share."""
    assert track("Product Viewed", product_id="p", category=3, price=1.5).lines == (Line("p", "3", 1, 150),)
    assert track("Product List Viewed", category="c", products=[{"product_id": "p"}]).lines == (Line("p", "c"),)
    assert track("Cart Viewed").lines == ()
    assert read(event="Cart Viewed", properties=None).lines == ()


def test_names_are_found_in_any_case_and_by_their_old_form():
    """Read v1 names and lower case; an own name stays as it is."""
    assert track("completed order", order_id="o").name == "Order Completed"
    assert track("order completed", order_id="o").order_id == "o"
    assert track("My Thing").name == "My Thing"


def test_an_undeclared_event_keeps_its_name_and_nothing_else():
    """Read properties that nobody declared, whatever their type."""
    event = track("My Thing", product_id="p", revenue={"a": 1}, products="none")
    assert event == read(event="My Thing")


def test_an_address_passes_nowhere_and_is_counted():
    """Put addresses, plain and escaped, wherever a string passes."""
    event = track(
        "Order Completed",
        order_id="ann@example.com",
        products=[{"product_id": "p", "category": "for ann%40example.com"}],
    )
    assert (event.order_id, event.lines[0].category, event.dropped_addresses) == ("", "", 2)
    data = message(event="Email Opened", properties={"send_id": "x"}).replace(b'"x"', rb'"ann\u0040example.com"')
    event = read_message(data, received_at_ms=NOW)
    assert (event.send_id, event.dropped_addresses) == ("", 1)
    event = read(type="identify", traits={"email": "ann@example.com", "interests": ["a", "ann@example.com"]})
    assert (event.traits, event.dropped_addresses) == ({"interests": "a"}, 2)
    event = read(messageId="<1@mail.example.com>", type="page", context={"page": {"path": "/u/ann@example.com?x"}})
    assert (event.path, event.dropped_addresses) == ("", 2)
    assert event.message_id.startswith("sha256-")


def test_traits_are_declared_and_scalar():
    """Read an identify call with Segment's reserved traits."""
    event = read(
        type="identify",
        traits={
            "gender": "f",
            "ageBand": "35-44",
            "age": 36,
            "birthday": "1990-05-01T00:00:00Z",
            "address": {"city": "Berlin", "street": "Main 1"},
            "interests": ["wine", "art", "art"],
            "plan": None,
            "loyaltyTier": 1.5,
            "homeOwnership": True,
            "firstName": "Ann",
        },
    )
    assert event.traits == {
        "age": 36,
        "age_band": "35-44",
        "birth_year": 1990,
        "city": "Berlin",
        "gender": "f",
        "home_ownership": True,
        "interests": "art,wine",
        "loyalty_tier": 1.5,
    }
    assert read(type="identify", traits={"birthday": "1990"}).traits == {"birth_year": 1990}
    assert read(type="identify", traits={"birthday": "May"}).traits == read(type="identify").traits == {}


def test_no_person_can_have_more_than_64_traits():
    """Count the declared names."""
    assert len(TRAITS) <= MAX_TRAITS


CONTEXTS = [
    ({"device": {"type": "iOS"}}, {"device": "ios"}),
    ({"device": {"type": "fridge"}}, {"device": "other"}),
    ({"userAgentData": {"mobile": True}}, {"device": "mobile"}),
    ({"userAgentData": {"mobile": False}}, {"device": "desktop"}),
    ({"userAgent": "Mozilla/5.0 (iPhone) Mobile/15E148"}, {"device": "mobile"}),
    ({"userAgent": "Mozilla/5.0 (X11; Linux)"}, {"device": "desktop"}),
    ({"userAgent": "okhttp/4"}, {"device": ""}),
    ({"locale": "de-DE", "timezone": "Europe/Berlin"}, {"locale": "de-DE", "time_zone": "Europe/Berlin"}),
    ({"locale": "<b>", "timezone": "now()"}, {"locale": "", "time_zone": ""}),
    ({"page": {"path": "/a?b=c#d"}}, {"path": "/a"}),
    ({"page": {"path": "/" + "\u00fc" * 300}}, {"path": "/" + "\u00fc" * 127}),
]


@pytest.mark.parametrize(("context", "expected"), CONTEXTS)
def test_of_the_context_only_the_declared_passes(context, expected):
    """Read one part of a context at a time."""
    event = read(type="page", context=context)
    assert {name: getattr(event, name) for name in expected} == expected


def test_a_page_has_name_path_and_duration():
    """Read page and screen."""
    event = read(type="page", properties={"name": "Home", "path": "/home", "duration_ms": 1500.7})
    assert (event.name, event.path, event.duration_ms) == ("Home", "/home", 1500)
    assert read(type="screen", name="Cart").name == "Cart"


def test_consent_can_be_withdrawn_and_never_granted():
    """Read consent in a context, and the events that withdraw by their name."""
    consent = {"consent": {"categoryPreferences": {"Advertising": False, "email": True, "Weather": False}}}
    assert read(context=consent).withdrawn_purposes == ("advertising",)
    assert read(context={"consent": {"categoryPreferences": {"marketing": False}}}).withdrawn_purposes == (
        "email",
        "marketing",
    )
    assert track("Unsubscribed").withdrawn_purposes == ("email",)
    assert read(event="Unsubscribed", context=consent).withdrawn_purposes == ("advertising", "email")
    assert track("Email Marked as Spam", email_id=5, label="human").withdrawn_purposes == ("email",)


def test_an_email_event_names_send_campaign_and_label():
    """Read Email Link Clicked."""
    event = track("Email Link Clicked", send_id="s-1", campaign_id="spring", label="machine")
    assert (event.send_id, event.campaign, event.label) == ("s-1", "spring", "machine")
    assert track("Email Opened", email_id="e-1", label="alien").send_id == "e-1"
    assert track("Email Opened", label="alien").label == ""


@pytest.mark.parametrize(
    ("name", "label", "passed"),
    [
        ("Email Opened", "human", True),
        ("Email Opened", "unknown", True),
        ("Email Link Clicked", "machine", True),
        ("Email Link Clicked", "hard", False),
        ("Email Bounced", "hard", True),
        ("Email Bounced", "soft", True),
        ("Email Bounced", "machine", False),
        ("Email Delivered", "machine", False),
        ("Unsubscribed", "machine", False),
    ],
)
def test_a_label_passes_where_it_means_something(name, label, passed):
    """A bounce is hard or soft, an open or click somebody's; nothing else can be waved away as a machine's."""
    assert track(name, label=label).label == (label if passed else "")


def test_alias_and_group_name_the_other_side():
    """Read alias and group."""
    assert read(type="alias", previousId="a-1").previous_id == "a-1"
    assert read(type="group", groupId=5).kind == "group"
