"""Suite `models`: each kind of model on public data, beside published figures and a peer measured in the same run.

make bench-models [HILLSTROM=<path of its CSV>]  # or: python -m benchmarks.models --only cdnow,hillstrom
"""

import argparse
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from benchmarks.rows import Row, write

PARTS = ("cdnow", "movielens", "hillstrom", "people", "products", "drift", "send_time", "categories")
"""Modules `benchmarks.models_<part>`, each with `rows(options)`; where data are missing, rows are left out aloud."""


def rows(options: argparse.Namespace, parts: tuple[str, ...] = PARTS) -> list[Row]:
    """Return the rows of all parts, one after the other: their own processes use the cores."""
    return [each for part in parts for each in _rows(part, options)]


def _rows(part: str, options: argparse.Namespace) -> list[Row]:
    name = f"benchmarks.models_{part}"
    if find_spec(name) is None:
        print(f"{name} is not there: its rows are left out")  # noqa: T201  # a command's output
        return []
    print(f"--- {part}", flush=True)  # noqa: T201
    started = perf_counter()
    found: list[Row] = import_module(name).rows(options)
    print(f"{part}: {len(found)} rows in {perf_counter() - started:.0f} s", flush=True)  # noqa: T201
    return found


def main() -> None:
    """Print the whole table, or that of some parts, and write `benchmarks/results/models.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=lambda text: tuple(text.split(",")), default=PARTS, help=f"some of {PARTS}")
    parser.add_argument("--hillstrom", type=Path, help="the CSV of Hillstrom's experiment, gzipped or not")
    options = parser.parse_args()
    write("models", rows(options, options.only))


if __name__ == "__main__":
    main()
