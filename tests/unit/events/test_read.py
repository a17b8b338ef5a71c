"""Messages: what is accepted, what is refused with which field, and what does not pass."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.events.declared import MAX_BATCH_EVENTS, MAX_EVENT_BYTES, MAX_TRAITS, TRAITS
from addressee.events.event import Event, Line, Refusal
from addressee.events.messages import NotAccepted
from addressee.events.read import Envelope, read_batch, read_message

NOW = 1_769_860_800_000  # 2026-01-31T12:00:00Z


def message(**changes):
    """Return a track message as bytes; a change of None leaves the field out."""
    fields = {"type": "track", "messageId": "m-1", "userId": "u-1", "event": "Signed Up"} | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def read(**changes):
    """Read a message as a record of the stream."""
    return read_message(message(**changes), received_at_ms=NOW)


def track(name, **properties):
    """Read a track call that must be accepted."""
    event = read(event=name, properties=properties)
    assert isinstance(event, Event), event
    return event


REFUSED = [
    ({"type": None}, "type", "is missing"),
    ({"type": "shout"}, "type", "must be one of"),
    ({"userId": None}, "userId", "is missing, and so is anonymousId"),
    ({"userId": "  "}, "userId", "is missing, and so is anonymousId"),
    ({"userId": ["u"]}, "userId", "expected int or float or str or null, got array"),
    ({"userId": True}, "userId", "got bool"),
    ({"userId": "u" * 257}, "userId", "longer than 256 bytes"),
    ({"userId": "\u00fc" * 129}, "userId", "longer than 256 bytes"),
    ({"userId": "a\0b"}, "userId", "NUL"),
    ({"userId": "ann@example.com"}, "userId", "looks like an e-mail address"),
    ({"anonymousId": "ann%40example.com"}, "anonymousId", "looks like an e-mail address"),
    ({"event": None}, "event", "is missing"),
    ({"event": ""}, "event", "is missing"),
    ({"event": 7}, "event", "expected str or null, got int"),
    ({"event": "Mailed ann@example.com"}, "event", "looks like an e-mail address"),
    ({"type": "alias"}, "previousId", "is missing"),
    ({"type": "alias", "previousId": "a", "userId": None, "anonymousId": "x"}, "userId", "is missing"),
    ({"type": "group"}, "groupId", "is missing"),
    ({"timestamp": "yesterday"}, "timestamp", "is not an ISO 8601"),
    ({"timestamp": 1769860800}, "timestamp", "expected str or null, got int"),
    ({"timestamp": "1969-12-31T23:59:59Z"}, "timestamp", "lies before 1970"),
    ({"timestamp": "2026-01-31T12:00:00Z", "sentAt": "now"}, "sentAt", "is not an ISO 8601"),
    ({"receivedAt": "1960-01-01"}, "receivedAt", "lies before 1970"),
    ({"context": {"page": "home"}}, "context.page", "expected object or null, got str"),
    ({"context": {"consent": {"categoryPreferences": {"email": "no"}}}}, "context.consent", "expected bool"),
    ({"event": "Order Completed", "properties": []}, "properties", "expected object or null, got array"),
    ({"event": "Order Completed", "properties": {"revenue": "much"}}, "properties.revenue", "is not a number"),
    ({"event": "Order Completed", "properties": {"revenue": 1e16}}, "properties.revenue", "is larger than"),
    ({"event": "Order Completed", "properties": {"currency": "EURO"}}, "properties.currency", "three letters"),
    ({"event": "Email Opened", "properties": {"send_id": {}}}, "properties.send_id", "got object"),
    ({"type": "identify", "traits": [1]}, "traits", "expected object or null, got array"),
    ({"type": "identify", "traits": {"gender": {"is": "f"}}}, "traits.gender", "must be a string"),
    ({"type": "identify", "traits": {"city": "x" * 257}}, "traits.city", "longer than 256 bytes"),
    ({"type": "identify", "traits": {"city": "x\0"}}, "traits.city", "NUL"),
    ({"type": "identify", "traits": {"age": 1e300}}, "traits.age", "is larger than"),
    ({"type": "identify", "traits": {"interests": ["a", 1]}}, "traits.interests", "list of strings"),
    ({"type": "page", "properties": {"duration_ms": -1}}, "properties.duration_ms", "must be between"),
]


@pytest.mark.parametrize(("changes", "field", "reason"), REFUSED)
def test_a_bad_message_is_refused_with_its_field_and_reason(changes, field, reason):
    """Break one rule at a time."""
    refusal = read(**changes)
    assert isinstance(refusal, Refusal), refusal
    assert refusal.field.startswith(field)
    assert reason in refusal.reason
    assert refusal.message_id == "m-1"


BROKEN_LINES = [
    ({"quantity": 1}, "product_id", "is missing"),
    ({"product_id": "p", "quantity": 1_000_001}, "quantity", "is larger than"),
    ({"product_id": "p", "price": 2e9}, "price", "is larger than"),
    ({"product_id": "p", "price": "NaN"}, "price", "is not a number"),
    ({"product_id": "p", "price": "9" * 50}, "price", "is not a number"),
    ({"product_id": "p", "price": 1e9, "quantity": 1_000_000}, "price", "minor units"),
    ({"product_id": "p", "amount_minor_units": 10**16}, "amount_minor_units", "minor units"),
    ({"product_id": "p", "category": []}, "category", "got array"),
]


@pytest.mark.parametrize(("line", "field", "reason"), BROKEN_LINES)
def test_a_refused_line_is_named_by_its_place(line, field, reason):
    """Break the second line of an order, then the one product of a view."""
    order = read(event="Order Completed", properties={"products": [{"product_id": "a"}, line]})
    assert order.field == f"properties.products[1].{field}"
    assert reason in order.reason
    if field != "product_id":
        view = read(event="Product Viewed", properties=line)
        assert view.field == f"properties.{field}"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"7", b'{"userId":"\xff"}', b'{"x":' + b"[" * 20_000, b"\xff\xfe", b'{"price":NaN}']
)
def test_bytes_that_are_no_message_are_refused(data):
    """Read garbage, and nesting that would exhaust a stack."""
    assert isinstance(read_message(data, received_at_ms=NOW), Refusal)


def test_a_client_may_send_32_kb_and_no_more():
    """Read a message of the limit and of one byte more."""
    fitting = message(properties={"x": "a" * (MAX_EVENT_BYTES - len(message(properties={"x": ""})))})
    assert isinstance(read_message(fitting, received_at_ms=NOW, envelope=Envelope()), Event)
    refusal = read_message(fitting + b" ", received_at_ms=NOW, envelope=Envelope())
    assert refusal == Refusal("", f"is larger than {MAX_EVENT_BYTES} bytes", "m-1")


def test_ids_may_be_numbers_as_old_sdks_send_them():
    """Read numbers as ids."""
    assert read(userId=7).user_id == read(userId=7.0).user_id == "7"
    assert read(userId=7.5).user_id == "7.5"
    assert read(userId=10**30).user_id == str(10**30)


def test_a_missing_message_id_comes_from_the_bytes():
    """Read the same bytes twice, and others."""
    first, again, other = read(messageId=None), read(messageId=None), read(messageId=None, userId="u-2")
    assert first.message_id == again.message_id != other.message_id
    assert first.message_id.startswith("sha256-")


def test_a_message_may_be_a_mapping():
    """Read a message that was decoded before."""
    assert read_message(json.loads(message()), received_at_ms=NOW) == read()


TIMES = [
    ("2026-01-31T11:00:00Z", -3_600_000),
    ("2026-01-31T11:00:00.5Z", -3_599_500),
    ("2026-01-31T11:00:00.123456789Z", -3_599_877),
    ("2026-01-31T12:00:00+01:00", -3_600_000),
    ("2026-01-31T06:00:00-0500", -3_600_000),
    ("2026-01-31 11:00:00", -3_600_000),
    ("2026-01-31t11:00:00z", -3_600_000),
    ("20260131T110000Z", -3_600_000),
    ("2026-01-31", -43_200_000),
    ("2027-01-31T11:00:00Z", 0),
    (None, 0),
    ("", 0),
]


@pytest.mark.parametrize(("timestamp", "offset"), TIMES)
def test_every_form_of_time_that_sdks_send_is_read(timestamp, offset):
    """Read ISO 8601 in its variants; the future is cut at the arrival."""
    assert read(timestamp=timestamp).event_time_ms == NOW + offset


def test_a_wrong_clock_is_corrected_by_sent_at():
    """Send an event of a client whose clock is a day fast, ten seconds after it happened."""
    event = read(timestamp="2026-02-01T12:00:00Z", sentAt="2026-02-01T12:00:10Z")
    assert event.event_time_ms == NOW - 10_000
    assert read(timestamp="2026-02-01T12:00:10Z", sentAt="2026-02-01T12:00:00Z").event_time_ms == NOW


def test_the_extreme_dates_are_no_accident():
    """Read the ends of the calendar, with offsets beyond them."""
    assert read(timestamp="0001-01-01T00:00:00+14:00").field == "timestamp"
    assert read(timestamp="9999-12-31T23:59:59-14:00").event_time_ms == NOW


def test_received_at_counts_on_the_stream_and_not_from_a_client():
    """Read a record that says when it was received, then the same bytes from a client."""
    data = message(receivedAt="2026-01-30T12:00:00Z")
    assert read_message(data, received_at_ms=NOW).received_at_ms == NOW - 86_400_000
    assert read_message(data, received_at_ms=NOW, envelope=Envelope()).received_at_ms == NOW
    assert read(receivedAt="2026-02-03T12:00:00Z").received_at_ms == NOW


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


def test_alias_and_group_name_the_other_side():
    """Read alias and group."""
    assert read(type="alias", previousId="a-1").previous_id == "a-1"
    assert read(type="group", groupId=5).kind == "group"


def test_a_batch_is_read_in_order_each_message_with_its_bytes():
    """Read good, bad and hopeless messages in one batch with a shared context and time."""
    body = b'{"sentAt":"2026-01-31T12:00:30Z","context":{"locale":"de","page":{"path":"/x"}},"batch":[%s, {"a": 1},7]}'
    good = message(timestamp="2026-01-31T12:00:00Z", context={"locale": "en"})
    readings = read_batch(body % good, received_at_ms=NOW, kind=None)
    assert [type(each.result) for each in readings] == [Event, Refusal, Refusal]
    assert [each.original for each in readings] == [good, b'{"a": 1}', b"7"]
    event = readings[0].result
    assert (event.event_time_ms, event.locale, event.path) == (NOW - 30_000, "en", "/x")


def test_a_batch_may_hold_2500_messages_and_must_hold_one():
    """Read batches at the ends."""
    with pytest.raises(NotAccepted, match="batch: is empty"):
        read_batch(b'{"batch":[]}', received_at_ms=NOW, kind=None)
    many = b'{"batch":[' + b",".join([b"1"] * (MAX_BATCH_EVENTS + 1)) + b"]}"
    with pytest.raises(NotAccepted, match="holds more than 2500 messages"):
        read_batch(many, received_at_ms=NOW, kind=None)
    with pytest.raises(NotAccepted, match="batch"):
        read_batch(b'{"messages":[]}', received_at_ms=NOW, kind=None)


def test_a_single_call_takes_its_kind_from_the_route():
    """Read the body of /v1/page."""
    (reading,) = read_batch(b'{"userId":"u","name":"Home"}', received_at_ms=NOW, kind="page")
    assert reading.result.kind == "page"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {"userId": st.just("u")},
        optional=dict.fromkeys(
            ("messageId", "timestamp", "sentAt", "context", "properties", "traits", "event", "previousId"), ANY_JSON
        )
        | {"type": st.sampled_from(["track", "identify", "page", "screen", "alias", "group"])},
    )
)
def test_any_json_gives_an_event_or_a_refusal(sent):
    """Read arbitrary JSON in every field."""
    result = read_message(json.dumps(sent).encode(errors="surrogatepass"), received_at_ms=NOW)
    assert isinstance(result, Event | Refusal)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_refusal_or_an_event(data):
    """Read arbitrary bytes."""
    assert isinstance(read_message(data, received_at_ms=NOW), Event | Refusal)
