"""Suite `features`: the declared features of 10 million simulated events against pandas, and a day's increment."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from addressee.profiles.features import FEATURE_NAMES
from addressee.profiles.hashing import category_bucket
from benchmarks.features_daily import NotTheSame, daily_rows
from benchmarks.features_lake import END_MS, lake_files
from benchmarks.rows import Row, row, write

PEER_PYTHON = Path(__file__).parent.parent / ".build" / "bench-venv" / "bin" / "python"
COMMAND = "make bench-features"

_COLUMNS = """
SELECT e.subject, e.message, e.name, e.machine, e.event_time_ms, e.received_at_ms, e.amount_minor_units, e.send, e.event
FROM numbered e ORDER BY event
"""
_NUMBERED = """
CREATE TABLE numbered AS
SELECT s.place AS subject, hash(message_id) AS message, n.place AS name, label = 'machine' AS machine, event_time_ms,
    received_at_ms, amount_minor_units, hash(send_id) AS send, row_number() OVER () AS event, lines
FROM events JOIN subjects s USING (subject) JOIN names n USING (name) WHERE kind <> 'merge'
"""
_LINES = """
SELECT event, hash(line.item_id) AS item, b.bucket, line.quantity, line.amount_minor_units AS amount
FROM (SELECT event, unnest(lines) AS line FROM numbered) JOIN buckets b ON b.category = line.category
"""


def main() -> None:
    """Run both sides in fresh processes, compare what they computed, print the table, write the rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--case", choices=("all", "features_10m", "features_daily"), default="all")
    options = parser.parse_args()
    rows = [] if options.case == "features_daily" else features_rows(events=options.events, rounds=options.rounds)
    write("features", rows + ([] if options.case == "features_10m" else daily_rows(rounds=options.rounds)))


def features_rows(*, events: int, rounds: int) -> list[Row]:
    """Measure the query and pandas in turns; raises `NotTheSame` where they do not compute the same."""
    folder = lake_files(events)[0].parent
    subjects = _peer_columns(folder)
    ours, pairs, peer = [], [], []
    for _ in range(rounds):
        ours.append(_run([sys.executable, "-m", "benchmarks.features_run", folder, "cutoff", folder / "ours.npz"]))
        pairs.append(_run([sys.executable, "-m", "benchmarks.features_run", folder, "pairs", folder / "pairs.npz"]))
        script = Path(__file__).parent / "features_pandas.py"
        peer.append(_run([PEER_PYTHON, script, folder / "columns.npz", folder / "peer.npz"]))
    _check_equal(folder, subjects)
    name = f"pandas {peer[0]['pandas']}, columns in memory"
    return [*_compared("features_10m", ours, peer, name), *_alone("features_10m", pairs)]


def _compared(case: str, ours: list[dict[str, Any]], peer: list[dict[str, Any]], name: str) -> list[Row]:
    """Make the rows of one cut-off: wall and processor seconds, memory, each beside the peer's."""
    made: list[Row] = []
    for metric, unit, key in (("wall", "s", "seconds"), ("processor", "s", "cpu"), ("peak memory", "MB", "MB")):
        values, others = ([each[key] for each in side] for side in (ours, peer))
        ratios = [other / value for value, other in zip(values, others, strict=True)]
        figures = {"peer": name, "peer_value": float(np.median(others)), "ratio": float(np.median(ratios))}
        made.append(row(case, f"one cut-off, {metric}", unit, values, command=COMMAND, **figures))
    return made


def _alone(case: str, pairs: list[dict[str, Any]]) -> list[Row]:
    rows = pairs[0]["rows"]
    return [
        row(case, f"{rows:,} pairs, {metric}", unit, [each[key] for each in pairs], command=COMMAND)
        for metric, unit, key in (("wall", "s", "seconds"), ("processor", "s", "cpu"), ("peak memory", "MB", "MB"))
    ]


def _run(command: list[object]) -> dict[str, Any]:
    done = subprocess.run([str(each) for each in command], check=True, capture_output=True, text=True)  # noqa: S603  # our own
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _peer_columns(folder: Path) -> list[str]:
    """Write the lake's columns, text numbered, for pandas; return the subjects in the order of their numbers."""
    with duckdb.connect(str(folder / "columns.duckdb"), config={"threads": 2, "memory_limit": "3GB"}) as lake:
        lake.read_parquet([str(path) for path in sorted(folder.glob("*.parquet"))]).create_view("events", replace=True)
        for table, column in (("subjects", "subject"), ("names", "name")):
            lake.execute(
                f"""CREATE OR REPLACE TABLE {table} AS
                SELECT {column}, row_number() OVER (ORDER BY {column}) - 1 AS place
                FROM (SELECT DISTINCT {column} FROM events)"""  # noqa: S608  # constants
            )
        subjects = [name for (name,) in lake.execute("SELECT subject FROM subjects ORDER BY place").fetchall()]
        if not (folder / "columns.npz").exists():
            _write_columns(lake, folder / "columns.npz", subjects)
    (folder / "columns.duckdb").unlink()
    return subjects


def _write_columns(lake: duckdb.DuckDBPyConnection, path: Path, subjects: list[str]) -> None:
    names = [name for (name,) in lake.execute("SELECT name FROM names ORDER BY place").fetchall()]
    categories = lake.execute("SELECT DISTINCT unnest(lines).category FROM events").fetchall()
    lake.execute("CREATE OR REPLACE TABLE buckets (category VARCHAR, bucket BIGINT)")
    lake.executemany("INSERT INTO buckets VALUES (?, ?)", [[each, category_bucket(each)] for (each,) in categories])
    lake.execute(_NUMBERED)
    owner, place = np.arange(len(subjects)), {subject: number for number, subject in enumerate(subjects)}
    merges = "SELECT anonymous_subject, subject FROM events WHERE kind = 'merge'"
    for visitor, user in lake.execute(merges).fetchall():
        if visitor in place:
            owner[place[visitor]] = place[user]
    events, lines = (lake.execute(query).fetchnumpy() for query in (_COLUMNS, _LINES))
    held: dict[str, Any] = {f"e_{name}": np.asarray(column) for name, column in events.items()}
    held |= {f"l_{name}": np.asarray(column) for name, column in lines.items()}
    np.savez(path, owner=owner, names=np.array(names), as_of_ms=np.array(END_MS), **held)


def _check_equal(folder: Path, subjects: list[str]) -> None:
    ours, peer = np.load(folder / "ours.npz"), np.load(folder / "peer.npz")
    known = np.array(subjects, "S32")[peer["person"]]
    if not np.array_equal(np.sort(known), ours["subject"]):
        raise NotTheSame("people")
    order = np.argsort(known)
    wrong = {
        name: float(np.max(np.abs(ours[name] - peer[name][order])))
        for name in FEATURE_NAMES
        if not np.allclose(ours[name], peer[name][order], rtol=1e-9, atol=1e-9)
    }
    if wrong:
        raise NotTheSame(f"features: {wrong}")


if __name__ == "__main__":
    main()
