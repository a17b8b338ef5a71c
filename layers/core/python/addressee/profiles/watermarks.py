"""Watermarks: per source partition key, the highest sequence number that the state has folded."""

from hashlib import sha256

from addressee.profiles.sections import KEY_BYTES, WATERMARKS
from addressee.profiles.state import DAY_MS, SECOND_MS, State

RETENTION_MS = DAY_MS


def key_hash(partition_key: str) -> bytes:
    """Hash a partition key to the first 6 bytes of its SHA-256."""
    return sha256(partition_key.encode()).digest()[:KEY_BYTES]


def seen(state: State, partition_key: str, sequence_number: str) -> bool:
    """Tell whether the record lies at or below its key's watermark.

    `sequence_number` is Kinesis's decimal string of up to 56 digits: an exact integer of up to 24 bytes, never a float.
    """
    mark = state.watermarks.get(key_hash(partition_key))
    return mark is not None and int(sequence_number) <= mark[0]


def advance(
    state: State, partition_key: str, sequence_number: str, at_ms: int, *, retention_ms: int = RETENTION_MS
) -> bool:
    """Raise the key's watermark, in place, and note its use at `at_ms` (the record's arrival).

    A tenth key replaces the least recently used one, if the stream (`retention_ms`) holds no record of that any more.
    Otherwise nothing changes and the answer is False: the record cannot be folded exactly once.
    """
    key = key_hash(partition_key)
    sequence, used = state.watermarks.get(key, (0, 0))
    marks = {**state.watermarks, key: (max(sequence, int(sequence_number)), max(used, at_ms // SECOND_MS))}
    kept = within_limit(marks, at_ms=at_ms, retention_ms=retention_ms)
    if kept is None:
        return False
    state.watermarks = kept
    return True


def within_limit(
    marks: dict[bytes, tuple[int, int]], *, at_ms: int, retention_ms: int
) -> dict[bytes, tuple[int, int]] | None:
    """Drop the least recently used watermarks beyond `WATERMARKS`; None if one is younger than the retention."""
    if len(marks) <= WATERMARKS:
        return marks
    by_use = sorted(marks.items(), key=lambda mark: (mark[1][1], mark[0]))
    surplus, kept = by_use[:-WATERMARKS], by_use[-WATERMARKS:]
    if any(at_ms - used * SECOND_MS <= retention_ms for _, (_, used) in surplus):
        return None
    return dict(kept)
