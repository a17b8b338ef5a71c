"""When to send: quiet hours, time zones, DST."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, reset_tzpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.campaign import QuietHours
from addressee.decisions.hours import usual_hour
from addressee.decisions.slot import choose_slot, hours_from, time_zone

BERLIN, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
ZONES = [BERLIN, NEW_YORK, LORD_HOWE, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/Havana"), UTC]
NIGHT = QuietHours(21, 8)


def ms(text, zone=BERLIN):
    """Read a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "hour", "quiet", "slot"),
    [
        ("2026-05-04T09:00", 18, NIGHT, "2026-05-04T18:00"),
        ("2026-05-04T18:20", 18, NIGHT, "2026-05-04T18:20"),
        ("2026-05-04T19:20", 18, NIGHT, "2026-05-05T18:00"),
        ("2026-05-04T23:10", 23, NIGHT, "2026-05-05T08:00"),
        ("2026-05-04T03:30", 5, NIGHT, "2026-05-04T08:00"),
        ("2026-05-04T03:30", 5, QuietHours(), "2026-05-04T05:00"),
        ("2026-03-28T12:00", 10, NIGHT, "2026-03-29T10:00"),
        ("2026-10-24T12:00", 10, NIGHT, "2026-10-25T10:00"),
        ("2026-03-28T12:00", 2, QuietHours(), "2026-03-30T02:00"),
        ("2026-03-28T23:30", 1, QuietHours(22, 2), "2026-03-30T02:00"),
    ],
)
def test_the_slot_is_the_next_time_at_which_the_clock_shows_the_hour(now, hour, quiet, slot):
    """Quiet hours move it, DST neither skips nor doubles it."""
    assert choose_slot(now_ms=ms(now), hour=hour, quiet=quiet, zone=BERLIN) == ms(slot)


@given(
    now=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001  # made aware below
    hour=st.integers(0, 23),
    start=st.integers(0, 23),
    end=st.integers(0, 23),
    zone=st.sampled_from(ZONES),
)
def test_the_slot_is_the_first_wanted_hour_that_is_not_quiet(now, hour, start, end, zone):
    """For any time zone, over every DST change of three years: the one that a look at every hour to come finds."""
    now_ms = int(now.replace(tzinfo=UTC).timestamp() * 1000)
    quiet = QuietHours(start, end)
    slot = choose_slot(now_ms=now_ms, hour=hour, quiet=quiet, zone=zone)
    assert now_ms <= slot < now_ms + timedelta(days=3) // timedelta(milliseconds=1)
    assert not quiet.covers(datetime.fromtimestamp(slot / 1000, zone).hour)
    wanted = quiet.end if quiet.covers(hour) else hour
    assert slot == next(at_ms for at_ms, local in hours_from(now_ms, zone) if local == wanted)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "America", "a\0b", "\ud800", "x" * 300])
def test_a_time_zone_that_is_none_gives_way_to_the_next(name):
    """Names come from devices and may be anything."""
    assert time_zone(name, "Europe/Berlin") == BERLIN
    assert time_zone(name) == UTC


def histogram(*hours: int):
    """Count ten activities for each of the UTC hours."""
    counts = bytearray(168)
    for hour in hours:
        counts[hour] = 10
    return counts


@pytest.mark.parametrize(
    ("hours", "shift", "usual"),
    [((), 0, None), ((18,), 0, 18), ((18, 24 + 18, 9), 2, 20), ((23,), 2, 1), ((3,), -5, 22), ((7, 8, 12), 0, 7)],
)
def test_the_usual_hour_is_local_and_counts_neighbours(hours, shift, usual):
    """The histogram is in UTC; two neighbouring hours beat a lone one, ties go to the earlier."""
    assert usual_hour(histogram(*hours), shift_hours=shift) == usual


def test_a_few_activities_make_no_usual_hour():
    """Below eight activities the default hour stands."""
    few = bytearray(168)
    few[18] = 7
    assert usual_hour(few, shift_hours=0) is None


def test_zones_are_known_where_the_system_has_none():
    """Lambda has no time zone database: the one of the runtime layer, the package tzdata, is enough."""
    reset_tzpath(to=[])
    try:
        zone = time_zone("Pacific/Chatham")
    finally:
        reset_tzpath()
    assert datetime(2026, 1, 1, tzinfo=zone).utcoffset() == timedelta(hours=13, minutes=45)
