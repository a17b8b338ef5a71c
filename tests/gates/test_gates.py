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


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    """Copy what import-linter reads."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter as `make check` does."""
    path = os.pathsep.join([str(tree / "layers" / "core" / "python"), str(tree)])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [str(LINTER), "--no-cache"]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("layers/core/python/addressee/decisions/planted.py", "import boto3"),
        ("layers/core/python/addressee/profiles/planted.py", "import botocore.session"),
        ("layers/core/python/addressee/events/planted.py", "import addressee.profiles"),
        ("layers/core/python/addressee/models/planted.py", "from addressee.adapters import s3"),
        ("infra/planted.py", "import addressee.settings"),
        ("functions/planted.py", "import infra"),
    ],
)
def test_a_planted_import_against_the_arrows_fails_the_linter(copied_tree: Path, file: str, line: str):
    """Each arrow of the architecture is enforced by the tool, not by discipline."""
    (copied_tree / file).write_text(f'"""Planted."""\n\n{line}\n')
    done = lint(copied_tree)
    assert done.returncode != 0
    assert "planted" in done.stdout


def test_the_tree_as_it_stands_keeps_its_contracts(copied_tree: Path):
    """Without the plant the same command passes."""
    done = lint(copied_tree)
    assert done.returncode == 0, done.stdout
