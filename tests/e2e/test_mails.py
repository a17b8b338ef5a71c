"""The mails that the twin kept, byte for byte: strict MIME, links that resolve, replays that are equal, and the CLI."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from time import sleep, time
from typing import Any

import pytest

from addressee.adapters.link_keys import keys_of
from addressee.emails.links import LinkKey, Links
from addressee.emails.send import Send
from tests.e2e.command import addressee, run
from tests.e2e.inbox import Mail, Reader, letter
from tests.e2e.mailing import Crowd, Mailing, Recipient
from tests.e2e.products import name, put_items, suggest
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows, order
from twin.deploy import TWIN_CONTEXT
from twin.process import ROOT

NAME = "Zoë-Ángela Ødegård-Ťažký-Żółć"
HEADERS = {
    *("From", "To", "Subject", "MIME-Version", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "X-Campaign"),
    "Content-Type",
}
LONGEST_LINE = 998
FOLDED, ENCODED = 78, 76
QUOTED = re.compile(rb"(?:[\t -<>-~]|=[0-9A-F]{2})*=?")
"""A line of a quoted-printable body (RFC 2045, section 6.7)."""
ADDRESS = re.compile(r"https?://\S+")
DIGEST = "templates/digest"
HUMAN_AFTER_SECONDS = 11.0


@dataclass(frozen=True)
class Sent:
    """A campaign of four: somebody with products and a long name, somebody of whom nothing is known, and two more.

    Those two have products as well; nobody but the report's test fetches their links.
    """

    campaign: str
    crowd: Crowd
    rows: Mapping[str, Send]
    mails: Mapping[str, Mail]
    items: Mapping[str, str]
    """Item id -> its address in the shop."""

    @property
    def known(self) -> Recipient:
        """Who has products."""
        return self.crowd.recipients[0]

    @property
    def stranger(self) -> Recipient:
        """Who has none."""
        return self.crowd.recipients[1]

    @property
    def followed(self) -> list[Mail]:
        """The mails whose links any test may fetch."""
        return [self.mails[who.subject] for who in (self.known, self.stranger)]


@pytest.fixture(scope="module")
def sent(mailing: Mailing) -> Sent:
    """Send one campaign; what became of it is looked at by all tests."""
    crowd = mailing.gather("known", "stranger", "buyer", "scanned")
    items = put_items(mailing.stack)
    name(mailing.stack, crowd.recipients[0], NAME)
    for who in (crowd.recipients[0], *crowd.recipients[2:]):
        suggest(mailing.stack, crowd, who, list(items))
    campaign = mailing.plan(crowd)
    mailing.dispatch()
    rows = mailing.settled(campaign, crowd)
    mails = {who.subject: letter(mailing, campaign, who) for who in crowd.recipients}
    return Sent(campaign, crowd, rows, mails, items)


@pytest.fixture(scope="module")
def reader(stack: Stack) -> Reader:
    """Fetch links as a program does, so that no figure of the report moves."""
    return Reader(stack, "curl/8.5.0")


@pytest.fixture(scope="module")
def names(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Write the outputs into a file, as `cdk deploy` does, and return the option that names it."""
    file = tmp_path_factory.mktemp("outputs") / "outputs.json"
    file.write_text(json.dumps(stack.outputs))
    return "--outputs", str(file)


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
            assert RESOLVES[url.split("/")[-2]](reader, url), url
        assert {*ADDRESS.findall(mail.part("plain"))} == {url for url in mail.hrefs if url not in mail.links("o")}
        assert len(mail.links("o")) == 1


def _is_picture(reader: Reader, url: str) -> bool:
    answer = reader.fetch(url)
    kind = answer.headers["content-type"]
    return (answer.status, kind) == (200, "image/gif") and answer.body.startswith(b"GIF89a")


def _is_page(reader: Reader, url: str) -> bool:
    answer = reader.fetch(url)
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")


def _leads_to_what_was_signed(reader: Reader, url: str) -> bool:
    """Say whether the payload of the token, read without our code, ends with the target."""
    payload = url.rpartition("/")[2].split(".")[1]
    answer = reader.fetch(url)
    target = answer.headers["location"]
    return answer.status == 302 and urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).endswith(target.encode())


RESOLVES = {"o": _is_picture, "c": _leads_to_what_was_signed, "u": _is_page, "p": _is_page}


def test_the_clicks_lead_to_the_products_and_say_where_from(sent: Sent, reader: Reader):
    """Each of the three, with its own query kept; what is not ASCII is percent-encoded."""
    targets = {reader.fetch(url).headers["location"] for url in sent.mails[sent.known.subject].links("c")}
    assert {target.partition("utm_")[0].rstrip("?&") for target in targets} == {
        url.replace("ü", "%C3%BC") for url in sent.items.values()
    }
    assert all(f"utm_campaign={sent.campaign}" in target for target in targets)


# --- replay ---------------------------------------------------------------------------------------------------------
def replayed(stack: Stack, names: tuple[str, str], decision_id: str, folder: Path) -> tuple[str, str, str]:
    """Run `addressee decisions replay` and read what it wrote."""
    addressee(stack, *names, "decisions", "replay", decision_id, "--out", str(folder))
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
    stack: Stack, sent: Sent, reader: Reader, names: tuple[str, str], tmp_path: Path
):
    """Subject, HTML and text; the retired key signs the same links again, and they still work; the new one does too."""
    mail = sent.mails[sent.known.subject]
    decision_id = f"{sent.known.subject}.{sent.campaign}"
    assert replayed(stack, names, decision_id, tmp_path / "before") == as_sent(mail)
    key_id = addressee(stack, *names, "links", "rotate").split()[0]
    assert replayed(stack, names, decision_id, tmp_path / "after") == as_sent(mail)
    assert all(RESOLVES[url.split("/")[-2]](reader, url) for url in mail.hrefs)
    signed_now = Links(stack.outputs["LinksUrl"], new_key(stack, key_id), 1).unsubscribe(decision_id)
    assert _is_page(reader, signed_now)


def new_key(stack: Stack, key_id: str) -> LinkKey:
    """Read a key of links as `send_email` does."""
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["LinksSecret"])
    return LinkKey(key_id, keys_of(json.loads(secret["SecretString"]))[key_id])


# --- the command ----------------------------------------------------------------------------------------------------
def test_templates_are_checked_published_and_listed(stack: Stack, sent: Sent, names: tuple[str, str], tmp_path: Path):
    """The version that is current is the one that the campaign took; one that breaks the contract is not published."""
    assert "keeps the contract" in addressee(stack, *names, "templates", "check", DIGEST)
    _, version, *_ = addressee(stack, *names, "templates", "publish", DIGEST).split()
    broken = tmp_path / "broken"
    broken.mkdir()
    manifest = json.loads((ROOT / DIGEST / "template.json").read_text())
    inputs = {each: kind for each, kind in manifest["inputs"].items() if each != "unsubscribe_url"}
    (broken / "template.json").write_text(json.dumps({**manifest, "name": "broken", "inputs": inputs}))
    (broken / "template.mjml").write_text(
        "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    refused = run(stack, *names, "templates", "publish", str(broken))
    assert refused.returncode == 1
    assert "unsubscribe_url" in refused.stderr
    listed = [
        line
        for line in addressee(stack, *names, "templates", "list").splitlines()
        if "digest" in line or "broken" in line
    ]
    assert [line for line in listed if "broken" in line] == []
    assert any(version in line and "current" in line for line in listed)
    assert stack.call("GET", f"/v1/campaigns/{sent.campaign}", scope="admin").body["templateVersion"] == version


def test_a_campaigns_standing_is_printed(stack: Stack, sent: Sent, names: tuple[str, str]):
    """As a table, and as the API answers it."""
    words = ("campaigns", "status", sent.campaign, "--key", stack.keys["admin"])
    lines = addressee(stack, *names, *words).splitlines()
    assert lines[0].startswith(f"{sent.campaign}: running, planned, 4 recipients")
    assert any("delivered" in line and "4" in line for line in lines)
    said = json.loads(addressee(stack, *names, *words, "--json"))
    assert (said["counts"]["delivered"], said["finished"]) == (4, True)


@pytest.fixture
def engaged(stack: Stack, sent: Sent) -> Recipient:
    """Let a person open, click and buy; a scanner follows the links of another's mail."""
    who, other = sent.crowd.recipients[2:]
    mail, scanned = sent.mails[who.subject], sent.mails[other.subject]
    reader = Reader(stack)
    newest = max(each.settled_at_ms for each in sent.rows.values()) / 1000
    sleep(max(0.0, newest + HUMAN_AFTER_SECONDS - time()))
    reader.fetch(mail.links("o")[0])
    reader.fetch(mail.links("c")[0])
    for url in scanned.links("c"):
        reader.fetch(url, agent="python-requests/2.32.3")
    until(lambda: _labels(stack, who.subject) == {"human"} and _labels(stack, other.subject) == {"machine"})
    bought = order(who.user_id, next(iter(sent.items)))
    assert stack.track(bought).status == 200
    until(lambda: any(row["message_id"] == bought["messageId"] for row in lake_rows(stack, who.subject)))
    return who


def _labels(stack: Stack, subject: str) -> set[object]:
    return {row["label"] for row in lake_rows(stack, subject) if row["name"] == "Email Link Clicked"}


def test_a_report_counts_people_and_leaves_scanners_out(
    stack: Stack, sent: Sent, engaged: Recipient, names: tuple[str, str], tmp_path: Path
):
    """One opened, clicked and bought; the page and the JSON say so."""
    page = tmp_path / "report"
    said: dict[str, Any] = json.loads(addressee(stack, *names, "report", sent.campaign, "--json", "--html", str(page)))
    assert said["campaign"] == sent.campaign
    assert said["states"] == [{"state": "delivered", "reason": "", "rows": 4}]
    assert said["funnel"] == {"assigned": 4, "wentOut": 4, "delivered": 4, "opened": 1, "clicked": 1, "bought": 1}
    assert said["money"]["credited"] == {"orders": 1, "revenueMinorUnits": 900}
    html = (page / "index.html").read_text()
    assert sent.campaign in unescape(html)
    assert "<script" not in html
    assert engaged.address not in html + json.dumps(said)
    table = addressee(stack, *names, "report", sent.campaign)
    assert "delivered" in table
