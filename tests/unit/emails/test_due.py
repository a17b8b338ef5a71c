"""When a campaign's mail is due: in the window, outside quiet hours, at the person's hour or near it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.campaign import QuietHours
from addressee.decisions.person import Scores
from addressee.decisions.slot import MINUTE_MS
from addressee.emails.due import due_ms
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, NOON, active_at, campaign, somebody

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
MIDNIGHT = NOON - 12 * HOUR_MS


def hour_of(moment_ms, zone="UTC"):
    """Return the local hour."""
    return datetime.fromtimestamp(moment_ms / 1000, ZoneInfo(zone)).hour


def test_the_mail_is_due_at_the_next_usual_hour():
    """Somebody who is active at 18:00 gets it at 18:00 of the same day."""
    assert due_ms(somebody(state=active_at(18)), campaign(), now_ms=NOON) == NOON + 6 * HOUR_MS


def test_the_usual_hour_is_the_persons_own_clock():
    """The default hour 10 in New York is 14:00 UTC in October."""
    person = somebody(traits={"time_zone": "America/New_York"})
    assert due_ms(person, campaign(), now_ms=NOON) == NOON + 2 * HOUR_MS


def test_a_mail_is_never_due_before_the_window_opens():
    """A campaign of tomorrow starts tomorrow, whenever it is planned."""
    tomorrow = campaign(start_ms=NOON + DAY_MS)
    assert due_ms(somebody(state=active_at(18)), tomorrow, now_ms=NOON) == NOON + DAY_MS + 6 * HOUR_MS


def test_a_mail_planned_late_is_due_from_now_on():
    """Nobody is sent to the past."""
    assert due_ms(somebody(state=active_at(13)), campaign(), now_ms=NOON + 5 * HOUR_MS) == NOON + 25 * HOUR_MS


@pytest.mark.parametrize(("usual", "due"), [(18, 15), (9, 12), (1, 15), (17, 15), (2, 12)])
def test_a_short_window_moves_the_mail_to_its_hour_nearest_by_the_clock(usual, due):
    """A window from 12:00 to 16:00: who is usually there at 18:00 gets it at 15:00, at 9:00 gets it at 12:00."""
    short = campaign(end_ms=NOON + 4 * HOUR_MS, rules={"quiet_hours": QuietHours()})
    assert hour_of(due_ms(somebody(state=active_at(usual)), short, now_ms=NOON)) == due


def test_at_once_is_now_or_the_end_of_quiet_hours():
    """In Tokyo it is 21:00 at noon UTC: the mail waits until 8:00 there."""
    at_once = campaign(timing="at_once")
    assert due_ms(somebody(), at_once, now_ms=NOON + 5) == NOON + 5
    tokyo = somebody(traits={"time_zone": "Asia/Tokyo"})
    assert due_ms(tokyo, at_once, now_ms=NOON) == NOON + 11 * HOUR_MS


def timed(*hours):
    """Make somebody for whom a model had these hours of the week, 168 and more being of any day."""
    return somebody(scores=Scores("2024-10-03", hours={"send_hour": hours}))


def test_a_models_hour_of_any_day_is_the_next_one():
    """Eighteen o'clock of the same day."""
    assert due_ms(timed(168 + 18), campaign(), now_ms=NOON) == NOON + 6 * HOUR_MS


def test_the_best_weekday_that_the_window_holds_is_waited_for():
    """NOON is a Friday's; Monday lies beyond the window, Saturday within, and is better than today."""
    friday, saturday, monday = 4 * 24 + 18, 5 * 24 + 18, 18
    weekend = campaign(end_ms=NOON + 2 * DAY_MS)
    assert due_ms(timed(monday, saturday, friday), weekend, now_ms=NOON) == NOON + DAY_MS + 6 * HOUR_MS
    assert due_ms(timed(friday, saturday), weekend, now_ms=NOON) == NOON + 6 * HOUR_MS
    assert due_ms(timed(monday), weekend, now_ms=NOON) == NOON + 6 * HOUR_MS


@pytest.mark.parametrize("timing", ["at_once", "usual_hour"])
def test_a_window_that_is_quiet_throughout_has_no_slot(timing):
    """From 22:00 to 6:00 nobody is mailed whose night is that."""
    night = campaign(timing=timing, start_ms=NOON + 10 * HOUR_MS, end_ms=NOON + 18 * HOUR_MS)
    assert due_ms(somebody(), night, now_ms=NOON) is None


def test_a_window_that_is_over_has_no_slot():
    """Planning came too late."""
    assert due_ms(somebody(), campaign(), now_ms=NOON + 3 * DAY_MS) is None


@given(
    timing=st.sampled_from(["usual_hour", "at_once"]),
    zone=st.sampled_from(ZONES),
    usual=st.one_of(st.none(), st.integers(0, 23)),
    quiet=st.tuples(st.integers(0, 23), st.integers(0, 23)),
    default_hour=st.integers(0, 23),
    start_minutes=st.integers(0, 400 * 24 * 60),
    minutes=st.integers(1, 14 * 24 * 60),
    late_ms=st.integers(-DAY_MS, 2 * DAY_MS),
)
def test_a_slot_lies_in_the_window_and_in_no_quiet_hour(  # noqa: PLR0913, PLR0917  # a property's inputs
    timing, zone, usual, quiet, default_hour, start_minutes, minutes, late_ms
):
    """Whatever window, zone, habit and night, also over DST changes; and there is a slot where an hour is allowed."""
    start_ms = MIDNIGHT + start_minutes * MINUTE_MS
    asked = campaign(
        timing=timing,
        start_ms=start_ms,
        end_ms=start_ms + minutes * MINUTE_MS,
        rules={"quiet_hours": QuietHours(*quiet), "default_hour": default_hour},
    )
    person = somebody(traits={"time_zone": zone}, **({} if usual is None else {"state": active_at(usual)}))
    now_ms = start_ms + late_ms
    due = due_ms(person, asked, now_ms=now_ms)
    opens = max(now_ms, start_ms)
    if due is not None:
        assert opens <= due < asked.end_ms
        assert not asked.rules.quiet_hours.covers(hour_of(due, zone))
    else:
        quarters = range(opens, asked.end_ms, 15 * MINUTE_MS)
        assert all(asked.rules.quiet_hours.covers(hour_of(moment, zone)) for moment in quarters)
