"""People with a mail in hand, and what becomes of its links: posted, fetched by scanners, forged."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.e2e.inbox import ONE_CLICK, Mail, Reader, letter
from tests.e2e.mailing import Mailing, Recipient
from tests.e2e.products import put_items, suggest

SCANNERS = ("python-requests/2.32.3", "Barracuda Sentinel (EE)")


@dataclass(frozen=True)
class Correspondence:
    """Somebody and the first mail that they got."""

    who: Recipient
    mail: Mail
    reader: Reader

    def one_click(self) -> None:
        """Post what a mailbox provider posts."""
        assert self.reader.post(self.mail.one_click, ONE_CLICK).status == 200

    def press(self, button: str, **fields: str) -> None:
        """Post a button of the preference page."""
        assert self.reader.post(self.mail.links("p")[0], {"do": button, **fields}).status == 200

    def scan(self) -> None:
        """Fetch everything that the mail links to, as gateways do: GET and HEAD, again and again."""
        for url in [*self.mail.hrefs, self.mail.one_click]:
            for agent in SCANNERS:
                assert self.reader.fetch(url, agent=agent).status in {200, 302}
                assert self.reader.fetch(url, "HEAD", agent=agent).status in {200, 302}

    def forge(self) -> None:
        """Post what unsubscribes, with every token that is not quite one."""
        for url in forged(self.mail):
            for word in ("unsubscribe", "pause"):
                assert self.reader.post(url, {**ONE_CLICK, "do": word}).status == 404

    def all_off_and_back(self) -> None:
        """Unsubscribe on the preference page, and come back."""
        self.press("unsubscribe")
        self.press("resubscribe")


ACTS: Mapping[str, Callable[[Correspondence], None]] = {
    "clicker": Correspondence.one_click,
    "leaver": lambda each: each.press("unsubscribe"),
    "pauser": lambda each: each.press("pause"),
    "chooser": lambda each: each.press("topics", topic="tips"),
    "returner": Correspondence.all_off_and_back,
    "scanned": Correspondence.scan,
    "forged": Correspondence.forge,
}
"""What is done to whom while their second mail waits in the queue."""


def correspond(mailing: Mailing) -> dict[str, Correspondence]:
    """Mail everybody once; one more has products and does nothing."""
    crowd = mailing.gather(*ACTS, "reader")
    words = [*ACTS, "reader"]
    suggest(mailing.stack, crowd, crowd.recipients[-1], list(put_items(mailing.stack)))
    campaign = mailing.plan(crowd)
    mailing.dispatch()
    mailing.settled(campaign, crowd)
    reader = Reader(mailing.stack)
    return {
        word: Correspondence(who, letter(mailing, campaign, who), reader)
        for word, who in zip(words, crowd.recipients, strict=True)
    }


def forged(mail: Mail) -> list[str]:
    """Make tokens that nobody signed: cut off, changed in one place or another, of another kind, of another key."""
    page, preferences, pixel = mail.one_click, mail.links("p")[0], mail.links("o")[0]
    base, _, token = page.rpartition("/u/")
    head, payload, mac = token.split(".")
    other = urlsafe_b64encode(bytes(16) + payload_bytes(payload)[16:]).decode().rstrip("=")
    return [
        *(f"{base}/u/{each}" for each in (token[:-1], token[: len(token) // 2], f"{head}.{payload}", "x")),
        f"{base}/u/{head}.{payload}.{'A' * len(mac)}",
        f"{base}/u/{head}.{other}.{mac}",
        f"{base}/u/{head[0]}none.{payload}.{mac}",
        f"{base}/u/{preferences.rpartition('/')[2]}",
        f"{base}/p/{token}",
        f"{base}/u/{pixel.rpartition('/')[2]}",
        f"{base}/u/u{pixel.rpartition('/')[2][1:]}",
        f"{base}/p/p{token[1:]}",
    ]


def payload_bytes(payload: str) -> bytes:
    """Decode the payload of a token."""
    return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
