"""What the buttons of the public pages lead to, in Chromium, with the handler's own headers."""

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route

from functions.serve_links.handler import Wiring, handle
from tests.functions.links import LINKS, SAMPLE, SEND, wired
from tests.pages.look import look

STOP, WISHES = LINKS.unsubscribe(SEND), LINKS.preferences(SEND)


class Shop:
    """Answers the browser as API Gateway does with the handler behind it, for one person."""

    def __init__(self, *buttons: str) -> None:
        """Press these buttons and follow these links, by name, one after the other."""
        self.wires: Wiring = wired()
        self._buttons = buttons

    def serve(self, route: Route) -> None:
        """Answer one request."""
        asked = route.request
        kind, _, token = asked.url.removeprefix(LINKS.base_url + "/").partition("/")
        path = {"routeKey": f"{asked.method} /{kind}/{{token}}", "pathParameters": {"token": token}}
        event = {**SAMPLE, **path, "headers": asked.headers}
        if asked.post_data_buffer:
            event |= {"body": base64.b64encode(asked.post_data_buffer).decode(), "isBase64Encoded": True}
        said = handle(event, None, wired=self.wires)
        route.fulfill(status=said["statusCode"], headers=said["headers"], body=said["body"])

    def act(self, page: Page) -> None:
        """Press the buttons."""
        for name in self._buttons:
            page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).click()


@pytest.mark.parametrize(
    ("name", "link", "buttons", "heading"),
    [
        ("back", STOP, ("Unsubscribe", "Subscribe again"), "Welcome back"),
        ("paused", WISHES, ("Save topics", "Pause for 30 days"), "Your e-mails from The Shop"),
        ("off", WISHES, ("Unsubscribe from all", "Your e-mail preferences"), "You get no e-mails"),
    ],
)
def test_a_page_can_be_read_and_used_by_everybody(browser: Browser, name, link, buttons, heading):
    """Go there by its buttons; the style is allowed, nothing is blocked or too wide, axe-core finds nothing."""
    shop = Shop(*buttons)
    with look(browser, link, f"links-{name}", serve=shop.serve, act=shop.act) as page:
        assert page.get_by_role("heading", level=1).inner_text() == heading
        assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px"


def visit(browser: Browser, link: str, act: Callable[[Page], None]) -> None:
    """Open a link on a phone and do something there."""
    context = browser.new_context(viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.route("**/*", Shop().serve)
    page.goto(link)
    act(page)
    context.close()


def test_a_topic_is_turned_off_by_its_label(browser: Browser):
    """Uncheck one of two and save: the page shows it so, and says that it is saved."""

    def act(page: Page) -> None:
        page.get_by_label("Recipes").uncheck()
        page.get_by_role("button", name="Save topics").click()
        assert page.get_by_role("status").inner_text().startswith("Saved")
        assert not page.get_by_label("Recipes").is_checked()
        assert page.get_by_label("News & offers").is_checked()

    visit(browser, WISHES, act)


def test_the_one_button_can_be_reached_and_pressed_by_the_keyboard(browser: Browser):
    """Tab to it, see where the focus is, press Enter."""

    def act(page: Page) -> None:
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.get_by_role("heading", level=1).inner_text() == "You are unsubscribed"

    visit(browser, STOP, act)
