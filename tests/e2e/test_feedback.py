"""What comes back of mails: who is suppressed, which state a row ends in, and who of those that click is a person."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import sleep, time
from typing import Any
from uuid import uuid4

import pytest

from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.dynamo_suppressions import DynamoSuppressions
from addressee.emails.ports import SendKey
from addressee.emails.send import Send, slot_of
from addressee.profiles.subject import address_hash
from tests.e2e.inbox import Mail, Reader, letter
from tests.e2e.mailing import Crowd, Mailing, Recipient
from tests.e2e.products import put_items, suggest
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows
from tests.e2e.test_links import empty
from twin.deploy import ACCOUNT
from twin.ses_events import event_json

WORDS = (
    "complaint",
    "bounce",
    "softbounce",
    "reader",
    "scanned",
    "impatient",
    "silent-late",
    "silent-shuffled",
    "silent-lost",
)
SILENT = "silent"
HUMAN_AFTER_SECONDS = 11.0
CLICKED = "Email Link Clicked"
OFTEN = {"perDay": 9, "perWeek": 9}
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Told:
    """One campaign, of which SES told what each address asks for; `silent` ones are without any event."""

    campaign: str
    people: Mapping[str, Recipient]
    mails: Mapping[str, Mail]
    rows: Mapping[str, Send]


@pytest.fixture(scope="module")
def told(mailing: Mailing) -> Told:
    """Mail everybody once; three have products, so that there is something to click, and one clicks at once."""
    crowd = mailing.gather(*WORDS)
    people = dict(zip(WORDS, crowd.recipients, strict=True))
    items = list(put_items(mailing.stack))
    for word in ("reader", "scanned", "impatient"):
        suggest(mailing.stack, crowd, people[word], items)
    campaign = mailing.plan(crowd)
    mailing.dispatch()
    until(lambda: mailing.mails_to(campaign, people["impatient"]))
    Reader(mailing.stack).fetch(letter(mailing, campaign, people["impatient"]).links("c")[0])
    heard = Crowd("", tuple(who for word, who in people.items() if not word.startswith(SILENT)))
    mailing.settled(campaign, heard)
    until(lambda: all(row.state == "sent" for row in _silent(mailing, campaign, people)))
    rows = mailing.rows(campaign, crowd)
    return Told(
        campaign,
        people,
        {word: letter(mailing, campaign, who) for word, who in people.items()},
        {word: rows[who.subject] for word, who in people.items()},
    )


def _silent(mailing: Mailing, campaign: str, people: Mapping[str, Recipient]) -> list[Send]:
    return [mailing.row(campaign, who) for word, who in people.items() if word.startswith(SILENT)]


def suppressed(stack: Stack, who: Recipient) -> str | None:
    """Return why an address is never mailed again, or None."""
    key = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SubjectSecret"])["SecretString"]
    suppressions = DynamoSuppressions(stack.outputs["SuppressionsTable"], stack.client("dynamodb"))
    return suppressions.reason(address_hash(who.address, key=key.encode()))


def grant_anew(stack: Stack, who: Recipient) -> None:
    """Let the admin API grant consent as of now: later than any bounce or complaint."""
    said = {"granted": True, "proof": "simulated, asked again", "source": "test", "at": datetime.now(UTC).isoformat()}
    reply = stack.call("PUT", f"/v1/users/{who.user_id}", {"consent": {"email": said}}, scope="admin")
    assert reply.status == 200, reply
    assert stack.rows(who.subject)["consent"]["c_email"]["M"]["granted"] == {"BOOL": True}


def publish(stack: Stack, kind: str, mail: Mail, word: str = "") -> None:
    """Publish an event of SES to the deployed topic, as SES does."""
    event = event_json(kind, mail.sent, mail.raw, account=ACCOUNT, word=word)
    stack.client("sns").publish(TopicArn=stack.outputs["FeedbackTopic"], Message=json.dumps(event))


def handled(stack: Stack) -> None:
    """Wait until `record_feedback` is done with everything that was published."""
    until(lambda: empty(stack, "FeedbackQueue"))


# --- suppression ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "state", "reason", "event"),
    [
        ("complaint", "complained", "complaint", "Email Marked as Spam"),
        ("bounce", "bounced", "hard_bounce", "Email Bounced"),
    ],
)
def test_a_complaint_or_a_hard_bounce_suppresses_and_is_told(  # noqa: PLR0913, PLR0917  # columns of a table
    stack: Stack, told: Told, word: str, state: str, reason: str, event: str
):
    """The row, the suppression list, and the lake, under the name of Segment's e-mail spec."""
    who = told.people[word]
    assert told.rows[word].state == state
    assert suppressed(stack, who) == reason
    (row,) = until(lambda: [row for row in lake_rows(stack, who.subject) if row["name"] == event])
    assert (row["send_id"], row["campaign"]) == (told.rows[word].send_id, told.campaign)


def test_who_is_suppressed_gets_nothing_by_any_path_though_consent_is_granted_anew(mailing: Mailing, told: Told):
    """Not by the next dispatch, and no decision says to mail; the reason is the suppression, since consent is there."""
    stack = mailing.stack
    crowd = mailing.put([told.people["complaint"], told.people["bounce"]])
    for who in crowd.recipients:
        grant_anew(stack, who)
    campaign = mailing.plan(crowd, caps=OFTEN)
    mailing.dispatch()
    rows = mailing.settled(campaign, crowd)
    assert {(row.state, row.reason) for row in rows.values()} == {("skipped", "suppressed")}
    assert mailing.mails(campaign) == []
    for who in crowd.recipients:
        asked = {"campaign": f"asked-{uuid4().hex[:8]}", "userId": who.user_id}
        said = stack.call("POST", "/v1/decisions", asked, scope="decide").body
        assert (said["mail"], said["reason"]) == (False, "suppressed")
    assert (
        len([mail for mail in stack.twin.outbox.mails() if mail.to[0] in {who.address for who in crowd.recipients}])
        == 2
    )


def test_a_complaint_stops_the_mail_that_waits_in_the_queue(mailing: Mailing):
    """It is queued and unsent when the complaint about an earlier mail arrives; a grant after that changes nothing."""
    stack = mailing.stack
    crowd = mailing.gather("silent-complaining")
    (who,) = crowd.recipients
    first = mailing.plan(crowd)
    mailing.dispatch()
    until(lambda: mailing.row(first, who).state == "sent")
    with mailing.held("send_email"):
        second = mailing.plan(crowd, caps=OFTEN)
        mailing.dispatch()
        assert mailing.row(second, who).state == "queued"
        publish(stack, "Complaint", letter(mailing, first, who))
        until(lambda: suppressed(stack, who) == "complaint")
        grant_anew(stack, who)
    row = mailing.settled(second, crowd)[who.subject]
    assert (row.state, row.reason) == ("skipped", "suppressed")
    assert mailing.mails(second) == []
    assert mailing.row(first, who).state == "complained"


def test_soft_bounces_count_once_a_mail_and_suppress_at_the_limit(mailing: Mailing, told: Told):
    """Two of the limit's two: the first one's event comes twice and counts once; after the second nothing is sent."""
    stack, who = mailing.stack, told.people["softbounce"]
    assert (told.rows["softbounce"].state, told.rows["softbounce"].bounce) == ("bounced", "Transient/MailboxFull")
    publish(stack, "Bounce", told.mails["softbounce"], "softbounce")
    handled(stack)
    assert len(stack.rows(who.subject)["bounces"]["soft"]["SS"]) == 1
    assert suppressed(stack, who) is None
    crowd = mailing.put([who])
    second = mailing.plan(crowd, caps=OFTEN)
    mailing.dispatch()
    assert mailing.settled(second, crowd)[who.subject].state == "bounced"
    until(lambda: suppressed(stack, who) == "soft_bounces")
    third = mailing.plan(crowd, caps=OFTEN)
    mailing.dispatch()
    row = mailing.settled(third, crowd)[who.subject]
    assert (row.state, row.reason) == ("skipped", "suppressed")
    assert mailing.mails(third) == []


# --- people and machines --------------------------------------------------------------------------------------------
def test_people_who_click_move_their_profile_and_machines_the_lake_alone(stack: Stack, told: Told):
    """A browser ten seconds after the mail is a person; a program is none, and neither is whoever clicks at once."""
    reader = Reader(stack)
    for word, agent in (("reader", ""), ("scanned", "Barracuda Sentinel (EE)")):
        newest = told.rows[word].settled_at_ms / 1000
        sleep(max(0.0, newest + HUMAN_AFTER_SECONDS - time()))
        answer = reader.fetch(told.mails[word].links("c")[0], agent=agent)
        assert answer.status == 302
    until(lambda: labels(stack, told.people["reader"]) == ["human"])
    until(lambda: labels(stack, told.people["scanned"]) == ["machine"])
    person, machine = (stack.state(told.people[word].subject) for word in ("reader", "scanned"))
    assert person is not None
    assert (person.clicks, person.last_click_ms > 0) == (1, True)
    assert machine is None or (machine.clicks, machine.last_click_ms) == (0, 0)


def test_a_click_sooner_than_people_are_is_a_machines(stack: Stack, told: Told):
    """With a browser's own agent, as soon as SES had taken the mail; the fixture clicked."""
    who = told.people["impatient"]
    until(lambda: labels(stack, who) == ["machine"])
    state = stack.state(who.subject)
    assert state is None or state.clicks == 0


def labels(stack: Stack, who: Recipient) -> list[object]:
    """Return the label of each click of somebody that is in the lake."""
    rows = {row["message_id"]: row["label"] for row in lake_rows(stack, who.subject) if row["name"] == CLICKED}
    return list(rows.values())


# --- events of SES --------------------------------------------------------------------------------------------------
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
