"""Raw mails (RFC 5322, 2045, 2047, 8058): a text and an HTML part; the same bytes for the same mail."""

from binascii import b2a_qp
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry
from email.policy import SMTP
from email.utils import parseaddr
from functools import lru_cache
from hashlib import sha256

from addressee.emails.render import Parts

MAX_PART_BYTES = 102 * 1024
"""Gmail shows no more of a mail than this."""
_HEADERS = HeaderRegistry()
_CRLF = b"\r\n"


class InvalidSender(Exception):
    """The setting SENDER is no `Name <address>`."""


class Unmailable(Exception):
    """A header would hold what no header may; the message names the header, never its value."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails: a display name and an address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The address's domain."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail's headers say besides its subject. `list_id` is a host name, `unsubscribe` a link without spaces."""

    sender: Sender
    to: str
    unsubscribe: str
    list_id: str
    campaign: str


def read_sender(text: str) -> Sender:
    """Read `Shop <news@example.com>`, or an address alone, whose domain then is the name. Raises `InvalidSender`."""
    name, address = parseaddr(text)
    try:
        Address(addr_spec=address)
    except (MessageError, ValueError, IndexError):
        raise InvalidSender(text) from None
    if "@" not in address or not address.isascii():
        raise InvalidSender(text)
    return Sender(name or address.rpartition("@")[2], address)


def write_mail(parts: Parts, envelope: Envelope) -> bytes:
    """Write a mail: CRLF, quoted-printable, lines of at most 76 in the bodies. Raises `Unmailable`.

    A reader of the parts gets back their very characters, save that lines end as in all mails. Date and Message-ID are
    the mail service's to add. The boundary is a hash of the parts, so repeats are equal.
    """
    boundary = b"=_" + sha256("\0".join(parts).encode()).hexdigest()[:32].encode()
    between = b"--" + boundary + _CRLF
    pieces = (
        _head(parts.subject, envelope),
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"' + _CRLF + _CRLF,
        *(between, _part("plain", parts.text), between, _part("html", parts.html)),
        b"--" + boundary + b"--" + _CRLF,
    )
    return b"".join(pieces)


def _head(subject: str, envelope: Envelope) -> bytes:
    return b"".join(
        (
            _mailbox("From", envelope.sender.name, envelope.sender.address),
            _mailbox("To", "", envelope.to),
            _folded("Subject", subject),
            b"MIME-Version: 1.0\r\n",
            _plain("List-Unsubscribe", f"<{envelope.unsubscribe}>"),
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            _plain("List-Id", f"<{envelope.list_id}>"),
            _plain("X-Campaign", envelope.campaign),
        )
    )


def _part(subtype: str, text: str) -> bytes:
    body = text.replace("\n", "\r\n").encode() + _CRLF  # the last line end belongs to the boundary that follows
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + b2a_qp(body, istext=True)


@lru_cache(maxsize=256)
def _mailbox(name: str, display_name: str, address: str) -> bytes:
    if any(each.isspace() or not each.isprintable() for each in address):
        raise Unmailable(name)
    try:
        return _folded(name, str(Address(display_name=display_name, addr_spec=address)))
    except (MessageError, ValueError, IndexError):
        raise Unmailable(name) from None


def _folded(name: str, value: str) -> bytes:
    """Fold and, where it is not ASCII, encode a header (RFC 2047)."""
    if any(ord(each) < ord(" ") or each == "\x7f" for each in value):
        raise Unmailable(name)
    return str(SMTP.fold(name, _HEADERS(name, value))).encode("ascii")


def _plain(name: str, value: str) -> bytes:
    """Write a header as it is: a link must not be folded, since folds break at spaces and it has none."""
    if not value.isascii() or not value.isprintable():
        raise Unmailable(name)
    return f"{name}: {value}{_CRLF.decode()}".encode()
