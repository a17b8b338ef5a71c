"""A send becomes a mail whose every byte can be made again from what is kept of it."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from functools import cache
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.emails.compose import compose
from addressee.emails.links import Token, read_token
from addressee.emails.ports import RenderFailed
from addressee.emails.reading import read_html
from addressee.emails.render import Engine
from addressee.emails.values import unpack_values
from addressee.profiles.items import Item
from tests.unit.emails.mails import (
    BREAD,
    KEY,
    MILK,
    NOW_MS,
    PERSON,
    SEND,
    SETTINGS,
    SUBJECT,
    decision,
    digest,
    rendered,
    renderer,
    standing,
    template,
)

CARDS = (("milk", "bought_often"), ("bread", "popular"))


def parts_of(raw):
    """Return text and HTML of a raw mail."""
    message = message_from_bytes(raw, policy=SMTP.clone(raise_on_defect=True))
    return [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()], message


def test_a_digest_is_rendered_for_a_person():
    """Name, products with prices as people there write them, reasons, footer."""
    made = rendered(digest(), products=CARDS)
    (text, html), message = parts_of(made.mail.raw)
    assert made.mail.to == "ada@example.com"
    assert made.mail.tags == {"send_id": f"{SUBJECT}.spring", "campaign": "spring"}
    assert message["Subject"] == "Ada, your picks of the week"
    for said in ("Hello Ada,", "Oat milk", "€\xa02,49", "You buy this often", "1 Example Street, Exampleton"):
        assert said in text
        assert said in read_html(html).seen
    assert message["List-Unsubscribe"].strip("<>") in read_html(html).links


def test_every_link_of_the_digest_is_ours_and_genuine():
    """Clicks lead to the product, marked for the shop's statistics."""
    (_, html), _ = parts_of(rendered(digest(), products=CARDS).mail.raw)
    found = read_html(html)
    tokens = {}
    for href in found.links:
        kind, token = href.removeprefix("https://l.example.com/").split("/")
        tokens[href] = read_token(kind, token, {"k1": KEY.secret}.get, today=NOW_MS // 86_400_000)
    assert all(isinstance(each, Token) and each.send_id == f"{SUBJECT}.spring" for each in tokens.values())
    targets = {each.url.partition("?")[0] for each in tokens.values() if each.kind == "c"}
    assert targets == {"https://shop.example.com/milk", "https://shop.example.com/b"}
    assert found.pictures[-1]["src"].startswith("https://l.example.com/o/")
    assert html.rstrip().endswith('border:0;"></body></html>')


def test_with_ses_tracking_there_is_no_pixel_and_links_are_plain():
    """One of the two, never both."""
    (_, html), _ = parts_of(rendered(digest(), settings=replace(SETTINGS, tracking="ses")).mail.raw)
    assert "/o/" not in html
    assert "/c/" not in html
    assert "https://shop.example.com/milk?a=1&amp;utm_source=addressee" in html


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_products_are_fewer_cards(count):
    """None at all: words instead of an empty block."""
    (text, html), _ = parts_of(rendered(digest(), products=CARDS[:count]).mail.raw)
    assert html.count(">View</a>") == count
    assert ("Good to have you here" in text) == (count == 0)


def test_an_item_that_is_gone_costs_its_card():
    """The catalogue decides, as of now."""
    (_, html), _ = parts_of(rendered(digest(), products=CARDS, items=(BREAD,)).mail.raw)
    assert html.count(">View</a>") == 1


def test_a_cold_person_is_told_so():
    """Where the first product is only popular, nothing is claimed to be picked."""
    warm = parts_of(rendered(digest(), products=CARDS).mail.raw)[0][0]
    cold = parts_of(rendered(digest(), products=CARDS, rung="popular").mail.raw)[0][0]
    assert "Picked for you" in warm
    assert "Loved by our customers" in cold


def test_a_mail_is_made_again_from_its_values():
    """To the byte, and the seal proves it."""
    made = rendered(digest(), products=CARDS)
    values = unpack_values(made.content, made.values)
    again = compose(digest(), values, KEY, Engine())
    assert parts_of(made.mail.raw)[0] == [again.parts.text, again.parts.html]
    assert again.values == values
    assert compose(digest(), replace(values, locale="en_US"), KEY, Engine()).values.seal != values.seal
    assert b"ada@example.com" not in made.values


def test_the_same_send_gives_the_same_bytes():
    """In any process, at the same time of the clock."""
    assert rendered(digest(), products=CARDS) == rendered(digest(), products=CARDS)


def test_a_topic_names_the_list():
    """People may leave one list and stay on another."""
    made = template()
    mail = renderer(made).render(SEND, PERSON, standing(made, topic="offers"), decision(), now_ms=NOW_MS).mail
    assert b"List-Id: <offers.example.com>" in mail.raw


@pytest.mark.parametrize(
    ("made", "person"),
    [
        (template("{{ nobody }}"), PERSON),
        (template("{{ range(9) }}"), PERSON),
        (template(), replace(PERSON, address="ada@example.com\r\nBcc: eve@example.com")),
    ],
)
def test_what_cannot_be_made_fails_for_good(made, person):
    """With the reason, and without the address."""
    with pytest.raises(RenderFailed) as failed:
        rendered(made, person)
    assert "ada@" not in str(failed.value)


def test_links_of_a_strange_send_fail_for_good():
    """What cannot be signed is not sent."""
    made = template()
    with pytest.raises(RenderFailed, match="Unsignable"):
        renderer(made).render(replace(SEND, subject="x"), PERSON, standing(made), decision(), now_ms=NOW_MS)


@cache
def warm_renderer():
    """Compile the digest once for many mails."""
    return renderer(digest())


SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><b>",
    "{{ 7*7 }}",
    "{% x %}",
    "a\r\nb",
)


@pytest.mark.parametrize("evil", SCRIPTS)
def test_no_title_name_or_category_becomes_code(evil):
    """They are words, in HTML, subject and text."""
    item = Item("milk", f"{evil} t", evil, 249, "EUR", url=MILK.url, image="https://img.example.com/a.jpg")
    made = rendered(digest(), replace(PERSON, first_name=evil), items=(item,))
    (_, html), message = parts_of(made.mail.raw)
    assert "<script" not in html
    assert "onerror=alert" not in unescape("".join(part for part in html.split("<") if part.startswith("img src=x")))
    assert "49" not in str(message["Subject"])
    assert html.count("<img") == 2
    assert html.count("<title>") == html.count("</title>") == 1
    assert "\n" not in str(message["Subject"])


@settings(max_examples=60, deadline=None)  # a busy machine is no bug
@given(st.text(max_size=60), st.text(min_size=1, max_size=60), st.text(max_size=60))
def test_any_unicode_passes_through_a_mail(name, title, category):
    """Every person and product makes a mail that parses, with as many tags as any other."""
    item = Item("milk", title, category, 249, "EUR", url=MILK.url)
    shelf = warm_renderer()._catalogue
    shelf._items["milk"] = item
    person, chosen = replace(PERSON, first_name=name), decision(("milk", "popular"))
    made = warm_renderer().render(SEND, person, standing(digest()), chosen, now_ms=NOW_MS)
    (text, html), _ = parts_of(made.mail.raw)
    found = read_html(html)
    assert len(found.pictures) == 1
    assert len(found.links) in {3, 4}
    again = compose(digest(), unpack_values(made.content, made.values), KEY, warm_renderer()._engine)
    assert [again.parts.text, again.parts.html] == [text, html]
