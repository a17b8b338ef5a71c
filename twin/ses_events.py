"""SES's events of a mail, simulated: the JSON that SES publishes to a configuration set's topic.

Amazon SES Developer Guide, "Contents of event data that Amazon SES publishes to Amazon SNS".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

from twin.outbox import SentMail

JSONObject = dict[str, Any]
SMTP_HOST = "a8-1.smtp-out.amazonses.com"


def event_json(kind: str, mail: SentMail, raw: bytes, *, account: str, word: str = "") -> JSONObject:
    """Return the event `kind` (`Send`, `Delivery`, `Bounce`, ...); `word` tells a soft bounce from a hard one."""
    member = kind[:1].lower() + kind[1:]
    return {
        "eventType": kind,
        "mail": _mail(mail, raw, account),
        member: _DETAILS[kind](mail, _iso(mail.at_ms + 1), word),
    }


def _mail(mail: SentMail, raw: bytes, account: str) -> JSONObject:
    message = message_from_bytes(raw, policy=default)
    headers = [{"name": name, "value": str(value)} for name, value in message.items()]
    return {
        "timestamp": _iso(mail.at_ms),
        "source": mail.sender,
        "sendingAccountId": account,
        "messageId": mail.message_id,
        "destination": list(mail.to),
        "headersTruncated": False,
        "headers": headers,
        "commonHeaders": {
            "from": [mail.sender],
            "to": list(mail.to),
            "messageId": mail.message_id,
            "subject": str(message["Subject"] or ""),
        },
        "tags": _tags(mail, account),
    }


def _tags(mail: SentMail, account: str) -> dict[str, list[str]]:
    """Return the mail's tags and those that SES adds; each value is a list."""
    added = {
        "ses:configuration-set": mail.configuration_set,
        "ses:from-domain": mail.sender.rpartition("@")[2].rstrip(">"),
        "ses:caller-identity": account,
        "ses:source-ip": "127.0.0.1",
    }
    return {name: [value] for name, value in {**added, **mail.tags}.items()}


def _send(_mail: SentMail, _at: str, _word: str) -> JSONObject:
    return {}


def _delivery(mail: SentMail, at: str, _word: str) -> JSONObject:
    return {
        "timestamp": at,
        "processingTimeMillis": 1,
        "recipients": list(mail.to),
        "smtpResponse": "250 2.0.0 OK (simulated)",
        "reportingMTA": SMTP_HOST,
    }


def _bounce(mail: SentMail, at: str, word: str) -> JSONObject:
    soft = word == "softbounce"
    status, said = ("4.2.2", "452 4.2.2 mailbox full") if soft else ("5.1.1", "550 5.1.1 user unknown")
    recipient = {"action": "failed", "status": status, "diagnosticCode": f"smtp; {said} (simulated)"}
    return {
        "feedbackId": f"{mail.message_id}-bounce",
        "bounceType": "Transient" if soft else "Permanent",
        "bounceSubType": "MailboxFull" if soft else "General",
        "bouncedRecipients": [{"emailAddress": address, **recipient} for address in mail.to],
        "timestamp": at,
        "reportingMTA": f"dsn; {SMTP_HOST}",
    }


def _complaint(mail: SentMail, at: str, _word: str) -> JSONObject:
    return {
        "feedbackId": f"{mail.message_id}-complaint",
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": address} for address in mail.to],
        "timestamp": at,
        "userAgent": "Simulated-Feedback-Loop/1.0",
        "complaintFeedbackType": "abuse",
        "arrivalDate": at,
    }


def _reject(_mail: SentMail, _at: str, _word: str) -> JSONObject:
    return {"reason": "Bad content"}


_DETAILS: Mapping[str, Any] = {
    "Send": _send,
    "Delivery": _delivery,
    "Bounce": _bounce,
    "Complaint": _complaint,
    "Reject": _reject,
}


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
