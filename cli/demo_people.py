"""What simulated people, scanners and proxies do with the demo's mails: over HTTP, through the links in them."""

import random
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from html import unescape
from itertools import cycle, repeat
from time import sleep, time
from typing import Any

import urllib3

from addressee.emails.send import send_id_in
from cli.demo_steps import DemoFailed
from cli.stage import Stage
from twin.outbox import SentMail

SEED = 20_261_101
OPENED, CLICKED, ORDERED, SCANNED, PROXIED = 100, 50, 30, 25, 40
"""How many of the oldest mails people open, click and order after; how many of the others machines follow and open."""
ANYWAY = 60
"""How many households order whatever they got: without them the held-out would seem never to buy."""
FETCHES_AT_ONCE = 4
CLICK_AGE_SECONDS = 12.0
"""A click sooner after the delivery counts as a scanner's (docs/feedback.md)."""
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
PEOPLE_AGENTS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Safari/537.36",
    f"Mozilla/5.0 (X11; Linux x86_64) {_BLINK} Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_BLINK} Mobile Safari/537.36",
)
SCANNER_AGENTS = ("python-requests/2.32.3", "Barracuda Sentinel (EE)", "curl/8.5.0")
PRIVACY_PROXY = "Mozilla/5.0"
"""All that Apple Mail's privacy protection says of itself."""
REDIRECT, FOUND = 302, 200
_LINK = re.compile(r'<a\b[^>]*\bhref="([^"]+)"')
_IMAGE = re.compile(r'<img\b[^>]*\bsrc="([^"]+)"')


@dataclass(frozen=True)
class Letter:
    """A mail as its reader has it: whose it is, and the links in it by the letter of their kind (o, c, p, u)."""

    send_id: str
    delivered_at: float
    links: dict[str, list[str]]
    one_click: str

    @property
    def subject(self) -> str:
        """Whose mail it is."""
        return self.send_id.partition(".")[0]


@dataclass
class Behaviour:
    """What the simulated did: letters by what was done with them, and the orders that followed."""

    opened: list[Letter] = field(default_factory=list)
    clicked: list[Letter] = field(default_factory=list)
    scanned: list[Letter] = field(default_factory=list)
    proxied: list[Letter] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)
    unsubscribed: Letter | None = None
    targets: list[str] = field(default_factory=list)
    """Where the people's clicks led, in the order of `clicked`."""


class Readers:
    """Fetches links as mail programs, browsers and scanners do."""

    def __init__(self) -> None:
        """Open a pool; redirects are looked at, never followed: shops of the demo do not exist."""
        self._pool = urllib3.PoolManager(timeout=30.0, retries=urllib3.Retry(2, redirect=0, allowed_methods=None))

    def fetch(self, url: str, agent: str, *, method: str = "GET", expected: int = FOUND) -> str:
        """Fetch a link; return where it leads. Raises `DemoFailed` for another status than the expected one."""
        answer = self._pool.request(method, url, headers={"user-agent": agent}, redirect=False)
        if answer.status != expected:
            raise DemoFailed(f"{method} of a link answered {answer.status}")
        return str(answer.headers.get("location", ""))

    def unsubscribe(self, url: str) -> None:
        """Post as a mailbox provider does for its unsubscribe button (RFC 8058)."""
        kind = {"content-type": "application/x-www-form-urlencoded", "user-agent": "Mozilla/5.0"}
        answer = self._pool.request("POST", url, headers=kind, body=b"List-Unsubscribe=One-Click", redirect=False)
        if answer.status != FOUND:
            raise DemoFailed(f"unsubscribing answered {answer.status}")


def live(stage: Stage) -> Behaviour:
    """Let simulated people read, click, buy and unsubscribe, and machines fetch; all of it seeded."""
    rng = random.Random(SEED)  # noqa: S311  # a simulation, seeded
    letters = [letter(mail, stage.twin.outbox.raw(mail)) for mail in _usual(stage.twin.outbox.mails())]
    first, last = letters[: OPENED + 1], letters[OPENED + 1 :]
    done = Behaviour(unsubscribed=first.pop(), opened=first, clicked=rng.sample(first, min(CLICKED, len(first))))
    done.scanned = rng.sample(last, min(SCANNED, len(last)))
    done.proxied = rng.sample(last, min(PROXIED, len(last)))
    sleep(max(0.0, max(each.delivered_at for each in first) + CLICK_AGE_SECONDS - time()))
    readers = Readers()
    with ThreadPoolExecutor(FETCHES_AT_ONCE) as pool:
        _all(pool.map(partial(_open, readers), done.opened, cycle(PEOPLE_AGENTS)))
        done.targets = list(pool.map(partial(_click, readers), done.clicked, cycle(PEOPLE_AGENTS)))
        _all(pool.map(partial(_scan, readers), done.scanned, cycle(SCANNER_AGENTS)))
        _all(pool.map(partial(_open, readers), done.proxied, repeat(PRIVACY_PROXY)))
    if done.unsubscribed:
        readers.unsubscribe(done.unsubscribed.one_click)
    done.ordered = _order(stage, done, rng)
    return done


def _usual(mails: Iterable[SentMail]) -> Iterator[SentMail]:
    """Leave out mails that bounced or were complained about."""
    return (mail for mail in mails if mail.events == ("Send", "Delivery"))


def letter(mail: SentMail, raw: bytes) -> Letter:
    """Read a mail's links out of its HTML and its headers."""
    message: EmailMessage = message_from_bytes(raw, policy=default)
    body = message.get_body(preferencelist=("html",))
    html = str(body.get_content()) if body is not None else ""
    links: dict[str, list[str]] = {"o": [], "c": [], "p": [], "u": []}
    for url in map(unescape, (*_LINK.findall(html), *_IMAGE.findall(html))):
        kind = url.split("/")[-2]
        links.get(kind, []).append(url)
    one_click = str(message["List-Unsubscribe"]).strip("<> ")
    return Letter(send_id_in(mail.tags["send_id"]), mail.at_ms / 1000, links, one_click)


def _open(readers: Readers, letter: Letter, agent: str) -> None:
    readers.fetch(letter.links["o"][0], agent)


def _click(readers: Readers, letter: Letter, agent: str) -> str:
    return readers.fetch(letter.links["c"][0], agent, expected=REDIRECT)


def _scan(readers: Readers, letter: Letter, agent: str) -> None:
    """Follow all links as a security gateway does, the unsubscribe page among them: nothing may change."""
    for url in letter.links["c"]:
        readers.fetch(url, agent, method="HEAD", expected=REDIRECT)
        readers.fetch(url, agent, expected=REDIRECT)
    readers.fetch(letter.one_click, agent)
    readers.fetch(letter.one_click, agent, method="HEAD")


def _all(results: Iterable[None]) -> None:
    for _ in results:
        pass


def _order(stage: Stage, done: Behaviour, rng: random.Random) -> list[str]:
    """Let some of those who clicked buy what they clicked, and some of all households buy anyway, mailed or not."""
    titles = list(zip(done.clicked, done.targets, strict=True))
    bought = [(stage.user_of(each.subject), _item(target)) for each, target in titles[:ORDERED]]
    agreed = [user for user in stage.journey.user_ids() if user not in stage.silent]
    bought += [(user, _item(rng.choice(done.targets))) for user in rng.sample(agreed, min(ANYWAY, len(agreed)))]
    now = datetime.now(UTC).isoformat()
    stage.api.track([_message(user, item, number, now) for number, (user, item) in enumerate(bought)])
    return [user for user, _ in bought]


def _item(target: str) -> str:
    return target.partition("?")[0].rpartition("/")[2]


def _message(user: str, item: str, number: int, now: str) -> dict[str, Any]:
    product = {"product_id": item, "price": 4.99, "quantity": 1}
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"simulated-after-mail-{number}",
        "userId": user,
        "timestamp": now,
        "properties": {"order_id": f"simulated-after-mail-{number}", "currency": "USD", "products": [product]},
    }
