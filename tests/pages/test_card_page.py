"""A model's card as a page, of generated people: seen by a browser as people see it."""

from dataclasses import replace

import pytest

from addressee.models.kinds import kind_of
from addressee.models.tables import Finding
from addressee.models.train import Run, train
from tests.models.conftest import SEED, quick, tables_of
from tests.pages.look import look


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write the cards of a scorer with a mitigation, and of a timer."""
    made = tmp_path_factory.mktemp("cards")
    for name, mitigation in (("clicks_in_24_hours", "reweigh"), ("send_hour", "none")):
        kind = quick(kind_of(name))
        found = Finding("shifted", "warn", "mood", 0.3, "mood <moved> between the examples and now")
        run = Run(kind, replace(tables_of(kind), audit=(found,)), seed=SEED, mitigation=mitigation)
        (made / f"{name}.html").write_bytes(train(run).bundle.files["card.html"])
    return made


def test_a_scorers_card_shows_what_a_data_scientist_asks(browser, folder):
    """Figures, candidates, calibration, groups, fairness, importance, audit, limits; nothing is fetched."""
    texts = ("Calibration in the test", "demographic parity difference", "mood <moved> between")
    with look(browser, (folder / "clicks_in_24_hours.html").as_uri(), "card", shows=texts) as page:
        headings = [heading.inner_text() for heading in page.get_by_role("heading", level=2).all()]
        assert headings[:6] == [
            "Data and split",
            "Figures",
            "Candidates",
            "Calibration in the test",
            "roc_auc by group of people",
            "Fairness",
        ]
        assert headings[-3:] == ["What the audit of the tables found", "Limits", "Features"]
        assert page.locator("svg.square circle").count() == 10
        assert page.get_by_text("What the mitigation (reweigh) changes").count() == 1
        assert page.evaluate("document.querySelectorAll('script, link, img, iframe').length") == 0


def test_a_timers_card_has_hours_and_no_fairness(browser, folder):
    """It says no yes or no, so that there is nothing to be fair about."""
    texts = ("extra_clicks of the model", "Mails at each hour (share)")
    with look(browser, (folder / "send_hour.html").as_uri(), "card-timer", shows=texts) as page:
        assert page.get_by_role("heading", name="Fairness").count() == 0
