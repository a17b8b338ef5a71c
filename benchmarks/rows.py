"""Rows of a benchmark suite: printed as a table, kept as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

RESULTS = Path(__file__).parent / "results"
COLUMNS = (
    "case",
    "metric",
    "unit",
    "ours",
    "low",
    "high",
    "peer",
    "peer_value",
    "published",
    "ratio",
    "command",
)
_SHOWN = ("case", "metric", "unit", "ours", "low", "high", "published", "peer_value", "ratio", "peer")
Row = Mapping[str, Any]


def row(case: str, metric: str, unit: str, values: Sequence[float], **given: object) -> dict[str, Any]:
    """Make a row of repeated measurements: `ours` is their median, `low` and `high` the quartiles."""
    low, _, high = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    figures = {"ours": median(values), "low": low, "high": high}
    return dict.fromkeys(COLUMNS) | {"case": case, "metric": metric, "unit": unit, **figures, **given}


def write(suite: str, rows: Sequence[Row]) -> Path:
    """Print the rows as a table and write them to `benchmarks/results/<suite>.json`; columns not given are null."""
    whole = [{name: each.get(name) for name in COLUMNS} for each in rows]
    _print([[_text(each[name]) for name in _SHOWN] for each in whole])
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{suite}.json"
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return path


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.{_digits(value)}f}" if isinstance(value, float) else str(value)


def _digits(value: float) -> int:
    """Return how many decimals tell a figure apart from others of its size."""
    return 2 if abs(value) >= 10 or not value else 3 if abs(value) >= 1 else 4  # noqa: PLR2004  # tens


def _print(cells: Sequence[Sequence[str]]) -> None:
    widths = [max(len(line[column]) for line in (_SHOWN, *cells)) for column in range(len(_SHOWN))]
    for line in (_SHOWN, *cells):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())  # noqa: T201  # a command's output
