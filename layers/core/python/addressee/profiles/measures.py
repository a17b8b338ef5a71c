"""What a feature can ask of a state: recencies, windows, streaks, sessions, shares. Units are in the names."""

from functools import lru_cache
from itertools import product
from math import log, pi
from operator import itemgetter

from addressee.profiles.state import (
    CATEGORY_HALF_LIFE_DAYS,
    COUNTERS,
    DAY_MS,
    HALF_HOUR_MS,
    HALF_HOURS,
    HALF_LIVES_DAYS,
    SECOND_MS,
    State,
)

NEVER_DAYS = 3650.0
"""The recency of what never happened, and of all that happened longer ago: ten years."""
FORGOTTEN_MINOR_UNITS = 0.001
"""Decayed spend below this is none: category shares are 0."""
TIED_SPEND = 1e-6
"""Categories whose decayed spend lies this share apart, or less, are tied: rounding must not choose between them."""
FORGOTTEN_COUNT = 0.001
"""A decayed count below this is none: a ratio to it is 0."""
ENGAGEMENT_WEIGHTS = {"views": 1, "opens": 1, "clicks": 3, "carts": 4, "orders": 8}
"""What an act weighs in the engagement score; what costs the person more weighs more."""
YEAR_DAYS = 365.2425
EVENING_HOURS = (18, 23)
WEEKEND_HOURS = (120, 168)


def ratio(over: float, under: float) -> float:
    """Divide; 0 where there is nothing to divide by."""
    return over / under if under else 0.0


def days_since(at_ms: int, as_of_ms: int) -> float:
    """Count days from `at_ms` (0: never) to `as_of_ms`, `NEVER_DAYS` at most."""
    return min(max(as_of_ms - at_ms, 0) / DAY_MS, NEVER_DAYS) if at_ms else NEVER_DAYS


def order_gap_days(state: State) -> float:
    """Average the days between orders; `NEVER_DAYS` below two orders."""
    between_ms = state.last_order_ms - state.first_order_ms
    return between_ms / (state.orders - 1) / DAY_MS if state.orders > 1 else NEVER_DAYS


def overdue(state: State, as_of_ms: int) -> float:
    """Divide the days since the last order by the usual gap (a day at least); 0 below two orders."""
    gap_days = max(order_gap_days(state), 1.0)
    return days_since(state.last_order_ms, as_of_ms) / gap_days if state.orders > 1 else 0.0


def active_days(state: State, as_of_ms: int, days: int) -> int:
    """Count active days (UTC) among the last `days`, the one of `as_of_ms` included."""
    reach = days - (as_of_ms // DAY_MS - state.last_seen_ms // DAY_MS)
    return (state.active_days & ((1 << max(reach, 0)) - 1)).bit_count()


def streak_days(state: State, as_of_ms: int) -> int:
    """Count the active days in a row up to the day of `as_of_ms` or the one before it."""
    if as_of_ms // DAY_MS - state.last_seen_ms // DAY_MS > 1:
        return 0
    return (state.active_days ^ (state.active_days + 1)).bit_length() - 1


def sessions(state: State, as_of_ms: int) -> int:
    """Count runs of adjacent active half-hours in the last seven days."""
    slots = _half_hours(state, as_of_ms)
    return (slots & ~(slots >> 1)).bit_count()


def session_hours_mean(state: State, as_of_ms: int) -> float:
    """Average the length of the sessions of the last seven days, in hours; 0 without one."""
    return ratio(_half_hours(state, as_of_ms).bit_count() / 2, sessions(state, as_of_ms))


def _half_hours(state: State, as_of_ms: int) -> int:
    reach = HALF_HOURS - (as_of_ms // HALF_HOUR_MS - state.last_seen_ms // HALF_HOUR_MS)
    return state.active_half_hours & ((1 << max(reach, 0)) - 1)


_of_evenings = itemgetter(*(day * 24 + hour for day in range(7) for hour in range(*EVENING_HOURS)))


def evening_hours(state: State) -> int:
    """Count activity in the evening, UTC."""
    return sum(_of_evenings(state.hour_of_week))


def weekend_hours(state: State) -> int:
    """Count activity on Saturday and Sunday, UTC."""
    first, last = WEEKEND_HOURS
    return sum(state.hour_of_week[first:last])


def decay(state: State, as_of_ms: int, half_life_days: int) -> float:
    """Tell what is left, at `as_of_ms`, of a value as of the state's last activity."""
    return _left(as_of_ms - state.last_seen_ms, half_life_days)


@lru_cache(maxsize=16)
def _left(passed_ms: int, half_life_days: int) -> float:
    """Keep the last few: thirty features of one person ask for the same three."""
    return float(0.5 ** (max(passed_ms, 0) / (half_life_days * DAY_MS)))


_PLACES = {pair: place for place, pair in enumerate(product(COUNTERS, HALF_LIVES_DAYS))}


def counter(state: State, as_of_ms: int, name: str, half_life_days: int) -> float:
    """Return a decayed counter as of `as_of_ms`."""
    return state.decayed[_PLACES[name, half_life_days]] * _left(as_of_ms - state.last_seen_ms, half_life_days)


def remembered_ratio(over: float, under: float) -> float:
    """Divide decayed sums; 0 where what divides is forgotten."""
    return over / under if under >= FORGOTTEN_COUNT else 0.0


def trend(state: State, as_of_ms: int, name: str) -> float:
    """Divide a counter's daily rate at the shortest half-life by that at the longest: 1 is steady, more is rising."""
    short, *_, long = HALF_LIVES_DAYS
    return remembered_ratio(counter(state, as_of_ms, name, short) / short, counter(state, as_of_ms, name, long) / long)


def engagement(state: State, as_of_ms: int) -> float:
    """Return the logarithm of one plus the weighted acts, decayed at 30 days."""
    acts = (weight * counter(state, as_of_ms, name, 30) for name, weight in ENGAGEMENT_WEIGHTS.items())
    return log(1 + sum(acts))


def weekday_angle(as_of_ms: int) -> float:
    """Place the day in the week, UTC, as an angle; Monday is 0."""
    return 2 * pi * ((as_of_ms // DAY_MS + 3) % 7) / 7


def season_angle(as_of_ms: int) -> float:
    """Place the day in the year, UTC, as an angle; 1 January is about 0."""
    return 2 * pi * (as_of_ms // DAY_MS % YEAR_DAYS) / YEAR_DAYS


def remembered_spend(state: State, as_of_ms: int) -> list[float]:
    """Return decayed spend per category bucket, up to a common factor; empty where it is forgotten."""
    total = sum(state.category_spend) * decay(state, as_of_ms, CATEGORY_HALF_LIFE_DAYS)
    return state.category_spend if total >= FORGOTTEN_MINOR_UNITS else []


def top_share(spend: list[float]) -> float:
    """Return the share of the largest category bucket."""
    return max(spend) / sum(spend)


def category_code(spend: list[float]) -> int:
    """Return one plus the largest category bucket, the first of tied ones."""
    least = max(spend) * (1 - TIED_SPEND)
    return next(code for code, spent in enumerate(spend, 1) if spent >= least)


def concentration(spend: list[float]) -> float:
    """Return the Herfindahl-Hirschman index of spend over category buckets: the sum of squared shares."""
    total = sum(spend)
    return sum(each * each for each in spend) / (total * total)


def emails(state: State, as_of_ms: int, days: int) -> int:
    """Count sends in the last `days`, among those that the state keeps; to the second."""
    start_ms = as_of_ms // SECOND_MS * SECOND_MS - days * DAY_MS
    return sum(at_ms > start_ms for _, at_ms in state.recent_sends)
