"""Features of single states, in numbers that can be checked by hand."""

import string
from math import cos, isclose, isfinite, log, pi, sin

import pytest
from hypothesis import given, settings

from addressee.events.event import Event, Line
from addressee.profiles.features import CONTEXT, EVENT_FEATURE_NAMES, FEATURE_HASH, event_vector
from addressee.profiles.fold import fold
from addressee.profiles.hashing import category_bucket
from addressee.profiles.measures import NEVER_DAYS
from addressee.profiles.state import DAY_MS, HOUR_MS, State, empty_state
from tests.unit.profiles.streams import END_MS, streams

MONDAY_MS = 20_304 * DAY_MS
AS_OF_MS = MONDAY_MS + 10 * DAY_MS


def seen(*events: tuple[str, float], amount: int = 1_000, category: str = "tea") -> State:
    """Fold (name, day after the Monday) pairs."""
    state = empty_state()
    for number, (name, day) in enumerate(events):
        at_ms = MONDAY_MS + round(day * DAY_MS)
        line = Line(f"item-{number}", category, 2, amount)
        event = Event(
            f"m{number}", "track", name, "u1", "", at_ms, at_ms, amount_minor_units=amount, lines=(line,), send_id=""
        )
        fold(state, event)
    return state


def feature(state: State, name: str, as_of_ms: int = AS_OF_MS) -> float:
    """Compute one feature."""
    return event_vector(state, as_of_ms)[EVENT_FEATURE_NAMES.index(name)]


def test_nobody_has_no_history():
    """Recencies of what never happened are ten years, everything else is nothing."""
    values = dict(zip(EVENT_FEATURE_NAMES, event_vector(empty_state(), AS_OF_MS), strict=True))
    never = {name for name in values if name.endswith("_days") and name != "streak_days"}
    assert {name for name, value in values.items() if value == NEVER_DAYS} == never
    assert {value for name, value in values.items() if name not in never | CONTEXT} == {0.0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("recency_days", 4.0),
        ("orders_total", 3.0),
        ("monetary_total", 3_000.0),
        ("basket_mean", 1_000.0),
        ("items_per_order", 2.0),
        ("distinct_items", 3.0),
        ("customer_days", 10.0),
        ("order_gap_days", 3.0),
        ("overdue", 4.0 / 3.0),
        ("orders_7d", 2 ** (-10 / 7) + 2 ** (-7 / 7) + 2 ** (-4 / 7)),
        ("revenue_30d", 1000 * (2 ** (-10 / 30) + 2 ** (-7 / 30) + 2 ** (-4 / 30))),
        ("active_days_7d", 1.0),
        ("active_days_30d", 3.0),
        ("streak_days", 0.0),
        ("sessions_7d", 1.0),
        ("weekend_share", 1 / 3),
        ("category_top_share", 1.0),
        ("category_concentration", 1.0),
        ("view_recency_days", NEVER_DAYS),
        ("unit_price_mean", 500.0),
        ("unit_price_90d", 500.0),
        ("basket_spread", 1.0),
        ("engagement_score", log(1 + 8 * (2 ** (-10 / 30) + 2 ** (-7 / 30) + 2 ** (-4 / 30)))),
        ("orders_trend", 90 / 7 * sum(2 ** (-x / 7) for x in (10, 7, 4)) / sum(2 ** (-x / 90) for x in (10, 7, 4))),
        ("views_trend", 0.0),
        ("weekday_sine", sin(2 * pi * 3 / 7)),
        ("weekday_cosine", cos(2 * pi * 3 / 7)),
        ("session_hours_mean", 0.5),
    ],
)
def test_three_orders_three_days_apart(name, expected):
    """Orders on Monday, Thursday and Sunday, seen from the Thursday after."""
    state = seen(("Order Completed", 0), ("Order Completed", 3), ("Order Completed", 6))
    assert isclose(feature(state, name), expected, rel_tol=1e-12)


def test_a_streak_lives_until_the_day_after_its_last():
    """Three days in a row: three today and tomorrow, none the day after that."""
    state = seen(*(("Visited", day) for day in (0, 4, 5, 6)))
    assert [feature(state, "streak_days", MONDAY_MS + day * DAY_MS) for day in (6, 7, 8)] == [3, 3, 0]


def test_adjacent_half_hours_are_one_session():
    """An hour and a half of activity is one visit, the one after a pause another, last week's none."""
    hours = (-8 * 24, 0, 0.4, 0.9, 3, 3.2)
    state = seen(*(("Visited", hour / 24) for hour in hours))
    assert feature(state, "sessions_7d", MONDAY_MS + 4 * HOUR_MS) == 2


def test_a_session_lasts_as_long_as_its_half_hours():
    """Three half-hours and one: an hour on average."""
    state = seen(*(("Visited", hour / 24) for hour in (0, 0.5, 1, 4)))
    assert feature(state, "session_hours_mean", MONDAY_MS + 5 * HOUR_MS) == 1.0


def test_what_has_decayed_away_has_no_trend():
    """Once the long half-life has forgotten, the ratio is 0, not noise by noise."""
    state = seen(("Email Opened", 0), ("Email Link Clicked", 0))
    assert feature(state, "opens_trend", MONDAY_MS) == pytest.approx(90 / 7)
    assert feature(state, "click_to_open_90d", MONDAY_MS) == 1.0
    long_after_ms = MONDAY_MS + 1_000 * DAY_MS
    assert feature(state, "opens_trend", long_after_ms) == feature(state, "click_to_open_90d", long_after_ms) == 0.0


def test_the_calendar_goes_round():
    """A week on the weekday is the same, half a year on the season is opposite."""
    state = empty_state()
    assert feature(state, "weekday_sine", MONDAY_MS) == feature(state, "weekday_sine", MONDAY_MS + 7 * DAY_MS) == 0.0
    there, opposite = (feature(state, "season_sine", MONDAY_MS + days * DAY_MS) for days in (0, 183))
    assert there == pytest.approx(-opposite, abs=0.02)


def test_evening_hours_count_from_six_to_eleven():
    """UTC, as everything; the busiest hour's share beside it."""
    state = seen(*(("Visited", hour / 24) for hour in (17.9, 18, 22.9, 23)))
    assert feature(state, "evening_share") == 0.5
    assert feature(state, "hour_concentration") == 0.25


def test_spend_that_has_decayed_away_leaves_no_category_shares():
    """After ten years without orders the categories are forgotten."""
    state = seen(("Order Completed", 0), amount=1)
    assert feature(state, "category_top_share") == 1.0
    assert feature(state, "category_top_share", AS_OF_MS + 3_650 * DAY_MS) == 0.0


def test_the_favourite_category_is_a_code_and_the_first_of_tied_ones():
    """One more than the bucket; 0 where nothing is spent or all of it is forgotten; rounding chooses nothing."""
    assert feature(empty_state(), "category_code") == 0.0
    state = seen(("Order Completed", 1))
    assert feature(state, "category_code") == category_bucket("tea") + 1
    assert feature(state, "category_code", AS_OF_MS + 3_650 * DAY_MS) == 0.0
    buckets = {name: category_bucket(name) for name in ("tea", "coffee")}
    first, second = sorted(buckets.values())
    state.category_spend[first], state.category_spend[second] = 1_000.0, 1_000.0 * (1 + 1e-12)
    assert feature(state, "category_code") == first + 1
    state.category_spend[second] = 1_001.0
    assert feature(state, "category_code") == second + 1


def test_mails_of_the_last_thirty_days_are_counted():
    """Sends of other senders count too; older ones do not."""
    state = seen(("Email Sent", -25), ("Email Sent", 1), ("Email Delivered", 2))
    assert feature(state, "emails_30d") == 2


def test_names_are_unique_and_made_for_columns():
    """A feature's name is a column of training tables and of the lake's SQL."""
    assert len(set(EVENT_FEATURE_NAMES)) == len(EVENT_FEATURE_NAMES) == 70
    assert set("".join(EVENT_FEATURE_NAMES)) <= set(string.ascii_lowercase + string.digits + "_")
    assert len(FEATURE_HASH) == 64


@given(streams())
@settings(max_examples=30, deadline=None)
def test_every_feature_is_a_finite_number(stream):
    """No division by zero, no infinity, whatever people do; shares lie between 0 and 1."""
    state = empty_state()
    for event in stream:
        fold(state, event)
    values = dict(zip(EVENT_FEATURE_NAMES, event_vector(state, END_MS + 8 * DAY_MS), strict=True))
    assert all(isfinite(value) for value in values.values())
    assert all(value >= 0 or name in CONTEXT for name, value in values.items())
    assert all(value <= 1 + 1e-12 for name, value in values.items() if name.endswith("_share") and "refund" not in name)
