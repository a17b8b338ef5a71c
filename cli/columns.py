"""Files to rows: CSV and Parquet read by DuckDB, columns found by name or as the caller maps them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

ROWS_PER_FETCH = 5_000
Row = dict[str, Any]


class UnreadableFile(Exception):
    """A file cannot be imported; the message says which and why."""


@dataclass(frozen=True)
class Columns:
    """Which fields an import knows, which of them it needs, and other names that they go by."""

    needed: tuple[str, ...]
    known: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def every(self) -> tuple[str, ...]:
        """All fields."""
        return (*self.needed, *self.known)

    def find(self, present: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
        """Say which column holds each field: as mapped, else by its name or alias, in any case and spelling.

        Raises `UnreadableFile` for a needed field that is nowhere and for a mapping to a column that is not there.
        """
        spelled = {_plain(column): column for column in present}
        found: dict[str, str] = {}
        for name in self.every:
            for candidate in (name, *self.aliases.get(name, ())):
                if _plain(candidate) in spelled:
                    found.setdefault(name, spelled[_plain(candidate)])
        for name, column in mapping.items():
            if column not in present:
                raise UnreadableFile(f"there is no column {column}; there are {', '.join(present)}")
            found[name] = column
        missing = [name for name in self.needed if name not in found]
        if missing:
            raise UnreadableFile(
                f"no column holds {', '.join(missing)}; there are {', '.join(present)} (map one: --column FIELD=COLUMN)"
            )
        return found


class Source:
    """One or more files of the same shape. Lines that are no rows (too many or too few columns) are counted."""

    def __init__(self, paths: Sequence[Path], *, delimiter: str = ",") -> None:
        """Open the files; `delimiter` parts the columns of CSV files. Raises `UnreadableFile`."""
        self.paths = paths
        self._db = duckdb.connect()
        self._db.execute("SET TimeZone = 'UTC'")
        names = [str(path) for path in paths]
        parquet = {path.suffix == ".parquet" for path in paths}
        if len(parquet) > 1:
            raise UnreadableFile("give CSV files or Parquet files, not both")
        reader, options = ("read_parquet($names)", {}) if parquet == {True} else (_CSV, {"delimiter": delimiter})
        try:
            self._db.execute(f"CREATE TABLE source AS SELECT * FROM {reader}", {"names": names, **options})  # noqa: S608  # constants
        except duckdb.Error as error:
            raise UnreadableFile(f"{', '.join(names)}: {str(error).splitlines()[0]}") from error
        self.names = [str(row[0]) for row in self._db.execute("SELECT * FROM (DESCRIBE source)").fetchall()]

    def count(self) -> int:
        """Count the rows."""
        return int(self._db.execute("SELECT count(*) FROM source").fetchall()[0][0])

    def damaged_lines(self) -> int:
        """Count lines of CSV files that are no rows."""
        tables = {row[0] for row in self._db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if "reject_errors" not in tables:
            return 0
        return int(self._db.execute("SELECT count(DISTINCT (file_id, line)) FROM reject_errors").fetchall()[0][0])

    def digest(self) -> str:
        """Identify what the files hold, whatever they are called: 16 hex characters."""
        return sha256("".join(sorted(_digest(path) for path in self.paths)).encode()).hexdigest()[:16]

    def as_of_ms(self) -> int:
        """Return when the newest file was last written, milliseconds since the epoch."""
        return max(int(path.stat().st_mtime * 1000) for path in self.paths)

    def name_fields(self, found: Mapping[str, str], every: Sequence[str]) -> None:
        """Make the view `fields`: `row` (0, 1, ...) and each of `every` as text, null where no column holds it."""
        columns = [
            f"CAST({_quoted(found[name])} AS VARCHAR) AS {_quoted(name)}"
            if name in found
            else f"CAST(NULL AS VARCHAR) AS {_quoted(name)}"
            for name in every
        ]
        chosen = ", ".join(["rowid AS row", *columns])
        self._db.execute(f"CREATE OR REPLACE VIEW fields AS SELECT {chosen} FROM source")  # noqa: S608  # quoted names

    def select(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query over `fields`."""
        cursor = self._db.execute(query)
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield from rows

    def rows(self, every: Sequence[str]) -> Iterator[Row]:
        """Yield the rows of `fields` by field name; empty cells are left out."""
        for row in self.select(f"SELECT {', '.join(map(_quoted, every))} FROM fields ORDER BY row"):  # noqa: S608  # quoted names
            yield {name: cell for name, cell in zip(every, row, strict=True) if cell not in {None, ""}}


_CSV = "read_csv($names, header = true, all_varchar = true, delim = $delimiter, store_rejects = true)"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        hashed = sha256()
        while piece := file.read(1 << 20):
            hashed.update(piece)
    return hashed.hexdigest()
