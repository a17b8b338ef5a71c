"""Raw mails pass a strict parse, whatever people and products are called."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.emails.mime import Envelope, InvalidSender, Sender, Unmailable, read_sender, write_mail
from addressee.emails.render import Parts, one_line
from addressee.emails.values import clean

STRICT = SMTP.clone(raise_on_defect=True)
ENVELOPE = Envelope(
    Sender('Müller & Söhne, "Feinkost"', "news@example.com"),
    "ada@example.com",
    "https://l.example.com/u/" + "a" * 120,
    "email.example.com",
    "spring",
)
PARTS = Parts("News", "p", "<html><body>Grüße</body></html>", "Grüße\n")


def parsed(raw):
    """Parse without forgiveness; look at the lines as well."""
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    message = message_from_bytes(raw, policy=STRICT)
    for part in message.walk():
        assert not part.defects
        for value in part.values():
            assert not getattr(value, "defects", ())
    return message


def contents(message):
    """Return the parts as they went in."""
    return [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]


def test_a_mail_has_two_parts_and_its_headers():
    """Text first, so that programs prefer the HTML; what SES adds is not there."""
    message = parsed(write_mail(PARTS, ENVELOPE))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert contents(message) == [PARTS.text, PARTS.html]
    assert {each: str(message[each]) for each in ("Subject", "To", "MIME-Version", "List-Id", "X-Campaign")} == {
        "Subject": "News",
        "To": "ada@example.com",
        "MIME-Version": "1.0",
        "List-Id": "<email.example.com>",
        "X-Campaign": "spring",
    }
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (ENVELOPE.sender.name, ENVELOPE.sender.address)
    assert not {"date", "message-id"} & {name.lower() for name in message}
    assert len(set(message.keys())) == len(message.keys())


def test_one_click_unsubscription_stands_in_one_line():
    """RFC 8058; a link that is folded or encoded is none."""
    lines = write_mail(PARTS, ENVELOPE).split(b"\r\n")
    assert b"List-Unsubscribe: <" + ENVELOPE.unsubscribe.encode() + b">" in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_headers_are_folded_at_78_save_the_link():
    """RFC 5322, section 2.1.1: long names and subjects, the boundary too."""
    sender = replace(ENVELOPE.sender, name="A shop with a very long name " * 4)
    mail = write_mail(PARTS._replace(subject="Zoë, " + "your picks of the week " * 6), replace(ENVELOPE, sender=sender))
    head = mail.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    assert [line.split(b":")[0] for line in head if len(line) > 78] == [b"List-Unsubscribe"]


def test_bodies_have_short_lines():
    """Quoted-printable: at most 76 characters, long words and points at the start of lines too."""
    text = "é" * 5000 + "\n.\n" + "a" * 5000 + " \nFrom me\n=\n"
    message = write_mail(PARTS._replace(text=text), ENVELOPE)
    body = message.split(b"\r\n\r\n", 1)[1]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert b"\r\n.\r\n" not in message
    assert contents(parsed(message))[0] == text


def test_the_same_mail_has_the_same_bytes():
    """And another one another boundary."""
    assert write_mail(PARTS, ENVELOPE) == write_mail(PARTS, ENVELOPE)
    other = parsed(write_mail(PARTS._replace(text="x"), ENVELOPE))
    assert other.get_boundary() != parsed(write_mail(PARTS, ENVELOPE)).get_boundary()


@settings(deadline=None)  # a busy machine is no bug
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_unicode_makes_a_mail(subject, text):
    """Once cleaned, as every value is."""
    said = Parts(one_line(clean(subject)), "", clean(text), clean(text))
    message = parsed(write_mail(said, ENVELOPE))
    assert str(message["Subject"]) == said.subject
    assert contents(message) == [said.text, said.html]


@pytest.mark.parametrize("subject", ["a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\x00b"])
def test_a_subject_of_two_lines_is_refused(subject):
    """Nobody adds headers."""
    with pytest.raises(Unmailable, match="Subject"):
        write_mail(PARTS._replace(subject=subject), ENVELOPE)


@pytest.mark.parametrize(
    "change",
    [
        {"to": "ada@example.com\r\nBcc: eve@example.com"},
        {"to": "ada@example.com, eve@example.com"},
        {"to": "ada"},
        {"to": ""},
        {"to": "ädä@example.com"},
        {"unsubscribe": "https://l.example.com/ä"},
        {"list_id": "a\r\nBcc: x"},
        {"campaign": "a\nb"},
    ],
)
def test_what_no_header_may_hold_is_refused(change):
    """Whoever wrote it."""
    with pytest.raises(Unmailable):
        write_mail(PARTS, replace(ENVELOPE, **change))


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("Shop <news@example.com>", Sender("Shop", "news@example.com")),
        ('"Shop, Inc." <news@example.com>', Sender("Shop, Inc.", "news@example.com")),
        ("news@example.com", Sender("example.com", "news@example.com")),
    ],
)
def test_a_sender_is_read(text, sender):
    """A name and an address, or an address alone."""
    assert read_sender(text) == sender
    assert sender.domain == "example.com"


@pytest.mark.parametrize("text", ["", "Shop", "Shop <>", "Shop <news@>", "a@b@c", "näws@example.com"])
def test_what_is_no_sender_is_refused(text):
    """Before the first mail."""
    with pytest.raises(InvalidSender):
        read_sender(text)
