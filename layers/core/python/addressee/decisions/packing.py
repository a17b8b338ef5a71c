"""Small JSON kept small: zlib that begins with the words which every record of a kind repeats.

A table bills whole kilobytes of an item, and a record of this size is half names of fields. The words stand in a preset
dictionary (RFC 1950, 2.2); the stream names it by its checksum. Streams without one are read as well.
"""

import zlib

_LEVEL = 9
_WINDOW_BITS, _MEMORY_LEVEL = 12, 7
"""4 KB hold the words and a record; to set up the usual 32 KB would take longer than to compress the record."""
_MAX_CHARACTERS = 1 << 20


class Damaged(ValueError):
    """The bytes are no whole stream, or one that was written with other words."""


def pack(text: bytes, words: bytes) -> bytes:
    """Compress `text`, as if `words` had gone before it; the most frequent ones belong to their end."""
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zdict=words)
    return deflater.compress(text) + deflater.flush()


def unpack(kept: bytes, words: bytes) -> bytes:
    """Read what `pack` wrote with the same words, or a plain zlib stream. Raises `Damaged`."""
    inflater = zlib.decompressobj(zdict=words)
    try:
        text = inflater.decompress(kept, _MAX_CHARACTERS)
    except zlib.error as error:
        raise Damaged(str(error)) from None
    if not inflater.eof:
        raise Damaged("the stream ends too early, or its text is too long")
    return text
