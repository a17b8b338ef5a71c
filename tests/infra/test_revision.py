"""The revision that bundles carry."""

import subprocess
from pathlib import Path

from infra.revision import revision


def test_a_checkout_names_its_commit_and_that_it_was_changed(tmp_path: Path):
    """Twelve characters of the commit; files that differ from it are not hidden."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    (tmp_path / "file").write_text("one")
    for words in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "One"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    named = revision(tmp_path)
    assert len(named) == 12
    (tmp_path / "file").write_text("two")
    assert revision(tmp_path) == f"{named}-dirty"


def test_outside_of_a_checkout_there_is_none(tmp_path: Path):
    """A source archive deploys as well."""
    assert not revision(tmp_path)
