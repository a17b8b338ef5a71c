"""One campaign whose feedback several tests look at, and how they tell more: SES's events, published and handled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from addressee.emails.send import Send
from tests.e2e.inbox import Mail, Reader, letter
from tests.e2e.mailing import Crowd, Mailing, Recipient
from tests.e2e.products import put_items, suggest
from tests.e2e.stack import Stack, until
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


@dataclass(frozen=True)
class Told:
    """One campaign, of which SES told what each address asks for; `silent` ones are without any event."""

    campaign: str
    people: Mapping[str, Recipient]
    mails: Mapping[str, Mail]
    rows: Mapping[str, Send]


def mail_and_listen(mailing: Mailing) -> Told:
    """Mail everybody once; three have products, so that there is something to click, and one clicks at once.

    Return it once SES told of every mail that is not `silent`.
    """
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


def publish(stack: Stack, kind: str, mail: Mail, word: str = "") -> None:
    """Publish an event of SES to the deployed topic, as SES does."""
    event = event_json(kind, mail.sent, mail.raw, account=ACCOUNT, word=word)
    stack.client("sns").publish(TopicArn=stack.outputs["FeedbackTopic"], Message=json.dumps(event))


def handled(stack: Stack) -> None:
    """Wait until `record_feedback` is done with everything that was published."""
    until(lambda: _empty(stack, "FeedbackQueue"))


def _empty(stack: Stack, queue: str) -> bool:
    """Say whether no message waits in a queue or is being handled."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    asked = stack.client("sqs").get_queue_attributes(QueueUrl=stack.outputs[queue], AttributeNames=names)
    return all(int(value) == 0 for value in asked["Attributes"].values())
