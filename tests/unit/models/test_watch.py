"""The watch: which version is compared, what is called what, when to retrain."""

import re
from dataclasses import replace

import numpy as np
import pytest

from addressee.models.canary import Verdict
from addressee.models.drift import DriftSettings, shift_of
from addressee.models.feature_words import in_words
from addressee.models.histograms import counted_as, histogram_of
from addressee.models.kinds import kind_of
from addressee.models.reference import REFERENCE_FILE, read_reference, reference_file
from addressee.models.registry import Left, Pointer
from addressee.models.watch import Watched, after_verdict, drift_report, watched_version, why_retrain
from addressee.profiles.features import FEATURE_NAMES
from tests.models.generated import AS_OF_DAY, generate


def test_the_report_names_features_once_and_answers_by_kind():
    """Two kinds of one training day share its features; what moved is said in words, the rest by its size."""
    tables = generate(people=200)
    watched = []
    for name in ("rfm_tiers", "discover"):
        kind = kind_of(name)
        fitted = kind.fit(tables, until=AS_OF_DAY, recipe=kind.recipes()[0], rng=np.random.default_rng(1))
        reference = read_reference(reference_file(kind, tables, fitted)[REFERENCE_FILE])
        watched.append(Watched(kind, "2024-10-04-a", reference, fitted))
    calm = drift_report(watched, tables, DriftSettings())
    assert calm["columns"] == len(tables.metadata.feature_names) + 1 + 3
    assert (calm["moved"], calm["do"], len(calm["calm"])) == ([], "", 5)
    features = tables.now.features.copy()
    features[:, :2] = [3650.0, 0.0]
    moved = drift_report(watched, replace(tables, now=replace(tables.now, features=features)), DriftSettings())
    names = {each["column"]: each for each in moved["moved"]}
    assert {"2024-10-04/recency_days", "2024-10-04/orders_total", "rfm_tiers/prediction"} <= names.keys()
    assert names["rfm_tiers/prediction"]["said"].startswith("rfm_tiers: what the model predicts: ")
    assert names["2024-10-04/recency_days"]["psi"] > 0.2 > names["2024-10-04/recency_days"]["chance"]
    assert "lost a field" in moved["do"]
    again = drift_report([watched[0], watched[0]], tables, DriftSettings())
    assert again["columns"] == len(tables.metadata.feature_names) + 1


def test_the_champion_is_compared_unless_it_has_seen_these_people():
    """Then the one before; a first champion has none."""
    before = Left("2026-01-01-a", 0, "")
    pointer = Pointer("2026-01-08-b", history=(before,))
    assert watched_version(pointer, "2026-01-09") == "2026-01-08-b"
    assert watched_version(pointer, "2026-01-08") == "2026-01-01-a"
    assert watched_version(Pointer("2026-01-08-b"), "2026-01-08") == ""


def test_retraining_is_for_champions_that_have_not_seen_the_newest_people():
    """One that has cannot learn more from the same tables."""
    moved = {"moved": [{}]}
    assert why_retrain({"moved": []}, {"a": Pointer("2026-01-01-a")}, "2026-01-08") == ""
    assert why_retrain(moved, {"a": Pointer("2026-01-08-a")}, "2026-01-08") == ""
    pointers = {"a": Pointer("2026-01-01-a"), "b": Pointer("2026-01-08-a"), "c": Pointer("")}
    assert why_retrain(moved, pointers, "2026-01-08") == "1 columns moved, a trained before"
    versions = {("a", "2026-01-08-new"), ("b", "2026-01-08-a")}
    assert why_retrain(moved, pointers, "2026-01-08", versions=versions) == ""


@pytest.mark.parametrize("action", ["promote", "roll back", "keep"])
def test_a_verdict_moves_only_the_challenger_that_it_is_about(action):
    """Somebody may have promoted, or started another canary, meanwhile."""
    verdict = Verdict(action, "said")
    held = {"a": Pointer("2026-01-01-a", challenger="2026-01-08-b", canary_share=0.1)}
    assert after_verdict(held, "a", "2026-01-07-x", verdict, now_ms=1) == held
    assert after_verdict(held, "z", "2026-01-08-b", verdict, now_ms=1) == held
    after = after_verdict(held, "a", "2026-01-08-b", verdict, now_ms=1)["a"]
    expected = {
        "promote": ("2026-01-08-b", ""),
        "roll back": ("2026-01-01-a", ""),
        "keep": ("2026-01-01-a", "2026-01-08-b"),
    }
    assert (after.champion, after.challenger) == expected[action]


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_has_words(name):
    """No underscores, no shorthand such as 7d."""
    assert not re.search(r"_|\d+d\b", in_words(name))


def test_words_follow_the_rules_of_names():
    """Half-lives and trends of counters; what no rule knows keeps its name."""
    assert in_words("views_30d") == "product views lately (30 days)"
    assert in_words("clicks_trend") == "trend of clicks in mails"
    assert in_words("odd_one_trend") == "trend of odd one"
    assert in_words("odd_one_7d") == "odd one lately (7 days)"
    assert in_words("odd_one") == "odd one"


def test_the_calendar_is_no_drift():
    """What is one number for all on each day tells the day, not the people; a feed gone missing is drift."""
    monday = histogram_of(np.full(500, 0.25))
    assert shift_of(monday, counted_as(monday, np.full(500, 0.97))).p_value == 1.0
    assert shift_of(monday, counted_as(monday, np.full(500, np.nan))).p_value < 1e-9
