"""Looks at a page in Chromium, narrow and wide, light and dark: fits, says nothing wrong, can be used by everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / ".build" / "pages"
SIZES = ((375, 800), (1280, 900))
SCHEMES = ("light", "dark")
GRAVE = {"serious", "critical"}
RUN_AXE = "async () => (await axe.run(document, {iframes: false, resultTypes: ['violations']})).violations"


@contextmanager
def look(browser: Browser, url: str, name: str, **given: Any) -> Iterator[Page]:
    """Open a page, check it in every size and scheme, keep a screenshot of each, and give it for more questions.

    Given may be `shows`, texts that must be visible; `act`, called with the page before it is looked at; `serve`, which
    answers every request where no file holds the page. Nothing ever leaves the machine.
    """
    context = browser.new_context()
    page = context.new_page()
    troubles = _listen(page)
    page.route("**/*", given.get("serve") or _own_files)
    page.goto(url)
    if (act := given.get("act")) is not None:
        act(page)
    page.evaluate(f"{AXE.read_text(encoding='utf-8')};0")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for (width, height), scheme in product(SIZES, SCHEMES):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        where = f"{name} at {width}, {scheme}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{where} scrolls sideways"
        hidden = [text for text in given.get("shows", ()) if not page.get_by_text(text).filter(visible=True).count()]
        assert hidden == [], where
        assert grave_findings(page) == [], where
    yield page
    assert troubles == [], name
    context.close()


def grave_findings(page: Page) -> list[str]:
    """Ask axe-core for what it calls serious or critical."""
    violations = page.evaluate(RUN_AXE)
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:150] for node in each['nodes'][:3]]}"
        for each in violations
        if each["impact"] in GRAVE
    ]


def _listen(page: Page) -> list[str]:
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    return troubles


def _own_files(route: Route) -> None:
    """Let files and data through; whatever would leave the machine is refused, and so noticed."""
    if route.request.url.startswith(("file:", "data:")):
        route.continue_()
    else:
        route.abort()
