"""The page of suite `rendering`: nobody here made its stylesheet, and its size stays what it was fixed to."""

from addressee.emails.compose import compose
from addressee.emails.render import Engine
from addressee.emails.samples import SAMPLE_KEY
from benchmarks import retail_mail
from benchmarks.rendering import published, values_of


def test_the_page_holds_the_stylesheet_and_the_frame_of_the_package_unchanged():
    """What stands in the way of tuning."""
    page = retail_mail.page()
    before, after = retail_mail.FRAME.read_text(encoding="utf-8").split(retail_mail.LINK)
    assert retail_mail.STYLESHEET.read_text(encoding="utf-8") in page
    assert page.startswith(before)
    assert page.endswith(after.split(retail_mail.HOLE)[1])


def test_the_mail_is_as_large_as_the_one_that_the_target_was_set_by():
    """34 kB, give or take one."""
    template = published()
    html = compose(template, values_of(template), SAMPLE_KEY, Engine()).parts.html
    assert abs(len(html.encode()) - 34_000) <= 1_000
    assert html.count(">View</a>") == retail_mail.CARDS
    assert 'class="button" style="' in html
