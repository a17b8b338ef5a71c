"""A raw mail, opened: subject, parts and headers as people read them; its HTML made safe to look at."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from html import unescape

PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""A transparent pixel."""
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
    " style-src 'unsafe-inline'\">"
)
_REMOTE_IMAGE = re.compile(r"""(\s(?:src|background)\s*=\s*)(["'])\s*(?:https?:)?//[^"']*\2""", re.IGNORECASE)
_REMOTE_SHEET = re.compile(r"<link\b[^>]*>|@import\b[^;]*;", re.IGNORECASE)
_REMOTE_URL = re.compile(r"""url\(\s*["']?(?:https?:)?//[^)]*\)""", re.IGNORECASE)
_INVISIBLE = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class OpenedMail:
    """What a mail says: `words` are those of its HTML in one line, `headers` all of them, in their order."""

    subject: str
    to: str
    html: str
    text: str
    words: str
    headers: list[tuple[str, str]]


def open_mail(raw: bytes) -> OpenedMail:
    """Open a raw mail; a part that it does not have is empty."""
    message = message_from_bytes(raw)
    html, text = _part(message, "html"), _part(message, "plain")
    return OpenedMail(
        subject=_readable(message.get("Subject", "")) or "(no subject)",
        to=_readable(message.get("To", "")),
        html=harmless(html),
        text=text,
        words=" ".join(unescape(_INVISIBLE.sub(" ", html)).split()),
        headers=[(name, _readable(value)) for name, value in message.items()],
    )


def harmless(html: str) -> str:
    """Take out whatever a browser would fetch from elsewhere, and forbid the rest by a policy of the page's own."""
    without = _REMOTE_IMAGE.sub(rf"\1\2{PLACEHOLDER}\2", _REMOTE_SHEET.sub("", html))
    without = _REMOTE_URL.sub("none", without)
    if _HEAD.search(without):
        return _HEAD.sub(lambda found: f"{found[0]}{_POLICY}", without, count=1)
    return f'<!doctype html><meta charset="utf-8">{_POLICY}{without}'


def _part(message: Message, subtype: str) -> str:
    """Return the first text of a kind; the modern policy would parse every header of every part, ten times slower."""
    for part in message.walk():
        if part.get_content_type() == f"text/{subtype}":
            payload = part.get_payload(decode=True)
            body = payload if isinstance(payload, bytes) else b""
            return body.decode(part.get_content_charset("utf-8"), "replace").replace("\r\n", "\n")
    return ""


def _readable(header: object) -> str:
    """Unfold a header and decode its encoded words (RFC 2047)."""
    return " ".join(str(make_header(decode_header(str(header)))).split())
