"""A wired `serve_links` in memory, genuine links for it, and what its pages offer."""

import base64
import json
from html.parser import HTMLParser
from pathlib import Path

from addressee.adapters.link_keys import LinkKeys
from addressee.adapters.link_pages import LinkPages
from addressee.adapters.secrets import Secret
from addressee.emails.links import LinkKey, Links
from addressee.profiles.consent import ConsentChange
from addressee.profiles.traits import Stamp
from functions.serve_links.handler import Wiring, handle
from tests.fakes.feedback import InMemoryFeedback
from tests.fakes.people import InMemoryPersonStore
from tests.fakes.secrets import InMemorySecrets

SAMPLE = json.loads(Path("events/serve_links.json").read_text(encoding="utf-8"))
SUBJECT = "0123456789abcdef0123456789abcdef"
SEND = f"{SUBJECT}.spring-2026"
DAY, DAY_MS = 20484, 86_400_000
NOW_MS = DAY * DAY_MS + 3_600_000
OLD, NEW = b"made-up key of this sample", b"made-up second key"
DOCUMENT = {
    "keys": [{"id": "b7f3", "key": base64.b64encode(NEW).decode(), "state": "active"}],
    "first": OLD.decode(),
}
TOPICS = {"news": "News & offers", "recipes": "Recipes"}
LINKS = Links("https://api.example.com", LinkKey("b7f3", NEW), DAY)
RETIRED = Links("https://api.example.com", LinkKey("0", OLD), DAY)
ONE_CLICK = "List-Unsubscribe=One-Click"
URL_ENCODED, MULTIPART = "application/x-www-form-urlencoded", 'multipart/form-data; boundary="x1"'
MULTIPART_BODY = '--x1\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x1--\r\n'


class Clock:
    """Milliseconds that a test moves."""

    now_ms = NOW_MS

    def __call__(self) -> int:
        """Tell them."""
        return self.now_ms


def granted(at_ms):
    """Grant e-mail."""
    return ConsentChange("email", granted=True, stamp=Stamp(at_ms, "form"), proof="form", source="crm")


def wired(sender="The Shop <hi@example.com>", topics=TOPICS):
    """Wire the handler to memory, with one person who consented."""
    people = InMemoryPersonStore()
    people.apply(SUBJECT, consent=[granted(NOW_MS - 9)])
    keys = LinkKeys(Secret("links", secrets=InMemorySecrets(json.dumps(DOCUMENT))))
    return Wiring(keys, people, InMemoryFeedback(), topics, LinkPages(sender, topics), Clock())


def token_of(link):
    """Take the token out of a link."""
    return link.rpartition("/")[2]


def call(  # noqa: PLR0913  # each is named
    wires, method, token, *, kind="", body=None, content_type=URL_ENCODED, in_base64=True, headers=None
):
    """Send one request; the path's letter is the token's kind unless another is given."""
    data = None if body is None else body.encode() if isinstance(body, str) else body
    event = {
        **SAMPLE,
        "routeKey": f"{method} /{kind or token[0]}/{{token}}",
        "pathParameters": {"token": token},
        "headers": {**SAMPLE["headers"], "content-type": content_type, **(headers or {})},
    }
    if data is not None:
        event["body"] = base64.b64encode(data).decode() if in_base64 else data.decode()
        event["isBase64Encoded"] = in_base64
    return handle(event, None, wired=wires)


def stands(wires):
    """Copy every row of every person."""
    return json.dumps(sorted((*key, sorted(row.items())) for key, row in wires.people.rows.items() if row))


class Page(HTMLParser):
    """What a page offers: its buttons, links and headings."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        super().__init__()
        self.buttons, self.links, self.lang, self.texts, self._open = [], [], "", {}, []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note buttons and links."""
        given = dict(attrs)
        self._open.append(tag)
        if tag == "button":
            self.buttons.append((given["name"], given["value"]))
        if tag == "a":
            self.links.append(given["href"])
        if tag == "html":
            self.lang = given["lang"]

    def handle_data(self, data: str) -> None:
        """Keep the first text of each element."""
        if data.strip():
            self.texts.setdefault(self._open[-1], data.strip())
