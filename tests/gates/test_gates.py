"""The gates fail when they should: a planted violation is found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
FOLDERS = ("layers/core/python/addressee", "functions", "infra", "cli", "twin")


PLANTED = {
    "layers/core/python/addressee/decisions/planted.py": ("import boto3", "addressee.decisions.planted -> boto3"),
    "layers/core/python/addressee/profiles/planted.py": (
        "import botocore.session",
        "addressee.profiles.planted -> botocore",
    ),
    "layers/core/python/addressee/events/planted.py": (
        "import addressee.profiles",
        "addressee.events.planted -> addressee.profiles",
    ),
    "layers/core/python/addressee/models/planted.py": (
        "from addressee.adapters import s3",
        "addressee.models.planted -> addressee.adapters.s3",
    ),
    "infra/planted.py": ("import addressee.settings", "infra.planted -> addressee.settings"),
    "functions/planted.py": ("import infra", "functions.planted -> infra"),
}
"""File -> the line that is planted there, and the arrow that the linter names."""


def copy_tree(into: Path) -> Path:
    """Copy what import-linter reads."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, into / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", into)
    return into


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter as `make check` does."""
    path = os.pathsep.join([str(tree / "layers" / "core" / "python"), str(tree)])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [str(LINTER), "--no-cache"]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Plant everything in one copy: a run of the linter reads the whole tree, and names every arrow that it finds."""
    tree = copy_tree(tmp_path_factory.mktemp("planted"))
    for file, (line, _) in PLANTED.items():
        (tree / file).write_text(f'"""Planted."""\n\n{line}\n')
    return lint(tree)


@pytest.mark.parametrize("file", PLANTED)
def test_a_planted_import_against_the_arrows_fails_the_linter(planted: subprocess.CompletedProcess[str], file: str):
    """Each arrow of the architecture is enforced by the tool, not by discipline."""
    assert planted.returncode != 0
    assert f"{PLANTED[file][1]} (l.3)" in planted.stdout


def test_the_tree_as_it_stands_keeps_its_contracts(tmp_path: Path):
    """Without the plants the same command passes."""
    done = lint(copy_tree(tmp_path))
    assert done.returncode == 0, done.stdout
