"""The tokens of public links: which are refused, where a click leads, and what each kind of link answers."""

from base64 import urlsafe_b64encode

import pytest

from tests.e2e.correspondence import Correspondence, forged, payload_bytes
from tests.e2e.inbox import ONE_CLICK

EVIL = "https://evil.example.com/"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_token_that_nobody_signed_is_refused(correspondents: dict[str, Correspondence], method: str):
    """404 for all of them alike; the page says nothing about whoever the token names."""
    each = correspondents["reader"]
    bodies = set()
    for url in forged(each.mail):
        answer = each.reader.fetch(url, method)
        assert answer.status == 404, url
        assert "location" not in answer.headers
        bodies.add(answer.body)
    assert len(bodies) == 1
    assert each.who.subject.encode() not in bodies.pop()


def test_a_click_leads_to_its_signed_target_and_nowhere_else(correspondents: dict[str, Correspondence]):
    """A target that is changed is a 404; a query that names another target is not looked at."""
    each = correspondents["reader"]
    url = each.mail.links("c")[0]
    target = each.reader.fetch(url).headers["location"]
    assert target.startswith("https://shop.example.com/")
    for query in (f"?url={EVIL}", f"?target={EVIL}&redirect={EVIL}"):
        assert each.reader.fetch(url + query).headers["location"] == target
    base, _, token = url.rpartition("/")
    head, payload, mac = token.split(".")
    elsewhere = payload_bytes(payload).replace(b"https://shop.example.com/", EVIL.encode())
    for changed in (urlsafe_b64encode(elsewhere).decode().rstrip("="), payload[:-4]):
        answer = each.reader.fetch(f"{base}/{head}.{changed}.{mac}")
        assert (answer.status, "location" in answer.headers) == (404, False)


@pytest.mark.parametrize(("kind", "status"), [("o", 200), ("c", 302), ("u", 200), ("p", 200)])
def test_head_answers_as_get_does_without_a_body(correspondents: dict[str, Correspondence], kind: str, status: int):
    """The same status and kind of content; no cookie."""
    each = correspondents["reader"]
    url = each.mail.links(kind)[0]
    got, asked = each.reader.fetch(url), each.reader.fetch(url, "HEAD")
    assert (got.status, asked.status) == (status, status)
    assert asked.body == b""
    for name in ("content-type", "location", "cache-control"):
        assert asked.headers.get(name) == got.headers.get(name)
    assert "set-cookie" not in {*got.headers, *asked.headers}


@pytest.mark.parametrize("kind", ["o", "c"])
def test_a_picture_or_a_click_cannot_be_posted(correspondents: dict[str, Correspondence], kind: str):
    """There is no such route; the other two take a POST, and one that asks for nothing is a 400."""
    each = correspondents["reader"]
    assert each.reader.post(each.mail.links(kind)[0], ONE_CLICK).status in {404, 405}
    for page in (each.mail.one_click, each.mail.links("p")[0]):
        before = consent_of(each)
        assert each.reader.post(page, {"nothing": "at all"}).status == 400
        assert consent_of(each) == before


def consent_of(each: Correspondence) -> bytes:
    """Read a person's preference page."""
    return each.reader.fetch(each.mail.links("p")[0]).body
