"""A mail that Addressee sent, the events that SES publishes about it, and everything that recording them needs."""

import json
from dataclasses import dataclass, field
from typing import Any

from addressee.emails.ports import SendKey
from addressee.emails.send import Send
from addressee.events.times import from_ms
from addressee.feedback.ports import Recipient
from addressee.feedback.record import Ports, Recorded, record_feedback
from addressee.profiles.subject import address_hash, subject_of
from tests.fakes.recipients import InMemoryRecipients
from tests.fakes.sends import InMemorySends
from tests.fakes.suppressions import InMemorySuppressions

KEY = b"a made-up key"
SUBJECT = subject_of("u1", kind="user", key=KEY)
SENT_MS = 1_790_000_000_000
NOW_MS = SENT_MS + 3_600_000
ADDRESS = "one@example.com"
MAIL_ID = "0100017-made-up-000000"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SOFT = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
"""The details of a soft bounce."""


def ses_event(kind: str, *, after_ms: int = 1_000, campaign: str = "spring", **about: Any) -> dict[str, Any]:
    """Write an event as SES's configuration set publishes it; `about` are the details of its kind."""
    mail = {
        "timestamp": from_ms(SENT_MS),
        "messageId": f"{MAIL_ID}-{campaign}",
        "source": "Shop <shop@example.com>",
        "sendingAccountId": "123456789012",
        "destination": [ADDRESS],
        "tags": {"send_id": [f"{SUBJECT}.{campaign}"], "ses:configuration-set": ["addressee"]},
    }
    at = {} if kind in ("Send", "Reject") else {"timestamp": from_ms(SENT_MS + after_ms)}
    details: dict[str, Any] = {
        "Bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": ADDRESS, "status": "5.1.1"}],
        },
        "Complaint": {"complainedRecipients": [{"emailAddress": ADDRESS}], "complaintFeedbackType": "abuse"},
        "Reject": {"reason": "Bad content"},
        "Open": {"userAgent": BROWSER, "ipAddress": "192.0.2.1"},
        "Click": {
            "userAgent": BROWSER,
            "ipAddress": "192.0.2.1",
            "link": "https://shop.example.com/",
            "linkTags": None,
        },
    }
    member = {"Rendering Failure": "failure"}.get(kind, kind[:1].lower() + kind[1:])
    return {"eventType": kind, "mail": mail, member: {**at, **details.get(kind, {}), **about}}


def engagement(kind: str, *, after_ms: int = 60_000, agent: str = BROWSER, method: str = "GET") -> dict[str, Any]:
    """Write the message that `serve_links` queues."""
    return {
        "source": "addressee",
        "kind": kind,
        "sendId": f"{SUBJECT}.spring",
        "atMs": SENT_MS + after_ms,
        "messageId": f"{kind}-{after_ms}",
        "method": method,
        "userAgent": agent,
        "link": "product-1",
    }


class Stream:
    """The event stream in memory; it refuses while told to."""

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[tuple[str, bytes]] = []
        self.is_down = False

    def put(self, records: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        """Take all records or none."""
        if self.is_down:
            return list(records)
        self.records += records
        return []


@dataclass
class World:
    """Everything in memory: one person, one row in `state`."""

    state: str = "sent"
    limit: int = 3
    suppressions: InMemorySuppressions = field(default_factory=InMemorySuppressions)
    sends: InMemorySends = field(default_factory=InMemorySends)
    recipients: InMemoryRecipients = field(default_factory=InMemoryRecipients)
    stream: Stream = field(default_factory=Stream)

    def __post_init__(self) -> None:
        """Send the mail."""
        self.recipients.people[SUBJECT] = Recipient("u1", ADDRESS)
        self.add_row("spring")

    def add_row(self, campaign: str) -> None:
        """Add a row that was claimed, and accepted where its state says so."""
        out = self.state not in ("claimed", "unknown")
        sent = {"sent_at_ms": SENT_MS, "settled_at_ms": SENT_MS, "message_id": f"{MAIL_ID}-{campaign}"} if out else {}
        self.sends.put_new(Send(SUBJECT, campaign, self.state, claimed_at_ms=SENT_MS - 50, claim="c1", **sent))

    @property
    def ports(self) -> Ports:
        """The ports of the use case."""
        return Ports(lambda: KEY, self.suppressions, self.sends, self.recipients, self.stream, self.limit)

    def record(self, message: Any, *, ports: Ports | None = None, received_at_ms: int = NOW_MS) -> Recorded:
        """Record one message; with other ports, those that fail."""
        body = message if isinstance(message, str) else json.dumps(message)
        return record_feedback(body, ports or self.ports, received_at_ms=received_at_ms)

    def row(self, campaign: str = "spring") -> Send:
        """Read the row."""
        row = self.sends.get(SendKey(SUBJECT, campaign))
        assert row is not None
        return row

    def told(self) -> list[tuple[str, str]]:
        """List what is on the stream, as (event, label)."""
        messages = [json.loads(data) for _, data in self.stream.records]
        return [(each["event"], each["properties"].get("label", "")) for each in messages]

    def suppressed(self, address: str = ADDRESS) -> str | None:
        """Return why an address is suppressed, or None."""
        return self.suppressions.reason(address_hash(address, key=KEY))
