"""The revision of the code that is deployed, for the bundles that it trains."""

import subprocess
from pathlib import Path


def revision(folder: Path) -> str:
    """Return git's name of the checkout, with `-dirty` where files were changed; empty outside of a git checkout."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603  # our own words, no shell
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
