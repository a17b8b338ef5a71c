"""SES's events as queues deliver them: twice, late, in another order, and none at all; which state a row ends in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.emails.ports import SendKey
from addressee.emails.send import slot_of
from tests.e2e.feedback import Told, handled, publish
from tests.e2e.mailing import Mailing, Recipient
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows

DAY_MS = 86_400_000


def test_events_that_come_twice_or_in_another_order_settle_a_row_once(stack: Stack, mailing: Mailing, told: Told):
    """Delivery before Send, each twice: delivered, as of the delivery; one event of each kind in profile and lake."""
    who, mail = told.people["silent-shuffled"], told.mails["silent-shuffled"]
    assert mailing.row(told.campaign, who).state == "sent"
    for kind in ("Delivery", "Delivery", "Send", "Delivery", "Send"):
        publish(stack, kind, mail)
    until(lambda: mailing.row(told.campaign, who).state == "delivered")
    handled(stack)
    row = mailing.row(told.campaign, who)
    assert (row.state, row.settled_at_ms, row.message_id) == ("delivered", mail.sent.at_ms + 1, mail.sent.message_id)
    names = until(lambda: (found := _told(stack, who)).keys() >= {"Email Delivered", "Email Sent"} and found)
    assert names == {"Email Delivered": 1, "Email Sent": 1}


def test_a_bounce_after_the_delivery_settles_and_a_late_delivery_changes_nothing(
    stack: Stack, mailing: Mailing, told: Told
):
    """A later state wins whichever event comes last."""
    who, mail = told.people["silent-late"], told.mails["silent-late"]
    for kind in ("Delivery", "Bounce", "Delivery", "Send"):
        publish(stack, kind, mail)
        handled(stack)
    row = mailing.row(told.campaign, who)
    assert (row.state, row.bounce, row.slot) == ("bounced", "Permanent/General", "")


def _told(stack: Stack, who: Recipient) -> dict[str, int]:
    """Count the events of the lake by name, each message once."""
    messages = {row["message_id"]: str(row["name"]) for row in lake_rows(stack, who.subject)}
    return {name: list(messages.values()).count(name) for name in messages.values()}


def test_an_unknown_mail_is_settled_by_its_late_event(stack: Stack, mailing: Mailing, told: Told):
    """A row as a killed worker leaves it: given up by `dispatch_sends`, sent by nobody, settled by the event."""
    who, mail = told.people["silent-lost"], told.mails["silent-lost"]
    key, row = SendKey(who.subject, told.campaign), mailing.row(told.campaign, who)
    sends = DynamoSendStore(stack.outputs["SendsTable"], stack.client("dynamodb"))
    long_ago = row.claimed_at_ms - DAY_MS
    slot = slot_of(who.subject, row.due_ms)
    assert sends.amend(key, {"state": "sent"}, state="claimed", claimed_at_ms=long_ago, slot=slot).won
    until(lambda: mailing.dispatch() and mailing.row(told.campaign, who).state == "unknown")
    assert len(mailing.mails_to(told.campaign, who)) == 1
    publish(stack, "Delivery", mail)
    until(lambda: mailing.row(told.campaign, who).state == "delivered")
    mailing.dispatch()
    assert len(mailing.mails_to(told.campaign, who)) == 1


# --- what nobody can read -------------------------------------------------------------------------------------------
def test_garbage_ends_among_the_dead_letters_and_its_content_is_not_logged(stack: Stack, mailing: Mailing):
    """Tried as often as the queue says; mails' events that come with it are recorded."""
    sqs, queue = stack.client("sqs"), stack.outputs["FeedbackQueue"]
    secret = f"somebody-{uuid4().hex}@example.com"
    bodies = [f"{secret} is no JSON", json.dumps({"eventType": "Nonsense", "mail": {"destination": [secret]}})]
    dead = dead_letters(stack)
    with impatient(sqs, queue):
        sent = {sqs.send_message(QueueUrl=queue, MessageBody=body)["MessageId"] for body in bodies}
        found: dict[str, str] = {}
        until(lambda: found.update(_received(sqs, dead)) or sorted(found.values()) == sorted(bodies))
    lines = [line for line in mailing.logged("record_feedback") if line.get("message") == "refused"]
    assert {line["message_id"] for line in lines} >= sent
    assert {line["reason"] for line in lines} >= {"is no JSON object", "eventType is none that is known"}
    assert secret not in json.dumps(mailing.logged("record_feedback"))


def dead_letters(stack: Stack) -> str:
    """Return the address of the Feedback queue's dead-letter queue, from its redrive policy."""
    sqs, queue = stack.client("sqs"), stack.outputs["FeedbackQueue"]
    said = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    policy = json.loads(said)
    assert int(policy["maxReceiveCount"]) == 5
    return str(sqs.get_queue_url(QueueName=policy["deadLetterTargetArn"].rpartition(":")[2])["QueueUrl"])


@contextmanager
def impatient(sqs: Any, queue: str) -> Iterator[None]:
    """Let messages that failed come again after a second, not after minutes, as long as the block lasts."""
    kept = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=kept)


def _received(sqs: Any, queue: str) -> dict[str, str]:
    """Take what lies in a queue: body by message id."""
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for each in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return {each["MessageId"]: each["Body"] for each in messages}
