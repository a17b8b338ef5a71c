"""Signed links: tokens for pixel, click, unsubscription and preferences, made for a mail and read when they come back.

`<kind><key id>.<payload>.<mac>`: the payload is base64url of subject (16 bytes), campaign (a length byte before it)
and, for a click, issue day (2 bytes), place (a length byte before it) and target; the MAC is HMAC-SHA256 cut to 16
bytes (RFC 2104, section 5) over everything before it, kind and key id too. The same mail gets the same bytes.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest, digest
from typing import Literal, NamedTuple
from urllib.parse import quote

from addressee.emails.send import send_id_of

Kind = Literal["o", "c", "u", "p"]
OPEN: Kind = "o"
CLICK: Kind = "c"
UNSUBSCRIBE: Kind = "u"
PREFERENCES: Kind = "p"
CLICK_DAYS = 180
"""A click token is counted for so long; later it still leads to its target."""
MAX_TARGET_BYTES = 1300
"""With the longest campaign and place a link stays under 2,083 characters, the least that old mail programs open."""
MAX_TOKEN_CHARS = 2000
MAC_BYTES = 16
_DOMAIN = b"addressee-link:"
_TOKEN = re.compile(r"([ocup])([A-Za-z0-9]{1,4})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})")
_SEND_ID = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{1,64})")
_PLACE = re.compile(r"[a-z0-9-]{1,32}")
_TARGET = re.compile(r"(https?)://([^/?#\x00-\x20\x7f]+)((?:[/?#][^\x00-\x1f\x7f]*)?)", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_SUBJECT_BYTES, _DAY_BYTES = 16, 2


class Unsignable(Exception):
    """No link can be made of this: the target is no http(s) address or too long, or the send id or place is none."""


class LinkKey(NamedTuple):
    """A key that signs, and the id that its tokens carry: 1 to 4 letters or digits."""

    key_id: str
    secret: bytes


class Token(NamedTuple):
    """What a genuine token says. `url`, `place` and `day` (days since the epoch) are a click's; so is `expired`."""

    kind: Kind
    subject: str
    campaign: str
    url: str = ""
    place: str = ""
    day: int = 0
    expired: bool = False

    @property
    def send_id(self) -> str:
        """The mail that the link stood in."""
        return send_id_of(self.subject, self.campaign)


class BadToken(NamedTuple):
    """A text that is no token of ours, or one that somebody else made or changed."""

    reason: Literal["malformed", "forged"]


MALFORMED, FORGED = BadToken("malformed"), BadToken("forged")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the links of a mail issued on `day` (days since the epoch, UTC); `base_url` is what the routes hang on.

    Replay needs the same key and day: keep `key.key_id` and `day` beside the mail's values.
    """

    base_url: str
    key: LinkKey
    day: int

    def click(self, send_id: str, url: str, place: str) -> str:
        """Link to `url` through the redirect; `place` (`[a-z0-9-]`, up to 32) says where it stands: `product-1`.

        Raises `Unsignable`.
        """
        target = safe_target(url)
        if target is None:
            raise Unsignable("the target is no http(s) address or too long")
        if not _PLACE.fullmatch(place):
            raise Unsignable("the place does not match [a-z0-9-]{1,32}")
        where = bytes([len(place)]) + place.encode()
        return self._link(CLICK, _sent(send_id) + self.day.to_bytes(_DAY_BYTES, "big") + where + target.encode())

    def pixel(self, send_id: str) -> str:
        """Return the address of the picture that tells an open. Raises `Unsignable`."""
        return self._link(OPEN, _sent(send_id))

    def unsubscribe(self, send_id: str) -> str:
        """Return the link for `List-Unsubscribe` and the footer; it never expires. Raises `Unsignable`."""
        return self._link(UNSUBSCRIBE, _sent(send_id))

    def preferences(self, send_id: str) -> str:
        """Return the link to the preference page; it never expires. Raises `Unsignable`."""
        return self._link(PREFERENCES, _sent(send_id))

    def _link(self, kind: Kind, payload: bytes) -> str:
        signed = f"{kind}{self.key.key_id}.{_encode(payload)}"
        return f"{self.base_url.rstrip('/')}/{kind}/{signed}.{_mac(signed, self.key.secret)}"


def read_token(kind: Kind, text: str, keys: Callable[[str], bytes | None], *, today: int) -> Token | BadToken:
    """Read a token of one kind; no text makes it raise. `keys` finds a key by its id, retired ones too.

    `today` in days since the epoch: a click token older than `CLICK_DAYS` comes back with `expired`.
    """
    found = _TOKEN.fullmatch(text) if len(text) <= MAX_TOKEN_CHARS else None
    if found is None or found[1] != kind:
        return MALFORMED
    secret = keys(found[2])
    if secret is None or not compare_digest(_mac(text[: -len(found[4]) - 1], secret), found[4]):
        return FORGED
    try:
        return _read(kind, urlsafe_b64decode(found[3] + "=" * (-len(found[3]) % 4)), today)
    except ValueError:  # signed by us, so by a version that wrote something else
        return MALFORMED


def safe_target(url: str) -> str | None:
    """Return an absolute http or https address in ASCII, as a Location header takes it; None where it is none.

    What is not ASCII is percent-encoded, in the host by IDNA. Control characters, user names and other schemes are not
    accepted: nothing that goes into a header or runs in a browser can be signed.
    """
    found = _TARGET.fullmatch(url.strip(" "))
    if found is None:
        return None
    scheme, named, rest = found.groups()
    try:
        host = named if named.isascii() else named.encode("idna").decode()
        target = f"{scheme.lower()}://{host}{quote(rest, safe=_SAFE)}"
    except UnicodeError:  # half a character, or a name that no host can have
        return None
    return target if _HOST.fullmatch(host) and len(target) <= MAX_TARGET_BYTES else None


def _sent(send_id: str) -> bytes:
    found = _SEND_ID.fullmatch(send_id)
    if found is None:
        raise Unsignable("the send id is none")
    return bytes.fromhex(found[1]) + bytes([len(found[2])]) + found[2].encode()


def _read(kind: Kind, payload: bytes, today: int) -> Token:
    subject, rest = payload[:_SUBJECT_BYTES].hex(), payload[_SUBJECT_BYTES:]
    campaign, rest = _counted(rest)
    if kind != CLICK:
        return Token(kind, subject, campaign)
    day = int.from_bytes(rest[:_DAY_BYTES], "big")
    place, target = _counted(rest[_DAY_BYTES:])
    url = safe_target(target.decode("ascii"))
    if url is None:
        raise ValueError
    return Token(kind, subject, campaign, url, place, day, expired=today > day + CLICK_DAYS)


def _counted(data: bytes) -> tuple[str, bytes]:
    """Split a text with a length byte before it from what follows it."""
    end = 1 + int.from_bytes(data[:1], "big")
    return data[1:end].decode("ascii"), data[end:]


def _mac(signed: str, secret: bytes) -> str:
    return _encode(digest(secret, _DOMAIN + signed.encode("ascii"), "sha256")[:MAC_BYTES])


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")
