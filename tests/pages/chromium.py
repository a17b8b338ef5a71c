"""Chromium for the page tests: the machine's own, else from its package manager, else Playwright's download.

`python -m tests.pages.chromium` makes sure that there is one; `find_chromium` only looks.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""A container's root user cannot have Chromium's sandbox; the pages are our own. The rest keeps it off the network."""
INSTALL_SECONDS = 600


class ChromiumMissing(Exception):
    """There is no Chromium and none could be installed; the message says what to do."""


def find_chromium() -> str | None:
    """Return the path of the machine's Chromium, or of Playwright's own, or None."""
    for name in NAMES:
        if (found := shutil.which(name)) is not None:
            return found
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return str(own) if own.exists() else None


def ensure_chromium() -> str:
    """Find Chromium, or install it. Raises `ChromiumMissing`."""
    if (found := find_chromium()) is not None:
        return found
    for command in _installers():
        subprocess.run(command, check=False, timeout=INSTALL_SECONDS)
        if (found := find_chromium()) is not None:
            return found
    raise ChromiumMissing("no Chromium: install it (Debian: apt-get install chromium), then run this again")


def _installers() -> list[list[str]]:
    """List what may install it: apt-get where we are root, then Playwright's download."""
    apt = shutil.which("apt-get")
    root = os.geteuid() == 0
    own = [sys.executable, "-m", "playwright", "install", *(["--with-deps"] if root else []), "chromium"]
    if apt is None or not root:
        return [own]
    return [[apt, "update", "-q"], [apt, "install", "-y", "-q", "--no-install-recommends", "chromium"], own]


if __name__ == "__main__":
    try:
        sys.stdout.write(f"chromium: {ensure_chromium()}\n")
    except ChromiumMissing as missing:
        sys.exit(f"addressee: {missing}")
