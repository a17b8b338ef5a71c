"""The values of a mail are cleaned, complete, and named by what they hold."""

import json
import zlib
from base64 import b64decode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.emails.links import Links
from addressee.emails.template import Manifest
from addressee.emails.values import (
    DamagedValues,
    Known,
    LinkFacts,
    Values,
    canonical,
    clean,
    content_of,
    inputs_of,
    marked,
    pack_values,
    products_of,
    unpack_values,
)
from addressee.emails.view import WHY, pixel, view
from addressee.profiles.items import Item
from tests.unit.emails.mails import BREAD, KEY, MILK, NOW_MS, SUBJECT, template

KNOWN = Known("Ada", {"city": "Graz", "kids": 2.0, "vip": True}, [(MILK, "popular")], "Shop", "1 Street", "spring")
LINK = LinkFacts("https://l.example.com", "k1", 20_454, "ours")
VALUES = Values("news", "0" * 16, f"{SUBJECT}.spring", "de_AT", cold=False, link=LINK)


def manifest(**inputs):
    """Declare inputs."""
    return Manifest("news", "s", "p", inputs=inputs)


def test_only_declared_inputs_are_kept():
    """What nobody reads is not stored; what is not known is empty."""
    declared = manifest(first_name="text", trait_city="text", trait_kids="text", trait_vip="text", trait_job="text")
    assert inputs_of(declared, KNOWN, now_ms=NOW_MS) == {
        "first_name": "Ada",
        "trait_city": "Graz",
        "trait_kids": "2",
        "trait_vip": "yes",
        "trait_job": "",
    }
    assert inputs_of(manifest(day="date"), KNOWN, now_ms=NOW_MS) == {"day": "2026-01-01"}
    assert products_of(manifest(), KNOWN) == ()


def test_a_product_is_written_down_as_it_was():
    """Its address carries the campaign; a price without a currency is none; without a title there is no product."""
    bare = Item("bare", "Bare", price_minor_units=5, url="javascript:alert(1)", image="data:x")
    known = replace(KNOWN, products=[(MILK, "popular"), (bare, "editorial"), (Item("x"), "popular")])
    first, second = products_of(manifest(products="products"), known)
    tags = "utm_source=addressee&utm_medium=email&utm_campaign=spring"
    assert (first.title, first.price_minor_units, first.url) == (
        "Oat milk",
        249,
        f"https://shop.example.com/milk?a=1&{tags}",
    )
    assert (second.price_minor_units, second.currency, second.url, second.image) == (0, "", "", "")


@pytest.mark.parametrize(
    ("url", "campaign_url"),
    [
        ("https://s.example.com", "https://s.example.com/?utm_source=addressee&utm_medium=email&utm_campaign=c"),
        ("https://s.example.com/a#b", "https://s.example.com/a?utm_source=addressee&utm_medium=email&utm_campaign=c#b"),
        (
            "https://s.example.com/?utm_source=x&utm_medium=y&utm_campaign=",
            "https://s.example.com/?utm_source=x&utm_medium=y&utm_campaign=",
        ),
        ("https://s.example.com/" + "a" * 1290, ""),
        ("ftp://s.example.com", ""),
        ("", ""),
    ],
)
def test_targets_are_marked_once(url, campaign_url):
    """What the shop marked itself stays; what cannot be signed is no link."""
    assert marked(url, "c") == campaign_url


@given(st.text(max_size=400))
def test_cleaned_text_is_one_writable_line(text):
    """Any Unicode comes out as UTF-8 of at most 300 characters, without direction marks and control characters."""
    cleaned = clean(text)
    assert cleaned == clean(cleaned)
    assert len(cleaned) <= 300
    assert not set(cleaned.encode().decode()) & {"\n", "\r", "\x00", "\u202e", "\u2028", "\t"}


@settings(deadline=None)  # a busy machine is no bug
@given(
    st.text(max_size=20),
    st.lists(
        st.builds(Item, st.just("a"), st.text(max_size=9), st.text(max_size=9), st.integers(0, 10**6)), max_size=3
    ),
)
def test_values_are_read_back_from_what_was_kept(name, items):
    """Whatever they hold; the same values have the same name."""
    known = replace(KNOWN, first_name=name, products=[(each, "popular") for each in items])
    declared = manifest(first_name="text", products="products")
    values = replace(
        VALUES, inputs=inputs_of(declared, known, now_ms=NOW_MS), products=products_of(declared, known), seal="0" * 32
    )
    content, kept = pack_values(values)
    assert unpack_values(content, kept) == values
    assert pack_values(unpack_values(content, kept)) == (content, kept)
    assert content == content_of(canonical(values))


def test_no_fraction_is_kept():
    """Canonical JSON has no floats, sorted keys and no spaces."""
    written = canonical(VALUES).decode()
    assert "." not in json.dumps([each for each in json.loads(written).values() if isinstance(each, int)])
    assert written.startswith('{"cold":false,"inputs":{},"link":{"base_url"')


@pytest.mark.parametrize(
    "kept", [b"x", zlib.compress(b"{"), zlib.compress(b"{}"), zlib.compress(b'{"link":1,"products":[]}')]
)
def test_damaged_values_are_refused(kept):
    """Neither read nor guessed."""
    with pytest.raises(DamagedValues):
        unpack_values("00000000", kept)


def test_values_of_today_and_of_before_are_read_tomorrow():
    """The words that they were written with may not change; once there were none."""
    kept = (
        "ePkrBhrUw5V08ae9HL3UCqDdOamgiIcnRAMTUxOkxJhtSDg5Ooagpj4c3jAwNDI2MTUzt7BMTEpOSU1D5+sVA+MKnPqQfJuXWl6M4lcDNKBUCwCL"
        "FU4+"
    )
    assert unpack_values("5a48f281", b64decode(kept)) == VALUES
    assert unpack_values("5a48f281", zlib.compress(canonical(VALUES))) == VALUES


def test_values_of_another_name_are_refused():
    """The name is a hash."""
    _, kept = pack_values(VALUES)
    with pytest.raises(DamagedValues, match="not 00000000"):
        unpack_values("00000000", kept)


def seen(values, **given):
    """Build what a template of products sees."""
    made = template(inputs={"products": "products"}, **given).manifest
    return view(values, made, Links("https://l.example.com", KEY, 20_454))


def test_a_template_sees_links_texts_and_reasons():
    """Product links go through the redirect; the pixel closes the body."""
    products = products_of(
        manifest(products="products"), replace(KNOWN, products=[(MILK, "popular"), (BREAD, "new_reason")])
    )
    values = replace(VALUES, products=products)
    first, second = seen(values, texts={"hi": ("Known", "Cold")})["products"]
    assert first.url.startswith("https://l.example.com/c/ck1.")
    assert (first.why, second.why) == (WHY["popular"], "")
    assert (first.initial, second.image) == ("D", "https://img.example.com/b.jpg")
    assert 0 <= first.tile < 6
    assert seen(values, why={"popular": "Beliebt"})["products"][0].why == "Beliebt"
    assert "https://l.example.com/o/" in pixel(values, Links("https://l.example.com", KEY, 20_454))


def test_without_our_tracking_links_are_plain_and_there_is_no_pixel():
    """SES does it; unsubscribing and preferences stay ours."""
    products = products_of(manifest(products="products"), KNOWN)
    values = replace(VALUES, products=products, link=replace(LINK, tracking="ses"))
    shown = seen(values)
    assert shown["products"][0].url.startswith("https://shop.example.com/milk?a=1&utm_source")
    assert pixel(values, Links("https://l.example.com", KEY, 20_454)) == ""
    assert shown["unsubscribe_url"].startswith("https://l.example.com/u/")


def test_texts_know_whom_they_speak_to():
    """The cold text for people of whom little is known."""
    for cold, said in ((False, "Known"), (True, "Cold")):
        assert seen(replace(VALUES, cold=cold), texts={"hi": ("Known", "Cold")})["hi"] == said


def test_a_product_without_a_letter_has_a_star():
    """A tile is never empty."""
    known = replace(KNOWN, products=[(Item("x", "!?"), "popular")])
    values = replace(VALUES, products=products_of(manifest(products="products"), known))
    assert seen(values)["products"][0].initial == "*"
