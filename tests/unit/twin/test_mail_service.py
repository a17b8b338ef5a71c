"""The twin's SES: raw mails are kept byte for byte, answered as their address asks, and followed by their events."""

import asyncio
import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from twin.mail_service import ACCOUNT, OUTBOUND, MailService
from twin.outbox import Outbox
from twin.ses_events import event_json

RAW = (
    b"From: Example Shop <mail@shop.example.com>\r\nTo: {to}\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Own: 1\r\n\r\nHello\r\n"
)
QUOTA = {"SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 3.0}, "SendingEnabled": True}


class Emulator:
    """An ASGI application that answers as the emulator does, and keeps the bodies that it was given."""

    def __init__(self, status: int = 200) -> None:
        """Answer with this status."""
        self.status, self.bodies = status, []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Read a body, answer."""
        body = (await receive()).get("body", b"")
        self.bodies.append(body)
        said = QUOTA if scope["path"] == ACCOUNT else {"MessageId": f"id-{len(self.bodies)}@email.amazonses.com"}
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})


class Twin:
    """The service with its outbox, and what it published."""

    def __init__(self, folder: Path, emulator: Emulator | None = None) -> None:
        """Keep mails below `folder`."""
        self.emulator, self.outbox, self.published = emulator or Emulator(), Outbox(folder / "outbox"), []
        self.service = MailService(self.emulator, self.outbox, self._publish, per_second=100.0)

    def _publish(self, kind: str, mail: Any, raw: bytes, word: str) -> None:
        self.published.append(event_json(kind, mail, raw, account="000000000000", word=word))

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any, dict[bytes, bytes]]:
        """Send one request; return status, JSON and headers once its events are out."""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        async def run() -> None:
            await self.service({"type": "http", "method": method, "path": path}, receive, send)
            await asyncio.gather(*self.service._posting)

        asyncio.run(run())
        return sent[0]["status"], json.loads(b"".join(each.get("body", b"") for each in sent)), dict(sent[0]["headers"])

    def mail(self, to: str, **more: Any) -> tuple[int, Any, dict[bytes, bytes]]:
        """Send one raw mail to an address."""
        request = {
            "Destination": {"ToAddresses": [to]},
            "Content": {"Raw": {"Data": base64.b64encode(RAW.replace(b"{to}", to.encode())).decode()}},
            "EmailTags": [{"Name": "send_id", "Value": "0f-spring"}],
            "ConfigurationSetName": "addressee",
        }
        return self.ask("POST", OUTBOUND, json.dumps(request | more).encode())


def test_a_mail_is_kept_byte_for_byte_with_what_is_known_of_it(tmp_path: Path):
    """Headers, folding and encoding as they were handed in; the answer carries SES's kind of id."""
    twin = Twin(tmp_path)
    status, answer, headers = twin.mail("ada@example.com")
    assert (status, answer) == (200, {"MessageId": "id-1"})
    assert headers[b"content-length"] == str(len(json.dumps(answer))).encode()
    (mail,) = twin.outbox.mails()
    assert twin.outbox.raw(mail) == RAW.replace(b"{to}", b"ada@example.com")
    assert (mail.number, mail.message_id, mail.to, mail.tags) == (
        1,
        "id-1",
        ("ada@example.com",),
        {"send_id": "0f-spring"},
    )
    assert abs(mail.at_ms - time.time() * 1000) < 60_000


def test_events_follow_as_ses_publishes_them(tmp_path: Path):
    """Send and delivery, each with the mail's tags as lists, its id and its destination."""
    twin = Twin(tmp_path)
    twin.mail("ada@example.com")
    assert [event["eventType"] for event in twin.published] == ["Send", "Delivery"]
    for event in twin.published:
        assert event["mail"]["tags"]["send_id"] == ["0f-spring"]
        assert event["mail"]["tags"]["ses:configuration-set"] == ["addressee"]
        assert event["mail"]["messageId"] == "id-1"
        assert event["mail"]["destination"] == ["ada@example.com"]
        assert event["mail"]["commonHeaders"]["subject"] == "Grüße"
    assert twin.published[1]["delivery"]["recipients"] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("address", "kind", "told"),
    [
        ("bounce1@example.com", "Bounce", {"bounceType": "Permanent", "bounceSubType": "General"}),
        ("softbounce1@example.com", "Bounce", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}),
        ("complaint1@example.com", "Complaint", {"complaintFeedbackType": "abuse"}),
        ("reject1@example.com", "Reject", {"reason": "Bad content"}),
    ],
)
def test_what_goes_wrong_is_told_in_the_last_event(tmp_path: Path, address: str, kind: str, told: dict[str, str]):
    """Simulated by the address."""
    twin = Twin(tmp_path)
    twin.mail(address)
    assert twin.published[-1]["eventType"] == kind
    assert twin.published[-1][kind.lower()].items() >= told.items()


def test_a_silent_address_is_sent_to_without_any_event(tmp_path: Path):
    """SES's events are best effort."""
    twin = Twin(tmp_path)
    assert twin.mail("silent@example.com")[0] == 200
    assert (len(twin.outbox), twin.published) == (1, [])


def test_the_first_call_to_a_throttled_address_sends_nothing(tmp_path: Path):
    """The second one passes."""
    twin = Twin(tmp_path)
    status, _, headers = twin.mail("throttle@example.com")
    assert (status, headers[b"x-amzn-errortype"]) == (429, b"TooManyRequestsException")
    assert (len(twin.outbox), twin.emulator.bodies) == (0, [])
    assert twin.mail("throttle@example.com")[0] == 200
    assert len(twin.outbox) == 1


@pytest.mark.parametrize("value", ["0f.spring", "", "a b", "x" * 257])
def test_a_tag_that_ses_would_refuse_is_refused(tmp_path: Path, value: str):
    """Letters, digits, dash and underscore: anything else is a 400 in AWS and no mail."""
    twin = Twin(tmp_path)
    status, _, headers = twin.mail("ada@example.com", EmailTags=[{"Name": "send_id", "Value": value}])
    assert (status, headers[b"x-amzn-errortype"]) == (400, b"BadRequestException")
    assert len(twin.outbox) == 0


def test_what_the_emulator_refuses_is_neither_kept_nor_followed_by_events(tmp_path: Path):
    """An unverified sender, a missing permission."""
    twin = Twin(tmp_path, Emulator(status=400))
    assert twin.mail("ada@example.com")[0] == 400
    assert (len(twin.outbox), twin.published) == (0, [])


def test_what_is_no_raw_mail_is_the_emulators_business(tmp_path: Path):
    """Its body arrives whole."""
    twin = Twin(tmp_path)
    body = json.dumps({"Content": {"Simple": {}}}).encode()
    assert twin.ask("POST", OUTBOUND, body)[0] == 200
    assert (twin.emulator.bodies, len(twin.outbox)) == ([body], 0)


def test_the_quota_is_the_twins_own(tmp_path: Path):
    """Its rate, no limit for the day; what was sent is the emulator's count."""
    _, account, _ = Twin(tmp_path).ask("GET", ACCOUNT)
    assert account["SendQuota"] == {"Max24HourSend": -1.0, "MaxSendRate": 100.0, "SentLast24Hours": 3.0}
    assert account["SendingEnabled"] is True


def test_numbers_go_on_where_an_outbox_stands(tmp_path: Path):
    """And mails are listed in their order."""
    Twin(tmp_path).mail("ada@example.com")
    twin = Twin(tmp_path, Emulator())
    twin.emulator.bodies.append(b"")
    twin.mail("bob@example.com")
    assert [(mail.number, mail.to) for mail in twin.outbox.mails()] == [
        (1, ("ada@example.com",)),
        (2, ("bob@example.com",)),
    ]
