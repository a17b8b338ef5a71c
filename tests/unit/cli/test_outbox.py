"""Opening raw mails and making their HTML harmless."""

import pytest

from addressee.decisions.decision import LADDER
from addressee.emails.states import STATES
from cli.outbox import OutboxMail, write_outbox
from cli.outbox_mail import harmless, open_mail
from cli.outbox_words import OUTCOMES, REASONS, RUNGS, slot_text
from tests.docs.test_reasons import product_reasons

RAW = (
    b"From: =?utf-8?q?Caf=C3=A9?= <hi@example.com>\r\nTo: a@example.com\r\nSubject: =?utf-8?q?F=C3=BCr?=\r\n Anna\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"F=C3=BCr dich\r\n"
    b"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"<html><head><style>p{}</style></head><body><p>Oat &amp; milk</p></body></html>\r\n--x--\r\n"
)


def test_a_mail_is_opened_as_people_read_it():
    """Encoded words, folded headers, both parts, the words of the HTML."""
    opened = open_mail(RAW)
    assert (opened.subject, opened.to, opened.text.strip()) == ("Für Anna", "a@example.com", "Für dich")
    assert opened.words == "Oat & milk"
    assert opened.headers[0] == ("From", "Café <hi@example.com>")


@pytest.mark.parametrize(
    "html",
    [
        '<html><head></head><body><img src="https://links.example.com/o/x"></body></html>',
        "<img alt='' SRC = '//cdn.example.com/a.png'>",
        '<td background="http://cdn.example.com/a.png">',
        '<link rel="stylesheet" href="https://fonts.example.com/css">',
        "<style>@import url(https://fonts.example.com/css); p { background: url('//a.example.com/b.png') }</style>",
    ],
)
def test_nothing_is_fetched_from_elsewhere(html):
    """Pictures, style sheets and fonts go; a policy forbids the rest."""
    made = harmless(html)
    assert "example.com" not in made
    assert "default-src 'none'" in made


def test_links_stay():
    """They are looked at, not followed: the frame is sandboxed."""
    assert "https://shop.example.com/a" in harmless('<head></head><a href="https://shop.example.com/a">A</a>')


def test_what_a_mail_says_is_escaped_on_our_pages(tmp_path):
    """A subject and a title are somebody else's words; unknown codes are shown as they are."""
    decision = {
        "decisionId": f"{'f' * 32}.x",
        "reason": "no_such_reason",
        "rung": "odd",
        "products": [{"itemId": "<i>", "reason": "odd_reason", "confidence": 0.5}],
        "models": {},
        "slot": "soon",
    }
    index = write_outbox([OutboxMail(RAW.replace(b" Anna", b" <i>Anna"), decision, {}, "odd", "why_not")], tmp_path)
    page = (tmp_path / "mails" / "00001.html").read_text(encoding="utf-8")
    assert "<i>" not in index.read_text(encoding="utf-8") + page
    assert "Für &lt;i&gt;Anna" in page
    assert "odd reason" in page
    assert "odd why not" in page
    assert "in reserve" in page


def test_a_block_names_the_product_that_it_follows_from(tmp_path):
    """By its title, by its id where the catalogue has none; a product bought before follows from itself."""
    products = [
        {"itemId": "a", "reason": "bought_together_with", "confidence": 0.5, "becauseOf": "b"},
        {"itemId": "c", "reason": "bought_together_with", "confidence": 0.5, "becauseOf": "gone"},
        {"itemId": "d", "reason": "bought_often", "confidence": 0.5, "becauseOf": "d"},
    ]
    decision = {"decisionId": f"{'f' * 32}.x", "reason": "eligible", "rung": "personalised", "products": products}
    write_outbox([OutboxMail(RAW, decision, {"b": "Oat milk"})], tmp_path)
    page = (tmp_path / "mails" / "00001.html").read_text(encoding="utf-8")
    assert "Goes with what this person bought: Oat milk" in page
    assert "Goes with what this person bought: gone" in page
    assert "and due again <code>" in page


def test_a_slot_is_written_for_people():
    """ISO 8601, UTC; anything else stays."""
    assert slot_text("2026-02-01T17:00:00Z") == "Sunday, 1 February 2026, 17:00 UTC"
    assert slot_text("soon") == "soon"


def test_every_code_has_words():
    """Products' reasons, rungs, and the states of whatever was tried to be sent."""
    assert REASONS.keys() == product_reasons()
    assert RUNGS.keys() == set(LADDER)
    assert OUTCOMES.keys() == set(STATES) - {"planned", "queued", "skipped"}
