"""One Chromium for all page tests; without one, or without axe-core, they fail and say what to do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.pages.chromium import FLAGS, find_chromium
from tests.pages.look import AXE


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    assert AXE.exists(), "axe-core is not installed: make setup"
    path = find_chromium()
    assert path, "there is no Chromium: python -m tests.pages.chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()
