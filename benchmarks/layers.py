"""Suite `layers`: what each function occupies on Lambda, unpacked, with its layers for arm64."""

import sys
from typing import Any

from benchmarks.rows import write
from infra.bundling import ROOT
from infra.layers import LIMIT_BYTES, Layers

COMMAND = "make bench-layers"
GATES_MB = {"decide_content": 90.0}
MEGABYTE = 1_000_000


def functions_and_layers() -> dict[str, tuple[str, ...]]:
    """Return each function of docs/architecture.md's table with its layers."""
    text = (ROOT / "docs" / "architecture.md").read_text().partition("## Functions")[2].partition("## Routes")[0]
    rows = [row.split("|")[1:-1] for row in text.splitlines() if row.startswith("| `")]
    return {row[0].strip(" `"): tuple(row[3].replace(" ", "").split(",")) for row in rows}


def measure() -> list[dict[str, Any]]:
    """Build what is not built yet and weigh every function; a row each."""
    layers = Layers("arm64")
    return [
        {
            "case": f"{name} ({' + '.join(used)}; arm64, without .pyc)",
            "metric": "unzipped_mb",
            "unit": "MB",
            "ours": round(layers.function_bytes(name, used) / MEGABYTE, 2),
            "command": COMMAND,
        }
        for name, used in functions_and_layers().items()
    ]


def main() -> None:
    """Print the table, write the rows, fail when a gate is passed."""
    rows = measure()
    write("layers", rows)
    too_large = [row["case"] for row in rows if row["ours"] > _gate_mb(row["case"].partition(" ")[0])]
    if too_large:
        sys.exit(f"too large: {', '.join(too_large)}")


def _gate_mb(function: str) -> float:
    return GATES_MB.get(function, LIMIT_BYTES / MEGABYTE)


if __name__ == "__main__":
    main()
