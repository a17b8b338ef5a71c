"""Events reach profile, lake and quarantine through unmodified clients."""

import base64
import gzip
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from segment.analytics.client import Client

from tests.e2e.stack import Stack, until


def order(user_id: str, item_id: str, **more: object) -> dict[str, object]:
    """Build an Order Completed message of one line."""
    line = {"product_id": item_id, "category": "Tea", "price": 4.5, "quantity": 2}
    properties = {"order_id": uuid4().hex, "currency": "EUR", "revenue": 9.0, "products": [line]}
    message = {"type": "track", "event": "Order Completed", "userId": user_id, "messageId": uuid4().hex}
    return {**message, "properties": properties, "timestamp": datetime.now(UTC).isoformat(), **more}


def lake_rows(stack: Stack, subject: str) -> list[dict[str, object]]:
    """Read a subject's rows from the raw part of the lake."""
    rows = []
    for body in stack.objects("LakeBucket", "raw/").values():
        text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        rows += [row for row in map(json.loads, text.splitlines()) if row["subject"] == subject]
    return rows


@pytest.mark.parametrize("compressed", [False, True])
def test_the_events_of_segments_own_python_client_are_found_in_profile_and_lake(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, compressed: bool
):
    """PyPI `segment-analytics-python`, unmodified, with and without gzip."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stack.twin.certificate))
    user_id, problems = f"segment-{compressed}-{uuid4().hex[:8]}", []
    client = Client(
        stack.keys["write"],
        host=stack.outputs["ApiUrl"],
        gzip=compressed,
        on_error=lambda error, _items: problems.append(error),
    )
    client.identify(user_id, {"plan": "gold"})
    client.track(user_id, "Order Completed", order(user_id, "tea-1")["properties"])
    client.page(user_id, "Shop", "Tea")
    client.flush()
    client.join()
    assert not problems
    subject = stack.subject(user_id)
    until(lambda: (state := stack.state(subject)) and state.orders == 1)
    rows = until(lambda: len(found := lake_rows(stack, subject)) >= 3 and found)
    assert {row["kind"] for row in rows} == {"identify", "track", "page"}
    assert user_id not in json.dumps(rows)


def test_a_beacon_of_plain_text_is_taken_and_a_browser_may_ask_first(stack: Stack):
    """`sendBeacon` sends text/plain without headers of its own; the write key is in the body; CORS answers."""
    anonymous_id = f"visitor-{uuid4().hex[:8]}"
    viewed = {"type": "track", "event": "Product Viewed", "properties": {"product_id": "tea-2", "category": "Tea"}}
    body = {
        "writeKey": stack.keys["write"],
        "batch": [{**viewed, "anonymousId": anonymous_id, "messageId": uuid4().hex}],
    }
    headers = {"content-type": "text/plain;charset=UTF-8", "origin": "https://shop.example.com"}
    reply = stack.call("POST", "/v1/batch", json.dumps(body).encode(), headers=headers)
    assert (reply.status, reply.body["success"]) == (200, True)
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
    preflight = stack.call("OPTIONS", "/v1/batch", headers={**headers, **asked})
    allowed = {name.lower(): value for name, value in preflight.headers.items()}
    assert preflight.status in {200, 204}
    assert allowed["access-control-allow-origin"] in {"*", "https://shop.example.com"}
    until(lambda: (state := stack.state(stack.subject(anonymous_id, "anonymous"))) and state.views == 1)


def test_an_invalid_message_is_quarantined_with_its_reason_and_the_rest_goes_on(stack: Stack):
    """A mixed batch answers 200 and names what it refused."""
    user_id = f"mixed-{uuid4().hex[:8]}"
    broken = order(user_id, "tea-3", messageId=f"broken-{uuid4().hex}", timestamp="yesterday")
    reply = stack.track(order(user_id, "tea-3"), broken)
    assert reply.status == 200
    (refused,) = reply.body["refused"]
    assert (refused["index"], refused["messageId"]) == (1, broken["messageId"])
    assert "timestamp" in refused["field"]
    until(lambda: (state := stack.state(stack.subject(user_id))) and state.orders == 1)
    kept = [json.loads(body) for body in stack.objects("QuarantineBucket", "records/").values()]
    originals = [base64.b64decode(each["original"]).decode() for each in kept]
    assert any(broken["messageId"] in original for original in originals)


def test_records_that_a_back_end_puts_on_the_stream_go_the_same_way(stack: Stack):
    """Garbage beside a good record is quarantined; the good one is folded; the same records again change nothing."""
    user_id = f"backend-{uuid4().hex[:8]}"
    message = json.dumps(order(user_id, "tea-4")).encode()
    garbage = f"not json {uuid4().hex}".encode()
    records = [{"Data": garbage, "PartitionKey": user_id}, {"Data": message, "PartitionKey": user_id}]
    kinesis = stack.client("kinesis")
    subject = stack.subject(user_id)
    for _ in range(2):
        assert kinesis.put_records(StreamName=stack.outputs["EventStream"], Records=records)["FailedRecordCount"] == 0
    marker = {"Data": json.dumps(order(user_id, "tea-5")).encode(), "PartitionKey": user_id}
    kinesis.put_records(StreamName=stack.outputs["EventStream"], Records=[marker])
    state = until(lambda: (state := stack.state(subject)) and state.orders >= 2 and state)
    assert state.orders == 2
    quarantined = stack.objects("QuarantineBucket", "records/").values()
    assert any(base64.b64decode(json.loads(body)["original"]) == garbage for body in quarantined)


def test_an_anonymous_visitor_who_signs_in_is_one_person_afterwards(stack: Stack):
    """What the visitor did counts for the user; the visitor's row becomes a pointer."""
    user_id, anonymous_id = f"merge-{uuid4().hex[:8]}", f"visitor-{uuid4().hex[:8]}"
    viewed = {
        "type": "track",
        "event": "Product Viewed",
        "properties": {"product_id": "tea-6"},
        "messageId": uuid4().hex,
    }
    stack.track({**viewed, "anonymousId": anonymous_id})
    visitor = stack.subject(anonymous_id, "anonymous")
    until(lambda: stack.state(visitor))
    signed_in = {"type": "identify", "userId": user_id, "anonymousId": anonymous_id, "messageId": uuid4().hex}
    assert stack.track({**signed_in, "traits": {"plan": "gold"}}).status == 200
    subject = stack.subject(user_id)
    until(lambda: (state := stack.state(subject)) and state.views == 1)
    assert stack.rows(visitor)["state"]["merged_into"]["S"] == subject
