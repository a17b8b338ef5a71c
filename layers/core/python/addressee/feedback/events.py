"""`Feedback`: one thing that became of a mail, whoever told it, and the message that goes on the stream for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, NamedTuple

from addressee.emails.ports import SendKey
from addressee.emails.send import send_id_of
from addressee.events.times import from_ms

Kind = Literal["sent", "delivered", "bounced", "complained", "rejected", "opened", "clicked", "unsubscribed"]
EVENT_OF: Mapping[Kind, str] = {
    "sent": "Email Sent",
    "delivered": "Email Delivered",
    "bounced": "Email Bounced",
    "complained": "Email Marked as Spam",
    "rejected": "Email Rejected",
    "opened": "Email Opened",
    "clicked": "Email Link Clicked",
    "unsubscribed": "Unsubscribed",
}
"""The names on the stream: those of Segment's e-mail spec, and our two besides."""
HARD, SOFT = "hard", "soft"
_ID_DIGITS = 24


class Refused(NamedTuple):
    """A message that can never be used, and why; it belongs in the dead-letter queue."""

    reason: str


class Unused(NamedTuple):
    """A message that is understood and has no consequence here, and why."""

    reason: str


class Fetch(NamedTuple):
    """The request of an open or a click. `is_bot` is what the mail service thinks of it, None where it says nothing."""

    user_agent: str
    method: str = ""
    is_bot: bool | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What became of a mail at `at_ms`. `key` is None where the mail carries no send id of ours.

    `event_id` is the same in every copy of the event. `mail_id` is the mail service's id, `accepted_at_ms` when it took
    the mail (0: not said). `recipients` are the addresses that bounced or complained; `bounce` is the service's type
    and subtype, `label` of a bounce hard or soft. `fetch` belongs to opens and clicks.
    """

    kind: Kind
    key: SendKey | None
    at_ms: int
    event_id: str
    mail_id: str = ""
    accepted_at_ms: int = 0
    recipients: tuple[str, ...] = ()
    bounce: str = ""
    label: str = ""
    fetch: Fetch | None = None


def event_id(kind: Kind, *told: str | int) -> str:
    """Make the id of an event from its kind and what tells it apart from others of that kind."""
    return f"{kind}-{sha256(json.dumps([kind, *told]).encode()).hexdigest()[:_ID_DIGITS]}"


def key_of(send_id: str) -> SendKey | None:
    """Read a send id, or None where it is none."""
    subject, dot, campaign = send_id.partition(".")
    return SendKey(subject, campaign) if subject and dot and campaign and "." not in campaign else None


def stream_message(feedback: Feedback, key: SendKey, user_id: str, label: str) -> bytes:
    """Write the Segment message of the stream; a copy of the event gives the same bytes."""
    properties = {"send_id": send_id_of(*key), "campaign_id": key.campaign}
    message = {
        "type": "track",
        "messageId": feedback.event_id,
        "userId": user_id,
        "event": EVENT_OF[feedback.kind],
        "timestamp": from_ms(feedback.at_ms),
        "properties": properties | ({"label": label} if label else {}),
    }
    return json.dumps(message, separators=(",", ":")).encode()
