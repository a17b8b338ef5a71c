"""When to send: the person's hour in the person's time zone, never in quiet hours, over DST changes too."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from addressee.decisions.campaign import HOURS_PER_DAY, QuietHours

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
_SEARCH_HOURS = 60
"""A day that skips the hour because of DST leaves it to the next day."""
_MOST_SHIFTED = 3
"""So many hours, more than any clock is ever put forward, are left to look at one by one."""


def choose_slot(*, now_ms: int, hour: int, quiet: QuietHours, zone: tzinfo) -> int:
    """Return the first time, from `now_ms` on, whose local hour is `hour` and not quiet.

    A quiet `hour` moves to the hour at which the quiet ones end. The hour that already runs counts: then the slot is
    now. Every step goes to the next whole local hour, or to a few hours before the wanted one, and looks at the wall
    clock again, so hours that DST skips or repeats need no rule of their own. If quiet hours cover everything the slot
    is now.
    """
    wanted = quiet.end if quiet.covers(hour) else hour
    moment_ms = now_ms
    while moment_ms < now_ms + _SEARCH_HOURS * HOUR_MS:
        local = datetime.fromtimestamp(moment_ms / 1000, zone)
        if local.hour == wanted and not quiet.covers(local.hour):
            return moment_ms
        far_hours = (wanted - local.hour) % HOURS_PER_DAY - 1 - _MOST_SHIFTED
        moment_ms = _next_hour(moment_ms, local) + max(far_hours, 0) * HOUR_MS
    return now_ms


def hours_from(moment_ms: int, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """Give `moment_ms`, then every next whole hour of the wall clock, each with its local hour 0..23; without end."""
    while True:
        local = datetime.fromtimestamp(moment_ms / 1000, zone)
        yield moment_ms, local.hour
        moment_ms = _next_hour(moment_ms, local)


def _next_hour(moment_ms: int, local: datetime) -> int:
    into_hour_ms = local.minute * MINUTE_MS + local.second * 1000 + moment_ms % 1000
    return moment_ms + HOUR_MS - into_hour_ms


def local_hour(moment_ms: int, zone: tzinfo) -> int:
    """Return the wall clock's hour, 0..23, at `moment_ms`."""
    return datetime.fromtimestamp(moment_ms / 1000, zone).hour


def hour_of_week(moment_ms: int, zone: tzinfo) -> int:
    """Return the wall clock's hour of the week, 0..167, 0 being Monday from 0 to 1 o'clock."""
    local = datetime.fromtimestamp(moment_ms / 1000, zone)
    return local.weekday() * HOURS_PER_DAY + local.hour


def time_zone(*names: str) -> tzinfo:
    """Return the first of the IANA names that is known, else UTC: names come from devices and may be anything."""
    for name in names:
        zone = _zone(name) if name else None
        if zone is not None:
            return zone
    return UTC


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a relative path; a folder of the database, or unreadable
        return None
