"""State rows, lake rows and refused records in memory, and a pool that runs each call at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from addressee.profiles.ports import Pointer, StateRow


class InMemoryProfileStore:
    """A `ProfileStore` whose `rows` are subject -> the stored row."""

    def __init__(self) -> None:
        """Know nobody."""
        self.rows: dict[str, StateRow] = {}

    def read(self, subjects: Iterable[str]) -> dict[str, StateRow]:
        """Read rows; a subject without one gets a row of version 0."""
        return {subject: self.rows.get(subject, StateRow(subject)) for subject in subjects}

    def write(self, subject: str, packed: bytes, *, version: int) -> bool:
        """Write if the stored version still is `version` and the row is no pointer."""
        if not self._stands(subject, version):
            return False
        self.rows[subject] = StateRow(subject, version + 1, packed)
        return True

    def merge(self, subject: str, packed: bytes, *, version: int, pointers: Sequence[Pointer]) -> bool:
        """Write the state and all pointers, or nothing."""
        checks = [(subject, version), *((each.anonymous_subject, each.version) for each in pointers)]
        if not all(self._stands(*check) for check in checks):
            return False
        self.write(subject, packed, version=version)
        for each in pointers:
            row = StateRow(each.anonymous_subject, 0, b"", subject, each.merged_by, each.merged_at_ms)
            self.rows[each.anonymous_subject] = row
        return True

    def _stands(self, subject: str, version: int) -> bool:
        row = self.rows.get(subject, StateRow(subject))
        return not row.merged_into and row.version == version


class InMemoryLake:
    """A `Lake` whose `rows` are all rows as they came, repeats included."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: list[Mapping[str, Any]] = []

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the rows."""
        self.rows += rows

    def distinct(self) -> dict[str, Mapping[str, Any]]:
        """Return one row per message id, as compaction keeps them."""
        return {row["message_id"]: row for row in self.rows}


class InMemoryQuarantine:
    """A `Quarantine` whose `records` are original -> (reason, field)."""

    def __init__(self) -> None:
        """Begin empty."""
        self.records: dict[bytes, tuple[str, str]] = {}

    def put(self, reason: str, original: bytes, *, field: str, at_ms: int, source: str) -> None:
        """Keep the record."""
        del at_ms, source
        self.records[original] = (reason, field)


class InlinePool(Executor):
    """An `Executor` that runs each call when it is submitted: the order of calls is the order of submission."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # as Executor
        """Run the call now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # a pool hands any exception to whoever asks for the result
            future.set_exception(error)
        return future
