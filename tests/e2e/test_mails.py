"""The mails that the twin kept, byte for byte: strict MIME, links that resolve, replays that are equal."""

import json
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from addressee.adapters.link_keys import keys_of
from addressee.emails.links import LinkKey, Links
from tests.e2e.command import addressee
from tests.e2e.inbox import Mail, Reader, resolves
from tests.e2e.sent import NAME, Sent
from tests.e2e.stack import Stack
from twin.deploy import TWIN_CONTEXT

HEADERS = {
    *("From", "To", "Subject", "MIME-Version", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "X-Campaign"),
    "Content-Type",
}
LONGEST_LINE = 998
FOLDED, ENCODED = 78, 76
QUOTED = re.compile(rb"(?:[\t -<>-~]|=[0-9A-F]{2})*=?")
"""A line of a quoted-printable body (RFC 2045, section 6.7)."""
ADDRESS = re.compile(r"https?://\S+")


@pytest.fixture(scope="module")
def reader(stack: Stack) -> Reader:
    """Fetch links as a program does, so that no figure of the report moves."""
    return Reader(stack, "curl/8.5.0")


# --- MIME -----------------------------------------------------------------------------------------------------------
def test_every_mail_parses_strictly(sent: Sent):
    """multipart/alternative of text and HTML, each UTF-8 in quoted-printable; no part or header has a defect."""
    for mail in sent.mails.values():
        message = mail.message
        assert message.get_content_type() == "multipart/alternative"
        parts = list(message.iter_parts())
        assert [each.get_content_type() for each in parts] == ["text/plain", "text/html"]
        for part in parts:
            assert part.get_content_charset() == "utf-8"
            assert str(part["Content-Transfer-Encoding"]) == "quoted-printable"
        for each in message.walk():
            assert each.defects == []
            assert [header.defects for header in each.values() if header.defects] == []


def test_every_line_is_one_that_mail_servers_take(sent: Sent):
    """CRLF and ASCII alone; headers folded at 78 but for the link, which has no blank; bodies at 76."""
    for mail in sent.mails.values():
        lines = mail.raw.split(b"\r\n")
        assert not [line for line in lines if b"\r" in line or b"\n" in line]
        assert mail.raw.isascii()
        assert max(map(len, lines)) <= LONGEST_LINE
        head = lines[: lines.index(b"")]
        assert [line for line in head if len(line) > FOLDED and b" " in line.partition(b": ")[2]] == []
        assert max(map(len, lines[len(head) :])) <= ENCODED
        for body in _bodies(mail):
            assert [line for line in body if not QUOTED.fullmatch(line) or line.endswith((b" ", b"\t"))] == []


def _bodies(mail: Mail) -> list[list[bytes]]:
    """Cut a mail at its boundary; return the lines of each part without its headers."""
    parts = mail.raw.split(f"--{mail.message.get_boundary()}".encode())[1:-1]
    return [part.partition(b"\r\n\r\n")[2].split(b"\r\n") for part in parts]


def test_the_headers_are_those_of_a_mail_that_one_click_ends(sent: Sent):
    """Each once, no Bcc; List-Unsubscribe and its Post as RFC 8058 wants them; the same link stands in the footer."""
    for who in sent.crowd.recipients:
        mail = sent.mails[who.subject]
        message = mail.message
        assert sorted(message.keys()) == sorted(HEADERS)
        assert str(message["From"]) == TWIN_CONTEXT["sender"]
        assert [each.addr_spec for each in message["To"].addresses] == [who.address]
        assert mail.sent.to == (who.address,)
        assert str(message["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
        assert mail.one_click.startswith("https://")
        assert mail.one_click in mail.links("u")
        assert str(message["X-Campaign"]) == sent.campaign
        assert mail.sent.configuration_set == "addressee"
        assert mail.sent.tags["send_id"] == f"{who.subject}-{sent.campaign}"


def test_a_long_subject_in_other_letters_is_folded_and_reads_as_it_was_written(sent: Sent):
    """Encoded words over several lines, decoded to the very name."""
    mail = sent.mails[sent.known.subject]
    head = mail.raw.partition(b"\r\n\r\n")[0]
    folded = re.search(rb"^Subject: .*(?:\r\n[ \t].*)+", head, re.MULTILINE)
    assert folded
    assert b"=?utf-8?" in folded[0]
    assert str(mail.message["Subject"]).startswith(f"{NAME}, ")


def test_text_and_html_name_the_postal_address_and_the_products(sent: Sent):
    """What the law wants is in both; titles are escaped in HTML and verbatim in the text."""
    for mail in sent.mails.values():
        for part in ("plain", "html"):
            assert TWIN_CONTEXT["postal_address"] in mail.part(part)
    mail = sent.mails[sent.known.subject]
    assert "Tea & <b>more</b>" in mail.part("plain")
    assert "Tea &amp; &lt;b&gt;more&lt;/b&gt;" in mail.part("html")
    assert NAME in mail.part("plain")


# --- links ----------------------------------------------------------------------------------------------------------
def test_every_link_of_every_mail_resolves(sent: Sent, reader: Reader):
    """Pixel, clicks, pages, and the header's link; the text part holds the same links, and no others."""
    for mail in sent.followed:
        for url in {*mail.hrefs, mail.one_click, *ADDRESS.findall(mail.part("plain"))}:
            assert resolves(reader, url), url
        assert {*ADDRESS.findall(mail.part("plain"))} == {url for url in mail.hrefs if url not in mail.links("o")}
        assert len(mail.links("o")) == 1


def test_the_clicks_lead_to_the_products_and_say_where_from(sent: Sent, reader: Reader):
    """Each of the three, with its own query kept; what is not ASCII is percent-encoded."""
    targets = {reader.fetch(url).headers["location"] for url in sent.mails[sent.known.subject].links("c")}
    assert {target.partition("utm_")[0].rstrip("?&") for target in targets} == {
        url.replace("ü", "%C3%BC") for url in sent.items.values()
    }
    assert all(f"utm_campaign={sent.campaign}" in target for target in targets)


# --- replay ---------------------------------------------------------------------------------------------------------
def replayed(stack: Stack, outputs: tuple[str, str], decision_id: str, folder: Path) -> tuple[str, str, str]:
    """Run `addressee decisions replay` and read what it wrote."""
    addressee(stack, *outputs, "decisions", "replay", decision_id, "--out", str(folder))
    subject, html, text = ((folder / each).read_bytes().decode() for each in ("subject.txt", "mail.html", "mail.txt"))
    return subject, html, text


def as_sent(mail: Mail) -> tuple[str, str, str]:
    """Return subject, HTML and text of a raw mail. Only the line ends of the wire are undone."""
    return str(mail.message["Subject"]), _body(mail.message, "html"), _body(mail.message, "plain")


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    decoded = part.get_payload(decode=True)
    assert isinstance(decoded, bytes)
    return decoded.decode().replace("\r\n", "\n")


def test_a_replay_gives_the_sent_bytes_before_and_after_the_keys_are_rotated(
    stack: Stack, sent: Sent, reader: Reader, outputs: tuple[str, str], tmp_path: Path
):
    """Subject, HTML and text; the retired key signs the same links again, and they still work; the new one does too."""
    mail = sent.mails[sent.known.subject]
    decision_id = f"{sent.known.subject}.{sent.campaign}"
    assert replayed(stack, outputs, decision_id, tmp_path / "before") == as_sent(mail)
    key_id = addressee(stack, *outputs, "links", "rotate").split()[0]
    assert replayed(stack, outputs, decision_id, tmp_path / "after") == as_sent(mail)
    assert all(resolves(reader, url) for url in mail.hrefs)
    signed_now = Links(stack.outputs["LinksUrl"], new_key(stack, key_id), 1).unsubscribe(decision_id)
    assert resolves(reader, signed_now)


def new_key(stack: Stack, key_id: str) -> LinkKey:
    """Read a key of links as `send_email` does."""
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["LinksSecret"])
    return LinkKey(key_id, keys_of(json.loads(secret["SecretString"]))[key_id])
