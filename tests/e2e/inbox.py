"""Mails as their readers have them: parsed strictly, with their links, which are fetched, judged, never followed."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import strict
from functools import cached_property
from html.parser import HTMLParser
from time import sleep, time
from typing import Any

import urllib3

from tests.e2e.mailing import Mailing, Recipient
from tests.e2e.stack import Stack
from twin.outbox import SentMail

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
HUMAN_AFTER_SECONDS = 11.0
"""Whoever follows a link sooner after the mail came counts as a machine: ten seconds, and one to spare."""


class _Links(HTMLParser):
    """Collects where links lead and where pictures lie, in the order of the document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one link."""
        wanted = {"a": "href", "img": "src"}.get(tag)
        self.found += [value for name, value in attrs if name == wanted and value]


@dataclass(frozen=True)
class Mail:
    """One mail of the twin's outbox. Parsing raises at every defect of its structure."""

    sent: SentMail
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """The mail, parsed strictly."""
        return BytesParser(policy=strict).parsebytes(self.raw)

    def part(self, kind: str) -> str:
        """Return the decoded `plain` or `html` part, with the line ends of a text and without the last one."""
        body = self.message.get_body(preferencelist=(kind,))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n").removesuffix("\n")

    @cached_property
    def hrefs(self) -> list[str]:
        """Every link and picture of the HTML."""
        links = _Links()
        links.feed(self.part("html"))
        return links.found

    def links(self, kind: str) -> list[str]:
        """Return the links of one kind: o, c, u or p."""
        return [url for url in self.hrefs if url.split("/")[-2] == kind]

    @property
    def one_click(self) -> str:
        """The link of the header `List-Unsubscribe`."""
        header = str(self.message["List-Unsubscribe"])
        assert (header[0], header[-1]) == ("<", ">")
        return header[1:-1]


def letter(mailing: Mailing, campaign: str, who: Recipient) -> Mail:
    """Return the one mail that somebody got of a campaign."""
    (sent,) = mailing.mails_to(campaign, who)
    return Mail(sent, mailing.stack.twin.outbox.raw(sent))


@dataclass(frozen=True)
class Answer:
    """A status, headers by lower-case name, and a body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Reader:
    """Fetches links as browsers, mailbox providers and scanners do."""

    def __init__(self, stack: Stack, agent: str = BROWSER) -> None:
        """Trust the twin's certificate; `agent` is whom it calls itself where a call says nothing else."""
        self._agent = agent
        self._pool = urllib3.PoolManager(ca_certs=str(stack.twin.certificate), retries=False, timeout=30.0)

    def fetch(self, url: str, method: str = "GET", *, agent: str = "", **more: Any) -> Answer:
        """Send one request; a redirect is an answer like any other."""
        headers = {"user-agent": agent or self._agent}
        answer = self._pool.request(method, url, headers=headers, redirect=False, **more)
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)

    def post(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Post a form, as a page's button or a mailbox provider's one click does (RFC 8058)."""
        return self.fetch(url, "POST", fields=dict(fields), encode_multipart=False)


def resolves(reader: Reader, url: str) -> bool:
    """Say whether a link of a mail answers as its kind does: o a picture, u and p a page, c where it was signed for."""
    answers = {"o": _is_picture, "c": _leads_to_what_was_signed, "u": _is_page, "p": _is_page}
    return answers[url.split("/")[-2]](reader, url)


def _is_picture(reader: Reader, url: str) -> bool:
    answer = reader.fetch(url)
    kind = answer.headers["content-type"]
    return (answer.status, kind) == (200, "image/gif") and answer.body.startswith(b"GIF89a")


def _is_page(reader: Reader, url: str) -> bool:
    answer = reader.fetch(url)
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")


def _leads_to_what_was_signed(reader: Reader, url: str) -> bool:
    """Say whether the payload of the token, read without our code, ends with the target."""
    payload = url.rpartition("/")[2].split(".")[1]
    answer = reader.fetch(url)
    target = answer.headers["location"]
    return answer.status == 302 and urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).endswith(target.encode())


def take_time(came_ms: int) -> None:
    """Wait until somebody who follows a link of a mail that came then is no machine."""
    sleep(max(0.0, came_ms / 1000 + HUMAN_AFTER_SECONDS - time()))
