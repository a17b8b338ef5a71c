"""Messages: what is accepted, what is refused with which field, and batches of them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.events.declared import MAX_BATCH_EVENTS, MAX_EVENT_BYTES
from addressee.events.event import Event, Refusal
from addressee.events.messages import NotAccepted
from addressee.events.read import Envelope, read_batch, read_message
from tests.unit.events.messages import NOW, message, read

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
