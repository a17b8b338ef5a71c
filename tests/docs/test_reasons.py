"""docs/api-decisions.md names every code that an answer may hold, and no other."""

import ast
import inspect
import re
from pathlib import Path

from addressee.decisions import eligibility, ladder
from addressee.decisions.decision import LADDER

PAGE = Path("docs/api-decisions.md").read_text(encoding="utf-8")


def codes(text: str) -> set[str]:
    """Find the words in backticks that look like codes."""
    return set(re.findall(r"`([a-z][a-z_]+)`", text))


def product_reasons() -> set[str]:
    """Read the code: second arguments of `Pick`, and whatever `_reason` returns."""
    tree = ast.parse(inspect.getsource(ladder))
    picks = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and ast.unparse(each.func) == "Pick"]
    returned = ast.parse(inspect.getsource(ladder._reason))  # the words are its own
    sources = [
        *(each.args[1] for each in picks),
        *(each for each in ast.walk(returned) if isinstance(each, ast.Return)),
    ]
    words = (each for source in sources for each in ast.walk(source) if isinstance(each, ast.Constant))
    return {each.value for each in words if isinstance(each.value, str)}


def test_the_reasons_for_or_against_a_mail_are_documented():
    """The paragraph on `mail` and `reason` lists the constants of `decisions/eligibility.py`."""
    (paragraph,) = re.findall(r"\*\*`mail` and `reason`\.\*\*.*?else `eligible`", PAGE, re.DOTALL)
    known = {value for name, value in vars(eligibility).items() if name.isupper() and isinstance(value, str)}
    assert codes(paragraph) - {"mail", "reason"} == known


def test_the_rungs_and_their_products_reasons_are_documented():
    """A row for each rung, top down; the reasons are the words that `decisions/ladder.py` gives to products."""
    rows = re.findall(r"^\| `([a-z]+)` \|.*\|([^|]*)\|$", PAGE.partition("**`rung`.**")[2], re.MULTILINE)[: len(LADDER)]
    assert tuple(rung for rung, _ in rows) == LADDER
    assert set().union(*(codes(reasons) for _, reasons in rows)) == product_reasons()
