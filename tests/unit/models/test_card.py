"""The card of a judged model: as JSON, as Markdown, as a page that fetches nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from addressee.models.card import HTML_FILE, JSON_FILE, MARKDOWN_FILE, card_files
from addressee.models.card_svg import bars_svg, forest_svg
from addressee.models.evaluate import as_json, compare
from addressee.models.judged import Taken, judged_figures, tells_yes_or_no
from addressee.models.kinds import kind_of
from addressee.models.tables import Finding
from tests.models.conftest import tables

KIND = kind_of("clicks_in_24_hours")
FOUND = Finding("shifted", "warn", "mood", 0.3, "moved <far>")
WINDOWS = {
    "first_day": "2024-01-28",
    "validation_after": "2024-08-01",
    "test_after": "2024-09-01",
    "test_cuts_until": "2024-10-01",
    "fitted_until": "2024-10-04",
}


@pytest.fixture(scope="module")
def tested():
    """Take a test with marks that are better than the floor's, and others without the mitigation."""
    window = KIND.cuts(tables()).test
    exam = KIND.exam(tables(), window)
    floor = KIND.floor(tables(), exam, until=window.first)
    better = np.column_stack([np.clip(floor[:, 0] + 0.1 * exam.truth, 0, 1), floor[:, 1]])
    return Taken(exam, better, floor, floor)


def about(tested, **more):
    """Return what a bundle says of itself, with the figures of the test."""
    rng = np.random.default_rng(1)
    metrics = as_json(compare(KIND.metrics, tested.exam, model=tested.marks, rival=tested.floor, rng=rng))
    said = {"metrics": metrics, "tested": {"people": 500}, "verdict": "beats its floor", "revision": ""}
    recipe = {"model": "logistic", "mitigate": "reweigh"}
    rows = [{"recipe": {}, "validation": {"roc_auc": 0.6}}, {"recipe": recipe, "validation": {"roc_auc": 0.7}}]
    named = {"features": ["mood"], "feature_hash": "f" * 64, "baseline": "a floor", "windows": WINDOWS}
    return {**said, **named, "recipe": recipe, "candidates": rows, **more}


def cards(tested, tables_of=None, details=None, **more):
    """Write the three files."""
    of = replace(tables(), audit=(FOUND,)) if tables_of is None else tables_of
    told = judged_figures(KIND, of, tested, seed=1)
    files = card_files(KIND, of, {**about(tested), **told, **more}, details or {})
    return json.loads(files[JSON_FILE]), files[MARKDOWN_FILE].decode(), files[HTML_FILE].decode()


def test_a_card_tells_groups_calibration_fairness_and_what_the_audit_found(tested):
    """All three files hold the same; words of others are escaped on the page."""
    card, text, page = cards(tested, details={"importance": {"mood": 0.1, "age": -0.2}, "class balance": {"rows": 3}})
    assert {each["slice"] for each in card["slices"]} == {"exposed", "activity"}
    assert all(each["rows"] >= 50 for each in card["slices"])
    assert len(card["reliability"]) == 10
    assert set(card["fairness"]) == {"age_group", "gender"}
    for words in ("## Fairness", "before the mitigation", "What the mitigation (reweigh) changes", "moved <far>"):
        assert words in text
    for words in ("Calibration in the test", "What the mitigation (reweigh) changes", "moved &lt;far&gt;", "(chosen)"):
        assert words in page
    assert "<far>" not in page
    assert page.count("<svg") == 3
    assert "http" not in page


def test_what_does_not_apply_is_left_out(tested):
    """No traits, no findings, no slices, no features, one recipe: no empty sections."""
    bare = replace(tested, exam=replace(tested.exam, groups={}), plain=None)
    more = {"candidates": [], "features": []}
    card, text, page = cards(bare, replace(tables(), groups={}), {"tuning": {}}, **more)
    assert card["fairness"] == card["fairness_before"] == card["mitigated"] == {}
    for words in ("Fairness", "by group of people", "audit", "Candidates", "<h2>Features", "Tuning"):
        assert words not in page
    assert "Fairness" not in text


def test_small_groups_are_no_slices_and_one_large_one_is_not_compared(tested):
    """Forty-nine questions say little."""
    count = len(tested.exam.truth)
    exam = replace(tested.exam, groups={"some": ["few"] * 49 + [""] * (count - 49)})
    alone = replace(tables(), groups={"gender": ("female",) * 500})
    card, text, page = cards(replace(tested, exam=exam, plain=None), alone)
    assert card["slices"] == []
    assert card["fairness"]["gender"]["verdict"].startswith("fewer than two groups")
    nobody = cards(replace(tested, plain=None), replace(tables(), groups={"gender": ("",) * 500}))
    assert "Not compared: not declared (500)." in nobody[1]
    assert "Not compared: not declared (500)." in nobody[2]
    assert "Not compared" not in text + page


def test_only_a_yes_or_no_has_calibration_and_fairness(tested):
    """Products, tiers, hours and uplift have slices alone."""
    assert [tells_yes_or_no(kind_of(name)) for name in ("clicks_in_24_hours", "send_hour", "buy_again")] == [True, 0, 0]
    told = judged_figures(kind_of("send_hour"), tables(), replace(tested, exam=replace(tested.exam, groups={})), seed=1)
    assert told == {"slices": [], "reliability": [], "fairness": {}}


def test_pictures_say_in_words_what_they_show():
    """For whoever cannot see them; numbers below 0 go to the left."""
    figure = {"value": 0.1, "low": -0.1, "high": 0.3}
    assert 'aria-label="a &quot;b&quot;"' in forest_svg([("x", figure)], 'a "b"')
    assert "<svg" in forest_svg([], "nothing")
    left, right = bars_svg({"x": -1.0, "y": 1.0}, "both"), bars_svg({"y": 1.0}, "one")
    assert left.count("<rect") == 2
    assert right.count("<rect") == 1
