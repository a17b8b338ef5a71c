"""The public pages as they are rendered: what a reader can press, in which language, and what a browser may load."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from addressee.emails.pages import content_policy, day_text, page
from addressee.emails.pages.texts import TEXTS

SENDER = 'Tea & Sons <"shop">'
LINK = "/p/token"
APRIL_1 = 1_775_001_600_000
STANDS = {"saved": False, "subscribed": True, "topics": [("news", "News & offers", True), ("tips", "Tips", False)]}
PAGES = {
    "unsubscribe": {"preferences": LINK},
    "unsubscribed": {"preferences": LINK},
    "preferences": {**STANDS, "paused": None},
    "notice": {"notice": "back", "preferences": LINK},
}


class Form(HTMLParser):
    """What a page offers: buttons as (name, value), boxes as value -> checked, links, and the names of its elements."""

    def __init__(self, html):
        """Read a page."""
        super().__init__()
        self.buttons, self.boxes, self.links, self.elements = [], {}, [], set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Note one element."""
        given = dict(attrs)
        self.elements.add(tag)
        if tag == "button":
            self.buttons.append((given["name"], given["value"]))
        elif tag == "input":
            self.boxes[given["value"]] = "checked" in given
        elif tag == "a":
            self.links.append(given["href"])


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_has_the_one_style_that_its_policy_allows(name, language):
    """No script, no picture, no stylesheet from elsewhere; the hash in the policy is that of the style in the page."""
    html = page(name, language, SENDER, **PAGES[name])
    assert not Form(html).elements & {"script", "img", "link", "iframe"}
    (style,) = re.findall(r"(?s)<style>(.*)</style>", html)
    hashed = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{hashed}'" in content_policy()
    assert "default-src 'none'" in content_policy()
    assert f'<html lang="{language}">' in html


@pytest.mark.parametrize("name", PAGES)
def test_a_senders_name_is_text_wherever_it_stands(name):
    """Its signs are no elements."""
    html = page(name, "en", SENDER, **PAGES[name])
    assert "Tea &amp; Sons &lt;&#34;shop&#34;&gt;" in html
    assert SENDER not in html


def test_unsubscribing_is_one_button_as_mailboxes_press_it():
    """RFC 8058: `List-Unsubscribe=One-Click`; beside it the way to fewer mails instead."""
    form = Form(page("unsubscribe", "de", SENDER, preferences=LINK))
    assert (form.buttons, form.links) == ([("List-Unsubscribe", "One-Click")], [LINK])
    assert Form(page("unsubscribed", "de", SENDER, preferences=LINK)).buttons == [("do", "resubscribe")]


def test_preferences_show_what_stands():
    """Topics that are on are ticked; a break is offered, or ended, with the day until which it lasts."""
    awake = Form(page("preferences", "en", SENDER, **STANDS, paused=None))
    assert awake.boxes == {"news": True, "tips": False}
    assert awake.buttons == [("do", "topics"), ("do", "pause"), ("do", "unsubscribe")]
    html = page("preferences", "en", SENDER, **{**STANDS, "topics": []}, paused=day_text(APRIL_1, "en"))
    assert Form(html).buttons == [("do", "resume"), ("do", "unsubscribe")]
    assert '<time datetime="2026-04-01">1 April 2026</time>' in html
    left = Form(page("preferences", "en", SENDER, **{**STANDS, "subscribed": False}, paused=None))
    assert (left.buttons, left.boxes) == ([("do", "resubscribe")], {})


def test_a_change_is_acknowledged_where_it_was_made():
    """For those who see and those who listen."""
    html = page("preferences", "en", SENDER, **{**STANDS, "saved": True}, paused=None)
    assert f'role="status">{TEXTS["en"]["saved"]}' in html
    assert TEXTS["en"]["saved"] not in page("preferences", "en", SENDER, **STANDS, paused=None)


@pytest.mark.parametrize("notice", ["unknown", "busy", "back", "not_subscribed"])
def test_a_notice_says_one_thing(notice):
    """Its title is the page's; the way to the preferences is there where the link is known."""
    html = page("notice", "en", "Shop", notice=notice, preferences="")
    assert f"<h1>{TEXTS['en'][notice + '_title']}</h1>" in html
    assert Form(html).links == []


@pytest.mark.parametrize(
    ("at_ms", "language", "text", "iso"),
    [
        (APRIL_1, "en", "1 April 2026", "2026-04-01"),
        (APRIL_1, "de", "1. April 2026", "2026-04-01"),
        (APRIL_1 - 1, "de", "31. März 2026", "2026-03-31"),
        (1_798_761_599_999, "en", "31 December 2026", "2026-12-31"),
    ],
)
def test_a_day_is_written_as_the_language_does(at_ms, language, text, iso):
    """In UTC, to the millisecond; machines read the ISO date."""
    assert day_text(at_ms, language) == {"text": text, "iso": iso}
