"""SES as mails meet it: kept verbatim, answered as the address asks, followed by their events (simulated)."""

import asyncio
import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr
from typing import Any, NamedTuple

from twin.outbox import Outbox, SentMail
from twin.outcomes import Outcome, outcome_of
from twin.wrapper import Application, Receive, Response, Scope, Send, answered, once, respond, whole_body

OUTBOUND = "/v2/email/outbound-emails"
ACCOUNT = "/v2/email/account"
MAIL_DOMAIN = "@email.amazonses.com"
Publish = Callable[[str, SentMail, bytes, str], None]
"""Publishes an event of a kind about a mail: kind, mail, raw bytes, word of the outcome."""
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Asked(NamedTuple):
    """What a request to send a raw mail holds."""

    raw: bytes
    to: tuple[str, ...]
    sender: str
    configuration_set: str
    tags: Mapping[str, str]


class MailService:
    """An ASGI application around the emulator: raw mails are kept, and the quota is the twin's own."""

    def __init__(self, inner: Application, outbox: Outbox, publish: Publish, *, per_second: float) -> None:
        """Wrap `inner`; `per_second` is the rate that the account's quota names, without a limit for the day."""
        self._inner, self._outbox, self._publish = inner, outbox, publish
        self._per_second = per_second
        self._taken = len(outbox)
        self._throttled: set[str] = set()
        self._posting: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the two routes, pass everything else on."""
        route = (scope.get("method"), scope.get("path", "").rstrip("/")) if scope["type"] == "http" else None
        if route == ("POST", OUTBOUND):
            await self._take(scope, receive, send)
        elif route == ("GET", ACCOUNT):
            await respond(send, self._with_quota(await answered(self._inner, scope, receive)))
        else:
            await self._inner(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive)
        asked = read_request(body)
        if asked is None:  # no raw mail: the emulator's business
            await self._inner(scope, once(body, receive), send)
            return
        outcome = outcome_of(asked.to[0]) if asked.to else Outcome()
        refused = self._refused(asked, outcome)
        response = refused or await answered(self._inner, scope, once(body, receive))
        if response.status == 200:  # noqa: PLR2004  # OK
            response = self._accept(asked, outcome, response)
            await asyncio.sleep(outcome.answer_after_seconds)
        await respond(send, response)

    def _refused(self, asked: Asked, outcome: Outcome) -> Response | None:
        """Refuse as SES does and the emulator does not: a tag with other signs, and once who asks to be throttled."""
        for word in (*asked.tags, *asked.tags.values()):
            if not _TAG.fullmatch(word):
                return _error(400, "BadRequestException", f"Invalid tag <{word}>: only alphanumeric, '_' and '-'")
        if outcome.throttles and asked.to[0] not in self._throttled:
            self._throttled.add(asked.to[0])
            return _error(429, "TooManyRequestsException", "Maximum sending rate exceeded (simulated)")
        return None

    def _accept(self, asked: Asked, outcome: Outcome, response: Response) -> Response:
        """Keep the mail and have its events posted; the answer carries the id without a domain, as SES gives it."""
        message_id = json.loads(response.body)["MessageId"].removesuffix(MAIL_DOMAIN)
        self._taken += 1
        mail = SentMail(
            number=self._taken,
            message_id=message_id,
            to=asked.to,
            sender=asked.sender,
            configuration_set=asked.configuration_set,
            tags=asked.tags,
            at_ms=int(time.time() * 1000),
            events=outcome.events,
        )
        self._outbox.keep(mail, asked.raw)
        posting = asyncio.create_task(self._post(mail, asked.raw, outcome))
        self._posting.add(posting)
        posting.add_done_callback(self._posting.discard)
        return response.with_body(json.dumps({"MessageId": message_id}).encode())

    async def _post(self, mail: SentMail, raw: bytes, outcome: Outcome) -> None:
        for kind in outcome.events:
            self._publish(kind, mail, raw, outcome.word)
            await asyncio.sleep(0)

    def _with_quota(self, response: Response) -> Response:
        if response.status != 200:  # noqa: PLR2004  # OK
            return response
        account: dict[str, Any] = json.loads(response.body)
        account["SendQuota"] |= {"MaxSendRate": self._per_second, "Max24HourSend": -1.0}
        return response.with_body(json.dumps(account).encode())


def read_request(body: bytes) -> Asked | None:
    """Read a SendEmail request with raw content; None where it holds none."""
    try:
        request: dict[str, Any] = json.loads(body)
        raw = base64.b64decode(request["Content"]["Raw"]["Data"], validate=True)
    except (ValueError, KeyError, TypeError):
        return None
    message = message_from_bytes(raw, policy=default)
    listed = request.get("Destination", {}).get("ToAddresses") or [str(message["To"] or "")]
    return Asked(
        raw,
        tuple(parseaddr(each)[1] for each in listed),
        request.get("FromEmailAddress") or str(message["From"] or ""),
        request.get("ConfigurationSetName", ""),
        {each["Name"]: each["Value"] for each in request.get("EmailTags") or ()},
    )


def _error(status: int, code: str, message: str) -> Response:
    headers = [(b"content-type", b"application/json"), (b"x-amzn-errortype", code.encode())]
    return Response(status, headers, b"").with_body(json.dumps({"message": message}).encode())
