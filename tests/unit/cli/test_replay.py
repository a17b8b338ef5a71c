"""A past mail is rebuilt to the byte, or not at all."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP

import pytest

from addressee.decisions.request import InvalidField
from addressee.emails.ports import SendKey
from addressee.emails.values import pack_values, unpack_values
from cli.replay import NotReplayed, Records, replay, write_replayed
from tests.fakes.decisions import InMemoryDecisions
from tests.unit.emails.mails import KEY, SEND, SUBJECT, InMemoryTemplates, decision, digest, rendered

DECISION = f"{SUBJECT}.spring"


class Rows:
    """Rows of sends."""

    def __init__(self, *sends) -> None:
        """Hold some."""
        self._sends = {SendKey(each.subject, each.campaign): each for each in sends}

    def get(self, key):
        """Read a row, or None."""
        return self._sends.get(key)


def kept(content, values):
    """Keep values beside a decision."""
    decisions = InMemoryDecisions()
    decisions.put_once(decision(), content=content, values=values)
    return decisions


def records(made, **given):
    """Keep what is kept of a mail, as whoever sent it does."""
    sent = replace(SEND, state="sent", content=made.content)
    usual = {
        "sends": Rows(sent),
        "decisions": kept(made.content, made.values),
        "templates": InMemoryTemplates(digest()),
        "key": {KEY.key_id: KEY.secret}.get,
    }
    return Records(**{**usual, **given})


def test_a_mail_is_rebuilt_to_the_byte(tmp_path):
    """Subject, HTML and text are those of the raw mail, in files too."""
    made = rendered(digest())
    replayed = replay(DECISION, records(made))
    message = message_from_bytes(made.mail.raw, policy=SMTP)
    text, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    assert (replayed.subject, replayed.text, replayed.html) == (message["Subject"], text, html)
    write_replayed(replayed, tmp_path / "mail")
    assert (tmp_path / "mail" / "mail.html").read_bytes() == html.encode()
    assert {each.name for each in (tmp_path / "mail").iterdir()} == {"subject.txt", "mail.html", "mail.txt"}


def test_what_is_missing_is_named():
    """Row, content, values, key, template."""
    made = rendered(digest())
    missing = [
        ({"sends": Rows()}, "no mail was made"),
        ({"sends": Rows(SEND)}, "no mail was made"),
        ({"decisions": InMemoryDecisions()}, "are gone"),
        ({"key": {}.get}, "key k1 that signed"),
        ({"templates": InMemoryTemplates()}, "digest"),
    ]
    for given, reason in missing:
        with pytest.raises(NotReplayed, match=reason):
            replay(DECISION, records(made, **given))


def test_what_would_differ_is_not_shown():
    """Another key, or values that were tampered with."""
    made = rendered(digest())
    with pytest.raises(NotReplayed, match="differs from what was sent"):
        replay(DECISION, records(made, key={KEY.key_id: b"another"}.get))
    values = unpack_values(made.content, made.values)
    _, other = pack_values(replace(values, inputs={**values.inputs, "first_name": "Eve"}))
    with pytest.raises(NotReplayed, match=f"not {made.content}"):
        replay(DECISION, records(made, decisions=kept(made.content, other)))


def test_what_is_no_decision_id_is_refused():
    """Before anything is read."""
    with pytest.raises(InvalidField):
        replay("x", records(rendered(digest())))
