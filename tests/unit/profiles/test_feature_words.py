"""Features in words."""

import pytest

from addressee.profiles.feature_words import SENTENCES, said
from addressee.profiles.features import FEATURE_NAMES


def test_every_declared_feature_has_words():
    """And only those: a feature that went leaves no words behind."""
    assert tuple(SENTENCES) == FEATURE_NAMES


@pytest.mark.parametrize("name", FEATURE_NAMES)
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0, 2.5, 3650.0, 1e9, -1.0, float("nan")])
def test_every_value_can_be_said(name, value):
    """One line of plain words, whatever the state held."""
    words = said(name, value)
    assert words
    assert words == words.strip()
    assert "_" not in words
    assert "nan" not in words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("orders_90d", 3.0, "ordered 3 times lately (half-life 90 days)"),
        ("orders_total", 1.0, "ordered 1 time in all"),
        ("recency_days", 12.4, "ordered 12.4 days ago"),
        ("recency_days", 0.3, "ordered less than a day ago"),
        ("recency_days", 3650.0, "never ordered"),
        ("revenue_30d", 123_456.0, "spent 1,234.56 lately (half-life 30 days)"),
        ("active_days_30d", 7.0, "active on 7 of the last 30 days"),
        ("weekend_share", 0.25, "25% of the activity falls into weekends"),
        ("order_gap_days", 3650.0, "no rhythm of orders yet"),
        ("items_7d", 2.0, "2 items bought lately (half-life 7 days)"),
        ("season_sine", 0.5, "the season"),
        ("category_code", 7.0, "spends most on categories of group 7"),
        ("device_code", 3.0, "came last by ios"),
        ("country_code", 20.0, "has a device set to the country AT"),
        ("age_years", 34.0, "34 years old"),
        ("category_code", 0.0, "spends on no category"),
        ("overdue", float("nan"), "not known: overdue"),
    ],
)
def test_a_value_in_words(name, value, words):
    """Numbers, days, money and shares as a person says them."""
    assert said(name, value) == words
