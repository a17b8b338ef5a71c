"""Named hash functions that exist in Python and in DuckDB alike (`profiles/offline.py` holds the SQL)."""

from functools import lru_cache
from hashlib import sha256

MESSAGE_BYTES = 5
CATEGORY_BUCKETS = 24


@lru_cache(maxsize=8192)
def item_hash(item_id: str) -> int:
    """Hash an item id to an unsigned 32-bit integer: the first 4 bytes of its SHA-256, big-endian.

    The latest ones are kept: a shop's products are asked for again and again.
    """
    return _hash(item_id)


def send_hash(send_id: str) -> int:
    """Hash a send id to an unsigned 32-bit integer, the same way as an item id."""
    return _hash(send_id)


def _hash(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big")


def message_hash(message_id: str) -> bytes:
    """Hash a message id to the first 5 bytes of its SHA-256."""
    return sha256(message_id.encode()).digest()[:MESSAGE_BYTES]


def category_bucket(category: str) -> int:
    """Hash a category to one of `CATEGORY_BUCKETS` buckets: the first 4 bytes of its SHA-256, big-endian, modulo."""
    return int.from_bytes(sha256(category.encode()).digest()[:4], "big") % CATEGORY_BUCKETS
