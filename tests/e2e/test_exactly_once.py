"""Exactly once on the deployed function: a batch given twice, a record under a foreign key, a redrive."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

from tests.e2e.command import addressee
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows, order

FUNCTION = "addressee-update_profiles"
FOREIGN = "records/is-neither-the-user-id-nor-the-anonymous-id/"
FIRST_NUMBER = 49_640_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000
"""Sequence numbers as long as AWS's: 56 digits."""


def batch(*records: tuple[str, dict[str, Any]], first: int = FIRST_NUMBER) -> bytes:
    """Write what Lambda is given by Kinesis for these (partition key, message) pairs."""
    kinesis = [
        {
            "partitionKey": key,
            "sequenceNumber": str(first + place),
            "data": base64.b64encode(json.dumps(message).encode()).decode(),
            "approximateArrivalTimestamp": time.time(),
        }
        for place, (key, message) in enumerate(records)
    ]
    return json.dumps({"Records": [{"eventSource": "aws:kinesis", "kinesis": each} for each in kinesis]}).encode()


def give(stack: Stack, payload: bytes) -> None:
    """Invoke the deployed function and wait for its answer."""
    answer = stack.client("lambda").invoke(FunctionName=FUNCTION, Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()


def packed(stack: Stack, user_id: str) -> bytes:
    """Read the stored state as it is."""
    return bytes(stack.rows(stack.subject(user_id))["state"]["packed"]["B"])


def test_a_batch_given_twice_changes_nothing_the_second_time(stack: Stack):
    """Nor does a copy of its messages under new sequence numbers; the lake knows each message by its id."""
    user_id = f"twice-{uuid4().hex[:8]}"
    messages = [order(user_id, f"tea-{number}") for number in range(3)]
    records = [(user_id, message) for message in messages]
    give(stack, batch(*records))
    before = packed(stack, user_id)
    assert stack.state(stack.subject(user_id)).orders == 3
    give(stack, batch(*records))
    assert packed(stack, user_id) == before
    give(stack, batch(*records, first=FIRST_NUMBER + 100))
    assert stack.state(stack.subject(user_id)).orders == 3
    sent = {message["messageId"] for message in messages}
    rows = until(lambda: len(found := lake_rows(stack, stack.subject(user_id))) >= len(sent) and found)
    assert {row["message_id"] for row in rows} == sent


def test_a_record_under_a_foreign_key_is_quarantined_and_redriven_under_its_own(stack: Stack):
    """Folded under a key that is not its own, a record could be neither ordered nor recognised again."""
    owner, other = f"owner-{uuid4().hex[:8]}", f"other-{uuid4().hex[:8]}"
    strayed = order(owner, "tea-1")
    give(stack, batch((other, strayed), (other, order(other, "tea-2"))))
    assert stack.state(stack.subject(other)).orders == 1
    assert stack.state(stack.subject(owner)) is None
    kept = {key: json.loads(body) for key, body in stack.objects("QuarantineBucket", FOREIGN).items()}
    (key,) = [key for key, each in kept.items() if owner.encode() in base64.b64decode(each["original"])]
    assert kept[key]["field"] == "partitionKey"
    assert "put on the stream" in addressee(stack, "redrive", "--prefix", FOREIGN)
    assert until(lambda: stack.state(stack.subject(owner))).orders == 1
    assert key not in stack.objects("QuarantineBucket", FOREIGN)
