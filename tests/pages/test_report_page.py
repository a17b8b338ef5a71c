"""The report's page, of a simulated campaign: seen by a browser as people see it."""

import pytest

from addressee.decisions.campaign import Campaign
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.feedback.figures import Story
from addressee.feedback.results import results
from cli.report_page import write_page
from cli.report_sources import Reported
from tests.campaign_story import CAMPAIGN, DAY_MS, START_MS, scope, story
from tests.pages.look import look

END_MS = START_MS + 2 * DAY_MS


def reported(told: Story, **changes) -> Reported:
    """Compute a campaign's report."""
    campaign = EmailCampaign(CAMPAIGN, Campaign(CAMPAIGN), "digest", "0123456789abcdef", START_MS, END_MS, START_MS)
    return Reported(Standing(campaign, "running", "planned", len(told.sends)), results(scope(**changes), told), 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write the pages once."""
    made = tmp_path_factory.mktemp("report")
    write_page(reported(story(6_000)), made / "large", simulated=True)
    write_page(reported(story(300), until_ms=START_MS + DAY_MS), made / "small", simulated=False)
    write_page(reported(Story([])), made / "empty", simulated=False)
    return made


def test_a_large_campaigns_page_shows_every_section(browser, folder):
    """Cards, findings, funnel, machines, holdout, segments, limits; nothing is fetched from anywhere."""
    texts = ("Human open rate", "Incremental revenue", "Mailed people bought more", "simulated engagement")
    with look(browser, (folder / "large" / "index.html").as_uri(), "report", shows=texts) as page:
        headings = [heading.inner_text() for heading in page.get_by_role("heading", level=2).all()]
        assert headings == [
            "From audience to order",
            "Machine opens told apart",
            "Against people held out at random",
            "By segment",
            "Where orders came from",
            "Where every send stands",
            "What these numbers cannot say",
        ]
        assert page.locator(".forest svg").count() == 5
        assert page.evaluate("document.querySelectorAll('script, link, img, iframe').length") == 0


def test_a_small_campaign_that_still_runs_concludes_nothing(browser, folder):
    """Too few people, preliminary, and nobody says that anything was simulated."""
    texts = ("No conclusion on what people bought", "preliminary")
    with look(browser, (folder / "small" / "index.html").as_uri(), "report-small", shows=texts) as page:
        assert page.get_by_text("simulated").count() == 0


def test_a_campaign_without_anything_has_a_page(browser, folder):
    """No rates, no money, nobody held out."""
    url = (folder / "empty" / "index.html").as_uri()
    with look(browser, url, "report-empty", shows=("Nobody was held out",)) as page:
        assert page.locator(".forest").count() == 0
