"""`collect_events`: what Segment's clients send, and what nobody should."""

import base64
import gzip
import json
from pathlib import Path
from random import Random

import pytest

from addressee.adapters.kinesis import KinesisStream
from addressee.adapters.quarantine import QuarantineBucket
from addressee.adapters.secrets import Secret
from addressee.events.declared import MAX_BATCH_BYTES, MAX_EVENT_BYTES
from addressee.events.event import Event
from addressee.events.read import read_message
from cli.keys import create_key
from functions.collect_events.handler import KIND_OF, Wiring, handle
from tests.fakes.kinesis import InMemoryKinesis
from tests.fakes.s3 import InMemoryS3
from tests.fakes.secrets import InMemorySecrets

SAMPLE = json.loads(Path("events/collect_events.json").read_text(encoding="utf-8"))
NOW = SAMPLE["requestContext"]["timeEpoch"]
DOCUMENT, KEY = create_key({}, "write", token_bytes=Random(1).randbytes)
DOCUMENT, DECIDE_KEY = create_key(DOCUMENT, "decide", token_bytes=Random(2).randbytes)


class Bench:
    """The handler, wired to memory."""

    def __init__(self, failures=()):
        """Begin with an empty stream and quarantine."""
        self.kinesis, self.s3 = InMemoryKinesis(failures), InMemoryS3()
        self.wires = Wiring(
            KinesisStream("events", self.kinesis, random=Random(1), pause=lambda _: None),
            QuarantineBucket("quarantine", self.s3),
            Secret("keys", secrets=InMemorySecrets(json.dumps(DOCUMENT))),
        )

    def send(self, body, route="POST /v1/batch", **changes):
        """Send one request; returns status and body."""
        event = {**SAMPLE, "routeKey": route, "headers": {"authorization": basic(KEY)}, "isBase64Encoded": False}
        answer = handle({**event, "body": body, **changes}, None, wired=self.wires)
        return answer["statusCode"], json.loads(answer["body"])

    def events(self):
        """Read what is on the stream."""
        return [read_message(data, received_at_ms=NOW + 5) for _, data in self.kinesis.records]


def basic(user):
    """Write a Basic authorization header as SDKs do: the key and an empty password."""
    return "Basic " + base64.b64encode(f"{user}:".encode()).decode()


@pytest.fixture
def bench():
    """Wire the handler to memory."""
    return Bench()


def track(number=1, **changes):
    """Return a valid message."""
    return {"type": "track", "messageId": f"m-{number}", "userId": "u-1", "event": "Thing Done", **changes}


def batch(*messages, **fields):
    """Return a batch's body."""
    return json.dumps({"batch": messages, **fields})


def test_the_sample_is_accepted_once_its_key_is_known(bench):
    """Handle the sample payload, with a known key and with its own."""
    assert bench.send(SAMPLE["body"]) == (200, {"success": True, "refused": []})
    names = [(event.kind, event.name, event.partition_key) for event in bench.events()]
    assert names == [
        ("identify", "", "household-1"),
        ("track", "Product Viewed", "household-1"),
        ("track", "Order Completed", "household-1"),
    ]
    assert [key for key, _ in bench.kinesis.records] == ["household-1"] * 3
    assert handle(SAMPLE, None, wired=bench.wires)["statusCode"] == 401


def test_a_mixed_batch_is_accepted_and_its_refused_quarantined(bench):
    """Send good, bad, good."""
    bad = track(2, userId=None)
    assert bench.send(batch(track(1), bad, track(3))) == (
        200,
        {
            "success": True,
            "refused": [
                {
                    "index": 1,
                    "messageId": "m-2",
                    "field": "userId",
                    "reason": "is missing, and so is anonymousId",
                }
            ],
        },
    )
    assert [event.message_id for event in bench.events()] == ["m-1", "m-3"]
    ((_, key), kept), *rest = bench.s3.objects.items()
    assert not rest
    assert key.startswith("records/is-missing-and-so-is-anonymousid/2026-01-31/")
    kept = json.loads(kept)
    assert json.loads(base64.b64decode(kept["original"])) == bad
    assert (kept["field"], kept["source"], kept["at_ms"]) == ("userId", "collect_events", NOW)


def test_when_nothing_is_accepted_the_answer_is_400_with_field_and_reason(bench):
    """Send one bad message, then a batch of them."""
    status, body = bench.send(json.dumps(track(event=None)), "POST /v1/track")
    assert (status, body["error"]) == (400, {"field": "event", "reason": "is missing"})
    status, body = bench.send(batch({}, {}))
    assert (status, [each["index"] for each in body["refused"]]) == (400, [0, 1])
    assert bench.kinesis.records == []
    assert len(bench.s3.objects) == 2


@pytest.mark.parametrize(
    ("body", "field"), [("", "body"), ("{", "body"), ("[]", "body"), ("{}", "body"), ('{"batch":[]}', "batch")]
)
def test_a_body_that_is_no_batch_is_a_400(bench, body, field):
    """Send what holds no messages."""
    status, answer = bench.send(body)
    assert (status, answer["error"]["field"]) == (400, field)


def test_what_is_accepted_but_not_put_is_a_503(bench):
    """Let the stream refuse one record for ever; then it recovers and the client sends the whole again."""
    failing = Bench([1] * 99)
    assert failing.send(batch(track(1), track(2)))[0] == 503
    assert bench.send(batch(track(1), track(2)))[0] == 200


def test_partial_failures_are_retried_and_the_answer_is_a_success():
    """Let the stream refuse some records twice."""
    bench = Bench([2, 1])
    assert bench.send(batch(*[track(number) for number in range(5)]))[0] == 200
    assert sorted(event.message_id for event in bench.events()) == [f"m-{number}" for number in range(5)]


def test_the_write_key_may_be_in_header_body_or_query(bench):
    """Present the key in each place, and none or another key."""
    none = {"headers": {}}
    assert bench.send(batch(track()), **none)[0] == 401
    assert bench.send(batch(track(), writeKey=KEY), **none)[0] == 200
    assert bench.send(batch(track()), queryStringParameters={"writeKey": KEY}, **none)[0] == 200
    assert bench.send(json.dumps({**track(), "writeKey": KEY}), "POST /v1/t", **none)[0] == 200
    assert bench.send(batch(track(), writeKey=7), **none)[0] == 401
    assert bench.send(batch(track()), headers={"authorization": basic(DECIDE_KEY)})[0] == 401
    assert bench.send("garbage", **none)[0] == 401


@pytest.mark.parametrize("name", [name for name in KIND_OF if name != "batch"])
def test_every_call_has_a_route_and_a_letter(bench, name):
    """Send each call to both its routes, without a type."""
    call = {"userId": "u-1", "event": "Thing Done", "previousId": "a-1", "groupId": "g-1"}
    assert bench.send(json.dumps(call), f"POST /v1/{name}")[0] == 200
    assert bench.send(json.dumps(call), f"POST /v1/{name[0]}")[0] == 200
    assert [event.kind for event in bench.events()] == [name] * 2


def test_a_batch_has_a_letter_and_other_routes_are_404(bench):
    """Send to /v1/b and elsewhere."""
    assert bench.send(batch(track()), "POST /v1/b")[0] == 200
    assert bench.send(batch(track()), "POST /v1/x")[0] == 404


def test_gzip_is_read_as_base64_as_text_and_already_inflated(bench):
    """Send the same batch as API Gateway or an emulator may hand it over."""
    body = batch(track())
    packed = gzip.compress(body.encode())
    headers = {"authorization": basic(KEY), "content-encoding": "gzip"}
    assert bench.send(base64.b64encode(packed).decode(), isBase64Encoded=True, headers=headers)[0] == 200
    assert bench.send(base64.b64encode(packed).decode(), headers=headers)[0] == 200
    assert bench.send(packed.decode("latin-1"), headers=headers)[0] == 200
    assert bench.send(body, headers=headers)[0] == 200
    assert bench.send(base64.b64encode(packed[:-9]).decode(), isBase64Encoded=True, headers=headers)[0] == 400


def test_a_beacon_needs_no_headers(bench):
    """Send what `navigator.sendBeacon` sends: text, the key inside."""
    beacon = {"anonymousId": "a-1", "name": "Home", "writeKey": KEY, "context": {"page": {"path": "/"}}}
    headers = {"content-type": "text/plain;charset=UTF-8", "origin": "https://shop.example.com"}
    assert bench.send(json.dumps(beacon), "POST /v1/p", headers=headers)[0] == 200
    (event,) = bench.events()
    assert (event.partition_key, event.path) == ("a-1", "/")


def test_sizes_over_the_limits_are_a_413(bench):
    """Send a call and a batch at the limit and one byte more, and a bomb."""
    call = json.dumps(track())
    assert bench.send(call.ljust(MAX_EVENT_BYTES), "POST /v1/track")[0] == 200
    assert bench.send(call.ljust(MAX_EVENT_BYTES + 1), "POST /v1/track")[0] == 413
    assert bench.send(batch(track()).ljust(MAX_BATCH_BYTES))[0] == 200
    assert bench.send(batch(track()).ljust(MAX_BATCH_BYTES + 1))[0] == 413
    bomb = base64.b64encode(gzip.compress(b" " * 20_000_000)).decode()
    assert bench.send(bomb, isBase64Encoded=True)[0] == 413


def test_received_at_is_the_gateway_s_time_and_the_clock_is_corrected(bench):
    """Send from a client that is an hour fast and claims another arrival."""
    message = track(timestamp="2026-01-31T13:00:00Z", receivedAt="2020-01-01T00:00:00Z")
    assert bench.send(batch(message, sentAt="2026-01-31T13:00:10Z"))[0] == 200
    (event,) = bench.events()
    assert (event.received_at_ms, event.event_time_ms) == (NOW, NOW - 10_000)


def test_addresses_are_counted_and_never_logged(bench, capsys):
    """Send addresses in a property that passes and in an id."""
    order = track(event="Order Completed", properties={"order_id": "ann@example.com"})
    assert bench.send(batch(order, track(2, userId="ben@example.com")))[0] == 200
    line = json.loads(capsys.readouterr().out)
    assert (line["AddressesDropped"], line["EventsAccepted"], line["EventsRefused"]) == (1, 1, 1)
    assert "example.com" not in json.dumps(line)
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Addressee"
    assert b"example.com" not in bench.kinesis.records[0][1]


PARTS = [
    None,
    True,
    0,
    -1,
    1e300,
    10**40,
    "",
    "x",
    "\0",
    "\ud800",
    "ann@example.com",
    "9" * 300,
    [],
    {},
    [[]],
    {"": {}},
]
FIELDS = [
    "type",
    "messageId",
    "userId",
    "anonymousId",
    "event",
    "timestamp",
    "sentAt",
    "context",
    "properties",
    "traits",
]


def fuzzed_message(random):
    """Make a message in which some fields are nonsense."""
    message = track(random.randrange(9), properties={"products": [{"product_id": "p", "price": 1}]})
    for field in random.sample(FIELDS, random.randrange(4)):
        message[field] = random.choice(PARTS)
    if random.random() < 0.3:
        message["event"] = random.choice(["Order Completed", "Email Opened", "Cart Viewed"])
        name = random.choice(["price", "products", "revenue", "quantity", "currency", "send_id", "product_id"])
        message["properties"] = {name: random.choice(PARTS)}
    return message


def fuzzed_request(random):
    """Make an HTTP request: a route, headers, and a body that may be damaged."""
    body = json.dumps({"batch": [fuzzed_message(random) for _ in range(random.randrange(4))]})
    if random.random() < 0.4:
        body = json.dumps(fuzzed_message(random))
    if random.random() < 0.3:
        cut = random.randrange(len(body))
        body = body[:cut] + random.choice(["", "\x00", "}", "[" * 5_000, "\u00fc", '"', "1e999"]) + body[cut + 1 :]
    packed = random.random() < 0.3
    if packed:
        data = gzip.compress(body.encode()) if random.random() < 0.7 else random.randbytes(40)
        body = base64.b64encode(data).decode()[random.choice([0, 0, 0, 1]) :]
    headers = random.choice([{"authorization": basic(KEY)}] * 6 + [{}, {"authorization": "Basic \xff"}, None])
    return {
        **SAMPLE,
        "routeKey": f"POST /v1/{random.choice([*KIND_OF, 'b', 't', 'i', 'x'])}",
        "headers": headers,
        "queryStringParameters": random.choice([None, {}, {"writeKey": "x"}, {"writeKey": KEY}]),
        "body": random.choice([body] * 9 + [None]),
        "isBase64Encoded": packed,
    }


def test_2000_fuzzed_requests_give_no_5xx(bench):
    """Send nonsense of every kind; what is answered with success is on the stream, readable."""
    random, statuses = Random(2026), set()
    for _ in range(2_000):
        before = len(bench.kinesis.records)
        answer = handle(fuzzed_request(random), None, wired=bench.wires)
        statuses.add(answer["statusCode"])
        assert (answer["statusCode"] == 200) == (len(bench.kinesis.records) > before)
    assert statuses == {200, 400, 401, 404}
    assert all(isinstance(event, Event) for event in bench.events())
