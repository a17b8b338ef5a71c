"""Hours of the week as people's own clocks show them."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from addressee.models.tables import Indices, Ints

QUARTER_MS = 15 * 60_000
"""The offset of every zone in use is a multiple of it, and so are its changes."""
HOURS_PER_DAY = 24


def local_hours_of_week(at_ms: Ints, zones: Sequence[str], *, default: str = "UTC") -> Indices:
    """Return for each time the local hour of the week, 0 being Monday from 0 to 1 o'clock.

    `zones` are IANA names, one a time; where one is empty or unknown `default` counts, and where that is, too, UTC.
    """
    names, zone = np.unique(np.asarray(zones, dtype=np.str_), return_inverse=True)
    quarters = np.column_stack([zone.reshape(-1), at_ms // QUARTER_MS]).astype(np.int64).reshape(-1, 2)
    moments, place = np.unique(quarters, axis=0, return_inverse=True)
    known = [_zone(str(name), default) for name in names]
    hours = [_hour(int(quarter), known[int(index)]) for index, quarter in moments.tolist()]
    return np.array(hours, np.int32)[place.reshape(-1)]


def _hour(quarter: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, zone)
    return local.weekday() * HOURS_PER_DAY + local.hour


def _zone(*names: str) -> tzinfo:
    """Return the first of the names that is a zone: they come from devices and may be anything."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # unknown; empty or not a relative path; a folder of the database
            continue
    return UTC
