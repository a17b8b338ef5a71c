"""The outbox: its list, and a mail with its reasons, seen by a browser."""

from time import perf_counter

import pytest

from cli.outbox import OutboxMail, write_outbox
from tests.pages.look import look
from tests.pages.mails import sent_mails


@pytest.fixture(scope="module")
def outbox(tmp_path_factory):
    """Write an outbox of 120 mails."""
    return write_outbox(sent_mails(120), tmp_path_factory.mktemp("outbox"), title="Outbox of spring-digest").parent


def test_the_list_leads_to_every_mail_in_pages(browser, outbox):
    """Fifty a page; counts by state and rung; one of each at hand."""
    with look(browser, (outbox / "index.html").as_uri(), "outbox", shows=("120 mails as they went out",)) as page:
        assert page.locator(".list li").count() == 50
        page.get_by_role("link", name="Page 3").click()
        assert page.locator(".list li").count() == 20
        page.locator(".list a").last.click()
        assert page.get_by_role("link", name="All mails").is_visible()


def test_a_mail_is_shown_at_both_widths_with_every_reason(browser, outbox):
    """No script: the views are radio buttons. What was not shown in the mail is in reserve."""
    url = (outbox / "mails" / "00001.html").as_uri()
    with look(browser, url, "outbox-mail", shows=("Gave consent",)) as page:
        assert page.locator(".blocks li").count() == 5
        assert page.locator(".blocks .badge", has_text="in reserve").count() == 2
        assert [frame.get_by_text("Unsubscribe").first.is_visible() for frame in page.frames[1:]] == [True, True]
        page.locator("label:text-is('Phone')").click()
        assert page.locator("figure.phone").is_visible()
        assert not page.locator("figure.desktop").is_visible()


@pytest.mark.parametrize("view", ["Text", "Headers", "Desktop"])
def test_the_other_views_of_a_mail_are_pages_too(browser, outbox, view):
    """Each fits and can be used."""
    url, label = (outbox / "mails" / "00002.html").as_uri(), f"label:text-is('{view}')"
    name = f"outbox-mail-{view.lower()}"
    with look(browser, url, name, act=lambda page: page.locator(label).click()) as page:
        assert page.locator(".view:visible").count() == 1


def test_an_empty_outbox_and_a_mail_without_anything_have_pages(browser, tmp_path):
    """Nothing sent; no decision, no subject, no HTML."""
    empty = write_outbox([], tmp_path / "none", note="Engagement is simulated.").as_uri()
    with look(browser, empty, "outbox-empty", shows=("Nothing was sent yet.", "Engagement is simulated.")):
        write_outbox([OutboxMail(b"To: a@example.com\r\n\r\nhello\r\n")], tmp_path / "one")
    bare = (tmp_path / "one" / "mails" / "00001.html").as_uri()
    with look(browser, bare, "outbox-mail-bare", shows=("No decision is kept for this mail.", "(no subject)")) as page:
        page.locator("label:text-is('Text')").click()
        assert page.get_by_text("hello").is_visible()


def test_hundreds_of_mails_are_written_within_seconds(tmp_path):
    """A page a mail, an index in pages; each page small, however many there are."""
    mails = sent_mails(10) * 60
    began = perf_counter()
    index = write_outbox(mails, tmp_path / "many")
    assert perf_counter() - began < 20
    assert index.stat().st_size < 60_000
    assert len(list((tmp_path / "many").glob("page-*.html"))) == 11
