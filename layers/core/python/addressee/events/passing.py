"""The gate that every string passes on its way into an event: text, short, and no e-mail address."""

from addressee.events.addresses import is_suspicious, looks_like_address
from addressee.events.declared import MAX_TEXT_BYTES
from addressee.events.messages import NotAccepted, Scalar

SURELY_SHORT = MAX_TEXT_BYTES // 4


class Gate:
    """Reads the strings of one message; `dropped` counts the addresses that did not pass."""

    __slots__ = ("dropped", "is_plain")

    def __init__(self, *, is_plain: bool) -> None:
        """Start with nothing dropped; `is_plain` says that the message holds neither address nor NUL."""
        self.is_plain = is_plain
        self.dropped = 0

    def identifier(self, value: Scalar, field: str) -> str:
        """Read an id of a person: an address is refused, for nobody could be found again without it."""
        if type(value) is str and len(value) <= SURELY_SHORT and self.is_plain:
            return value.strip()
        identifier = self._short(value, field).strip()
        if not self.is_plain and looks_like_address(identifier):
            raise NotAccepted(field, "looks like an e-mail address; send an id of your own")
        return identifier

    def text(self, value: Scalar, field: str) -> str:
        """Read a string or number as text, `7` and `7.0` both as `7`; an address becomes empty and is counted.

        Raises `NotAccepted` beyond 256 bytes or for a NUL.
        """
        if type(value) is str and len(value) <= SURELY_SHORT and self.is_plain:
            return value
        return "" if value is None else self.without_address(self._short(value, field))

    def without_address(self, text: str) -> str:
        """Return `text`, or count it and return the empty string where it holds an address."""
        if self.is_plain or not looks_like_address(text):
            return text
        self.dropped += 1
        return ""

    def _short(self, value: Scalar, field: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            whole = isinstance(value, float) and value.is_integer()
            value = str(int(value)) if whole else str(value)
        if len(value) > SURELY_SHORT and len(value.encode()) > MAX_TEXT_BYTES:
            raise NotAccepted(field, f"is longer than {MAX_TEXT_BYTES} bytes")
        if not self.is_plain and "\0" in value:
            raise NotAccepted(field, "holds a NUL character")
        return value


_PLAIN = Gate(is_plain=True)
"""Nothing is ever dropped where nothing is suspicious: those messages share one gate."""


def gate_of(data: bytes) -> Gate:
    """Look at a message's bytes once and return its gate."""
    return Gate(is_plain=False) if is_suspicious(data) else _PLAIN


def cut(text: str) -> str:
    """Cut `text` to 256 bytes of UTF-8."""
    return text.encode()[:MAX_TEXT_BYTES].decode(errors="ignore")
