"""The pace of sending: how many mails may be queued now, and how many seconds each of them waits."""

from math import isfinite

from addressee.emails.ports import Quota

SECONDS = 60
UNLIMITED = -1


def budget(quota: Quota, waiting: int) -> int:
    """Return how many mails may be queued for the next minute, `waiting` of which already are.

    The minute at the quota's rate, and not more than the day has left (-1 a day: no limit). A quota that is no number,
    negative or nothing allows nothing.
    """
    if not (isfinite(quota.per_second) and quota.per_second > 0):
        return 0
    room = quota.per_second * SECONDS - waiting
    if quota.per_day != UNLIMITED:
        left_of_day = quota.per_day - quota.used - waiting
        room = min(room, left_of_day) if isfinite(left_of_day) else 0
    return max(int(room), 0)


def delay_seconds(place: int, per_second: float) -> int:
    """Return the delay of the mail that is `place`-th in the minute (from 0): mails leave at the quota's rate."""
    return min(int(place / per_second), SECONDS - 1)
