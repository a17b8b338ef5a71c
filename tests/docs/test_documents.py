"""The documents speak of what is there: links, commands, files, settings; tracked files hold nothing of a machine."""

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINKS = [
    (document, target)
    for document in DOCUMENTS
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    if not re.match(r"https?:|mailto:", target)
]
COMMANDS = sorted(
    {
        (found, document)
        for document in DOCUMENTS
        for found in re.findall(r"(?m)(?:`|^ *)make ([a-z0-9-]+)", document.read_text())
    }
)
PROMISES = (ROOT / "README.md").read_text().partition("## What it promises")[2].partition("\n## ")[0]
FUNCTIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if (path / "handler.py").exists())
TABLE = (ROOT / "docs" / "architecture.md").read_text().partition("## Functions")[2].partition("\n## ")[0]
REGISTRIES = tuple(f"{name}.org" for name in ("pypi", "pythonhosted", "npmjs"))
LEFT_UNDONE = re.compile("|".join(rf"\b{first}{rest}\b" for first, rest in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"))))
MACHINE_PATH = re.compile(r"(?<![\w.:~}/-])/(?:root|home|Users|work|private)/\w")
ADDRESS = re.compile(r"[\w.+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})")


def tracked() -> Iterator[tuple[str, str]]:
    """Yield name and text of every tracked file that still exists and is text."""
    git = shutil.which("git") or "git"
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_text(errors="replace")


def label(value: object) -> str:
    """Name a test case by its document, link or command."""
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else str(value)


@pytest.mark.parametrize(("document", "target"), LINKS, ids=label)
def test_every_relative_link_leads_somewhere(document: Path, target: str):
    """A file or folder, and in a document the heading that is meant."""
    path, _, heading = target.partition("#")
    there = document.parent / path if path else document
    assert there.exists()
    if heading:
        titles = re.findall(r"(?m)^#+ (.+)$", there.read_text())
        assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("target", "document"), COMMANDS, ids=label)
def test_every_make_command_in_a_document_exists(target: str, document: Path):
    """A benchmark's command needs its suite."""
    targets = set(re.findall(r"(?m)^([a-z0-9-]+):", (ROOT / "Makefile").read_text()))
    suite = target.removeprefix("bench-")
    assert target in targets or (suite != target and (ROOT / "benchmarks" / f"{suite}.py").exists()), document


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:tests|benchmarks|docs)/[^`]*)`", PROMISES))))
def test_every_promise_has_its_proof(name: str):
    """The tests that the README points at exist."""
    assert (ROOT / name).exists()


def settings_of(function: str) -> set[str]:
    """Return the environment variables that a handler's `Settings` reads."""
    tree = ast.parse((ROOT / "functions" / function / "handler.py").read_text())
    [settings] = [each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == "Settings"]
    return {each.target.id.upper() for each in settings.body if isinstance(each, ast.AnnAssign)}


def test_the_table_of_functions_lists_each_handler_with_its_settings():
    """docs/architecture.md and the handlers name the same functions and the same variables."""
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in TABLE.splitlines() if row.startswith("| `")]
    written = {row[0].strip("`"): set(re.findall(r"[A-Z][A-Z_]+", row[4])) for row in rows}
    assert written == {function: settings_of(function) for function in FUNCTIONS}


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object, refusing a name that comes twice."""
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def refuse(constant: str) -> float:
    """Refuse NaN and infinities, which Python reads and JSON does not have."""
    raise ValueError(constant)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_a_sample_payload(function: str):
    """Strict JSON, an object."""
    text = (ROOT / "events" / f"{function}.json").read_text(encoding="utf-8")
    assert isinstance(json.loads(text, object_pairs_hook=unique, parse_constant=refuse), dict)


def test_every_sample_payload_has_a_function():
    """Nothing is left of a function that is gone."""
    assert sorted(path.stem for path in (ROOT / "events").glob("*.json")) == FUNCTIONS


def test_nothing_tracked_is_left_undone():
    """No note to oneself."""
    assert [name for name, text in tracked() if LEFT_UNDONE.search(text)] == []


def test_nothing_tracked_names_a_package_registry():
    """Lock files above all: whoever installs chooses where from."""
    assert [(name, host) for name, text in tracked() for host in REGISTRIES if host in text] == []


def test_lock_files_hold_hashes_and_no_addresses():
    """One lock per target, each with hashes."""
    locks = {name: text for name, text in tracked() if name.endswith((".lock", "package-lock.json"))}
    assert len(locks) > 2
    for name, text in locks.items():
        assert "://" not in text, name
        assert "sha256:" in text or "sha512-" in text, name


def test_nothing_tracked_holds_a_path_of_one_machine():
    """What is written must hold in every clone."""
    assert [(name, found[0]) for name, text in tracked() if (found := MACHINE_PATH.search(text))] == []


def test_every_address_is_an_example():
    """Nobody real is in the repository: example.com and its subdomains alone."""
    domains = {(name, domain) for name, text in tracked() for domain in ADDRESS.findall(text)}
    assert [each for each in domains if each[1] != "example.com" and not each[1].endswith(".example.com")] == []
