"""Named hash functions that exist in Python and in DuckDB alike."""

from hashlib import sha256


def item_hash(item_id: str) -> int:
    """Hash an item id to an unsigned 32-bit integer: the first 4 bytes of its SHA-256, big-endian."""
    return int.from_bytes(sha256(item_id.encode()).digest()[:4], "big")
