"""What `update_profiles` needs from outside: state rows, the lake, the quarantine; `PersonStore` is in `people.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StateRow:
    """A subject's `state` row as stored. Version 0: there is none. `merged_into` set: it is a pointer to a user.

    A pointer remembers the message that made it and when that was received: whoever handles this message again can
    write the same merge row to the lake again.
    """

    subject: str
    version: int = 0
    packed: bytes = b""
    merged_into: str = ""
    merged_by: str = ""
    merged_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Pointer:
    """An anonymous subject about to become a pointer; `version` is the one that was read (0: no row)."""

    anonymous_subject: str
    version: int
    merged_by: str
    merged_at_ms: int


class ProfileStore(Protocol):
    """Keeps `state` rows; a write that met somebody else's answers False, and the caller reads again."""

    def read(self, subjects: Iterable[str]) -> dict[str, StateRow]:
        """Read rows as they are now (strongly consistent); every subject asked for is in the answer."""
        ...

    def write(self, subject: str, packed: bytes, *, version: int) -> bool:
        """Write version + 1 if the stored version still is `version` (0: no row) and the row is no pointer."""
        ...

    def merge(self, subject: str, packed: bytes, *, version: int, pointers: Sequence[Pointer]) -> bool:
        """In one transaction write the user's state, as `write` does, and turn each anonymous row into a pointer."""
        ...


class Lake(Protocol):
    """Takes rows; the same row twice is harmless, since compaction keeps one per `message_id`."""

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Hand over rows durably, or raise: then some may be in and all are to be repeated."""
        ...


class Quarantine(Protocol):
    """Keeps what could not be used, with the reason; the same record twice is one object."""

    def put(self, reason: str, original: bytes, *, field: str, at_ms: int, source: str) -> None:
        """Keep `original`; `field` is a dotted path, `at_ms` the time it was received, `source` the function."""
        ...
