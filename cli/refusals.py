"""What an import refused: counted by reason, and written to a file row by row."""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self


@dataclass
class ImportReport:
    """What became of an import. `rows` are orders, events, subscribers or items; `repeated` were in already."""

    rows: int = 0
    accepted: int = 0
    repeated: int = 0
    damaged_lines: int = 0
    ignored_columns: tuple[str, ...] = ()
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def refused_rows(self) -> int:
        """How many rows were refused."""
        return self.refused.total()


class RefusalFile:
    """A CSV of refused rows (id, field, reason, original), made when the first is refused."""

    def __init__(self, path: Path, report: ImportReport) -> None:
        """Write to `path`, count in `report`; a file of an earlier run is removed."""
        self.path, self._report = path, report
        self._file: Any = None
        self._writer: Any = None
        path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    def add(self, row_id: str, field: str, reason: str, original: str) -> None:
        """Note a refused row."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["id", "field", "reason", "original"])
        self._writer.writerow([row_id, field, reason, original])
        self._report.refused[f"{field}: {reason}" if field else reason] += 1


@dataclass(frozen=True)
class Run:
    """One run of an import: its time, where refused rows go, what is counted, who hears how many rows are done."""

    now_ms: int
    refusals: RefusalFile
    report: ImportReport
    advance: Callable[[int], None]
