"""Suite `features`: the declared features of 10 million simulated events against pandas, and a day's increment."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from addressee.profiles.features import EVENT_FEATURE_NAMES
from benchmarks.features_daily import NotTheSame, daily_rows
from benchmarks.features_lake import END_MS, lake_files
from benchmarks.peers import installed
from benchmarks.rows import Row, row, write

ROOT = Path(__file__).parent.parent
VENV, LOCK = ROOT / ".build" / "bench-features-venv", ROOT / "requirements" / "bench-features.lock"
COMMAND = "make bench-features"


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
    ours, pairs, peer, python = [], [], [], installed(LOCK, VENV)
    for _ in range(rounds):
        ours.append(_run([sys.executable, "-m", "benchmarks.features_run", folder, "cutoff", folder / "ours.npz"]))
        pairs.append(_run([sys.executable, "-m", "benchmarks.features_run", folder, "pairs", folder / "pairs.npz"]))
        script = Path(__file__).parent / "features_pandas.py"
        peer.append(_run([python, script, folder, END_MS, folder / "peer.npz"]))
    _check_equal(folder)
    name = f"pandas {peer[0]['pandas']}, the same files"
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


def _check_equal(folder: Path) -> None:
    ours, peer = np.load(folder / "ours.npz"), np.load(folder / "peer.npz")
    known = peer["person"]
    if not np.array_equal(np.sort(known), ours["subject"]):
        raise NotTheSame("people")
    order = np.argsort(known)
    wrong = {
        name: float(np.max(np.abs(ours[name] - peer[name][order])))
        for name in EVENT_FEATURE_NAMES
        if not np.allclose(ours[name], peer[name][order], rtol=1e-9, atol=1e-9)
    }
    if wrong:
        raise NotTheSame(f"features: {wrong}")


if __name__ == "__main__":
    main()
