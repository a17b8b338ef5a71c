"""docs/architecture.md's table of functions, read from the document."""

from infra.bundling import ROOT


def documented_functions() -> dict[str, frozenset[str]]:
    """Return each function of the table with the layers that it names."""
    text = (ROOT / "docs" / "architecture.md").read_text().partition("## Functions")[2].partition("## Routes")[0]
    rows = [row.split("|")[1:-1] for row in text.splitlines() if row.startswith("| `")]
    return {row[0].strip(" `"): frozenset(row[3].replace(" ", "").split(",")) for row in rows}


FUNCTIONS = documented_functions()
