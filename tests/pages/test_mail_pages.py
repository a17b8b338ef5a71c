"""A rendered digest and the pages that its links lead to, seen by a browser."""

from urllib.parse import urlsplit

import pytest

from cli.outbox_mail import harmless
from cli.templates import preview_html
from tests.functions.links import LINKS, SEND, call, wired
from tests.pages.look import look
from tests.pages.mails import DIGEST, digest


@pytest.mark.parametrize("sample", ["Anna, a regular", "Somebody new", "Nothing to show"])
def test_the_digest_looks_like_a_mail(browser, tmp_path, sample):
    """Greeting, products, footer with address and links; at phone and desktop width, light and dark."""
    page_file = tmp_path / "mail.html"
    page_file.write_text(harmless(preview_html(DIGEST, sample)), encoding="utf-8")
    products = digest().template.manifest.samples[sample].get("products", ())
    texts = (*(product["title"] for product in products), "Exampleton")
    with look(browser, page_file.as_uri(), f"digest-{sample.split()[0].strip(',').lower()}", shows=texts) as page:
        assert page.get_by_role("link", name="Unsubscribe").first.is_visible()


def server(wires):
    """Answer the browser from the handler, as the API would."""

    def serve(route):
        request = route.request
        token = urlsplit(request.url).path.rpartition("/")[2]
        if not token or "." not in token:
            route.fulfill(status=404, body="")
            return
        answer = call(wires, request.method, token, body=request.post_data)
        route.fulfill(status=answer["statusCode"], headers=answer["headers"], body=answer["body"])

    return serve


PAGES = {
    "unsubscribe": (LINKS.unsubscribe(SEND), ()),
    "unsubscribed": (LINKS.unsubscribe(SEND), (0,)),
    "preferences": (LINKS.preferences(SEND), ()),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_behind_a_mails_links_can_be_used(browser, name):
    """Ask, confirm, set up: each with its button, pressed as people do."""
    url, presses = PAGES[name]

    def act(page):
        for place in presses:
            page.get_by_role("button").nth(place).click()

    with look(browser, url, f"links-{name}", serve=server(wired()), act=act) as page:
        assert page.get_by_role("heading", level=1).is_visible()
        assert page.get_by_role("button").count() == (1 if name != "preferences" else 3)
