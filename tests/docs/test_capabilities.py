"""docs/capabilities.md names only files and tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "capabilities.md"
STATES = {"works", "thin", "planned"}
ROWS = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d+ \|", line)]
NAMED = sorted({name for row in ROWS for name in re.findall(r"`([\w./-]+/[\w./-]*|Makefile)`", row)})


def test_every_capability_has_a_row_and_a_state():
    """The list has 71 rows, each with one of three states."""
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in ROWS]
    assert [int(each[0]) for each in cells] == list(range(1, 72))
    assert {each[2] for each in cells} <= STATES


def test_what_works_names_where_and_which_test():
    """A row that is not merely planned names at least one file and one test or command."""
    for row in ROWS:
        number, _, state, where, test = (cell.strip() for cell in row.strip("|").split("|"))
        if state != "planned":
            assert "`" in where, number
            assert "`" in test, number


@pytest.mark.parametrize("name", NAMED)
def test_every_named_file_exists(name: str):
    """No row points at something that is gone."""
    assert (ROOT / name).exists(), name
