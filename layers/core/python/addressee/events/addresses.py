"""What looks like an e-mail address, so that it passes neither into profile nor into lake."""

import re

_ADDRESS = re.compile(r"\S(?:@|%(?:25)*40)[^\s@]*?\.\w\w")
_AT, _PERCENT, _BACKSLASH = b"@%\\"
"""As numbers: `64 in data` is a third of the time of `b"@" in data`."""


def is_suspicious(data: bytes) -> bool:
    """Tell whether a message's JSON could hold an address in any escaping, or a NUL; most cannot: no need to look."""
    return _AT in data or _PERCENT in data or (_BACKSLASH in data and b"\\u00" in data)


def looks_like_address(text: str) -> bool:
    """Tell whether an e-mail address, plain or percent-encoded, is anywhere in `text` (at most a few hundred bytes)."""
    return _ADDRESS.search(text) is not None
