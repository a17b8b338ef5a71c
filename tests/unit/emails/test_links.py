"""Tokens of links: what was signed is read again, whatever else comes is refused and never raises."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.emails.links import (
    CLICK,
    CLICK_DAYS,
    FORGED,
    MALFORMED,
    MAX_TARGET_BYTES,
    OPEN,
    PREFERENCES,
    UNSUBSCRIBE,
    BadToken,
    LinkKey,
    Links,
    Token,
    Unsignable,
    read_token,
    safe_target,
)

KEYS = {"0": b"first", "b7f3": b"second"}
BASE = "https://api.example.com/stage"
SEND = "0123456789abcdef0123456789abcdef.spring-2026"
DAY = 20_484
LINKS = Links(BASE, LinkKey("b7f3", KEYS["b7f3"]), DAY)
SEND_IDS = st.from_regex(r"[0-9a-f]{32}\.[A-Za-z0-9_-]{1,64}", fullmatch=True)
PLACES = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
TARGETS = st.from_regex(
    r"https?://[a-z0-9][a-z0-9.-]{0,30}\.example\.com(:8[0-9]{3})?/[!#-;=?-Z_a-z~]{0,80}", fullmatch=True
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"


def token_of(link):
    """Take kind and token out of a link."""
    kind, token = link.removeprefix(BASE + "/").split("/")
    return kind, token


def read(link, *, today=DAY):
    """Read a link with the known keys."""
    return read_token(*token_of(link), KEYS.get, today=today)


@given(SEND_IDS, TARGETS, PLACES, st.sampled_from(sorted(KEYS)), st.integers(0, 65_535))
def test_a_click_comes_back_as_it_was_signed(send_id, url, place, key_id, day):
    """Sign and read with any key, on any day."""
    links = Links(BASE, LinkKey(key_id, KEYS[key_id]), day)
    token = read(links.click(send_id, url, place), today=day)
    assert token == Token(CLICK, *send_id.split("."), safe_target(url), place, day)
    assert token.send_id == send_id
    assert links.click(send_id, url, place) == links.click(send_id, url, place)


@given(SEND_IDS)
def test_the_other_links_come_back_too_and_never_expire(send_id):
    """Sign and read each kind, a hundred years later."""
    for kind, link in ((OPEN, LINKS.pixel), (UNSUBSCRIBE, LINKS.unsubscribe), (PREFERENCES, LINKS.preferences)):
        token = read(link(send_id), today=DAY + 36_500)
        assert token == Token(kind, *send_id.split("."))


@given(st.data())
def test_any_other_character_anywhere_is_refused(data):
    """Replace one character of a genuine token by another."""
    link = data.draw(st.sampled_from([LINKS.click(SEND, "https://a.example.com/x", "a"), LINKS.unsubscribe(SEND)]))
    kind, token = token_of(link)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([each for each in LETTERS if each != token[at]]))
    assert isinstance(read_token(kind, token[:at] + other + token[at + 1 :], KEYS.get, today=DAY), BadToken)


@given(st.sampled_from("ocup"), st.one_of(st.text(), st.text(LETTERS, max_size=80), st.binary().map(str)))
def test_no_text_makes_reading_raise(kind, text):
    """Read garbage, alone and with the look of a token."""
    for each in (text, f"{kind}0.{text}.{'A' * 22}", f"{kind}b7f3.{text}"):
        assert isinstance(read_token(kind, each, KEYS.get, today=DAY), BadToken)


@given(st.text(max_size=60))
def test_a_target_is_an_http_address_in_ascii_or_nothing(text):
    """Ask for any text, with and without a scheme before it."""
    for each in (text, "https://" + text, "https://a.example.com/" + text):
        target = safe_target(each)
        if target is not None:
            assert target.isascii()
            assert target.isprintable()
            assert " " not in target
            assert urlsplit(target).scheme in {"http", "https"}
            assert urlsplit(target).hostname
            assert safe_target(target) == target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://shop.example.com/a%20b?q=1&r=2#x", "https://shop.example.com/a%20b?q=1&r=2#x"),
        ("HTTP://Shop.example.com", "http://Shop.example.com"),
        (" https://shop.example.com/? ", "https://shop.example.com/?"),
        ("https://shop.example.com?q=1", "https://shop.example.com?q=1"),
        ("https://[::1]:8080/x", "https://[::1]:8080/x"),
        ("https://käse.example.com/käse käse", "https://xn--kse-qla.example.com/k%C3%A4se%20k%C3%A4se"),
        ("https://a.example.com/" + "x" * MAX_TARGET_BYTES, None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example.com", None),
        ("/x", None),
        ("", None),
        ("https:///x", None),
        ("https://user@a.example.com/", None),
        ("https://a.example.com\\@evil.example.com", None),
        ("https://a.example.com:80a/", None),
        ("https://a.example.com/\r\nset-cookie: a=b", None),
        ("https://a.example.com/\x00", None),
        ("https://a..käse.example.com/", None),
        ("https://a.example.com/\ud800", None),
    ],
)
def test_targets_that_are_safe_and_those_that_are_not(url, target):
    """Try what a catalogue may hold and what somebody may try."""
    assert safe_target(url) == target


@pytest.mark.parametrize(
    ("send_id", "url", "place"),
    [
        (SEND, "javascript:alert(1)", "a"),
        (SEND, "https://a.example.com", ""),
        (SEND, "https://a.example.com", "Product 1"),
        (SEND, "https://a.example.com", "p" * 33),
        ("somebody", "https://a.example.com", "a"),
        ("0" * 32 + "." + "c" * 65, "https://a.example.com", "a"),
    ],
)
def test_what_cannot_be_signed_is_an_error(send_id, url, place):
    """Sign a wrong target, place or send id."""
    with pytest.raises(Unsignable):
        LINKS.click(send_id, url, place)


def test_a_click_counts_for_180_days_and_leads_on_after_that():
    """Read on the last day and on the next."""
    link = LINKS.click(SEND, "https://a.example.com/", "a")
    assert not read(link, today=DAY + CLICK_DAYS).expired
    late = read(link, today=DAY + CLICK_DAYS + 1)
    assert (late.expired, late.url) == (True, "https://a.example.com/")


def test_a_token_of_one_kind_is_none_of_another():
    """Swap kinds in the path, in the token and in both."""
    _, token = token_of(LINKS.unsubscribe(SEND))
    assert read_token(PREFERENCES, token, KEYS.get, today=DAY) == MALFORMED
    assert read_token(PREFERENCES, "p" + token[1:], KEYS.get, today=DAY) == FORGED
    assert read_token(CLICK, "c" + token[1:], KEYS.get, today=DAY) == FORGED


def test_an_unknown_or_another_key_is_refused():
    """Sign with a key that is not ours, under our id and under another."""
    for key in (LinkKey("b7f3", b"guessed"), LinkKey("zz", b"guessed")):
        assert read(Links(BASE, key, DAY).pixel(SEND)) == FORGED


@pytest.mark.parametrize("target", ["javascript:alert(1)", "https://a.example.com/\n", "ü"])
def test_what_another_version_signed_is_no_token(target):
    """Sign payloads by hand that this version never writes."""
    subject = bytes(16) + b"\x01c"
    click = LINKS._link(CLICK, subject + b"\x50\x04\x01a" + target.encode())
    assert read(click) == MALFORMED
    assert read(LINKS._link(CLICK, b"")) == MALFORMED
    assert read(LINKS._link(UNSUBSCRIBE, bytes(16) + b"\x02\xff\xff")) == MALFORMED


def test_links_are_short_enough_for_a_mail():
    """Measure the usual ones and the longest."""
    assert len(token_of(LINKS.unsubscribe(SEND))[1]) <= 70
    assert len(LINKS.click(SEND, "https://shop.example.com/oat-milk?utm_source=mail", "product-1")) <= 200
    longest = "https://a.example.com/" + "x" * (MAX_TARGET_BYTES - 22)
    long_send = "f" * 32 + "." + "c" * 64
    link = Links("https://" + "a" * 63, LinkKey("b7f3", KEYS["b7f3"]), DAY).click(long_send, longest, "p" * 32)
    assert len(link) < 2083
    assert read_token(CLICK, link.rpartition("/")[2], KEYS.get, today=DAY).url == longest
