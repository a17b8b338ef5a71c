"""Features, declared once: each line drives the online value (Python, from a state) and the offline one (DuckDB SQL).

The SQL of a feature is an expression over the columns that `offline.py` aggregates per subject and cut-off; where they
have the meaning of a field of `State` they have its name, and 0 stands for nothing in both.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import cos, sin

from addressee.events.event import Trait
from addressee.profiles import measures
from addressee.profiles.context import (
    CONTEXT_BITS,
    DEVICE_BITS,
    DEVICE_SHIFT,
    LANGUAGE_SHIFT,
    LETTER_BITS,
    country_of,
    device_of,
    language_of,
)
from addressee.profiles.demographics import CODED, DEMOGRAPHIC_NAMES, demographics
from addressee.profiles.hashing import CATEGORY_BUCKETS
from addressee.profiles.measures import (
    ENGAGEMENT_WEIGHTS,
    EVENING_HOURS,
    FORGOTTEN_COUNT,
    FORGOTTEN_MINOR_UNITS,
    NEVER_DAYS,
    TIED_SPEND,
    WEEKEND_HOURS,
    YEAR_DAYS,
)
from addressee.profiles.sections import BOUGHT, CART, SENDS
from addressee.profiles.state import (
    CATEGORY_HALF_LIFE_DAYS,
    CONTEXT_DAYS,
    COUNTERS,
    DAY_MS,
    DAYS,
    HALF_HOURS,
    HALF_LIVES_DAYS,
    MAX_AMOUNT_MINOR_UNITS,
    MAX_HOUR_COUNT,
    MAX_QUANTITY,
    State,
)

VERSION = 3
"""Raised when the aggregation behind the columns changes its meaning."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its name, its value from (state, as of ms), and DuckDB SQL over the aggregated columns."""

    name: str
    online: Callable[[State, int], float]
    sql: str


def _recency(name: str, field: str) -> Feature:
    return Feature(name, lambda state, as_of_ms: measures.days_since(getattr(state, field), as_of_ms), _since(field))


def _since(field: str) -> str:
    days = f"least(greatest(as_of_ms - {field}, 0) / {DAY_MS}.0::DOUBLE, {NEVER_DAYS}::DOUBLE)"
    return f"CASE WHEN {field} > 0 THEN {days} ELSE {NEVER_DAYS} END"


def _total(name: str, field: str) -> Feature:
    return Feature(name, lambda state, _: float(getattr(state, field)), field)


def _per(name: str, over: str, under: str) -> Feature:
    sql = f"CASE WHEN {under} > 0 THEN {over}::DOUBLE / {under}::DOUBLE ELSE 0 END"
    return Feature(name, lambda state, _: measures.ratio(getattr(state, over), getattr(state, under)), sql)


def _decayed(counter: str, days: int) -> Feature:
    name = f"{counter}_{days}d"
    return Feature(name, lambda state, as_of_ms: measures.counter(state, as_of_ms, counter, days), name)


def _decayed_per(name: str, over: str, under: str, days: int) -> Feature:
    def online(state: State, as_of_ms: int) -> float:
        values = (measures.counter(state, as_of_ms, counter, days) for counter in (over, under))
        return measures.remembered_ratio(*values)

    return Feature(name, online, _remembered(f"{over}_{days}d", f"{under}_{days}d"))


def _trend(counter: str) -> Feature:
    short, *_, long = HALF_LIVES_DAYS
    sql = _remembered(f"({counter}_{short}d / {short}::DOUBLE)", f"({counter}_{long}d / {long}::DOUBLE)")
    return Feature(f"{counter}_trend", lambda state, as_of_ms: measures.trend(state, as_of_ms, counter), sql)


def _remembered(over: str, under: str) -> str:
    return f"CASE WHEN {under} >= {FORGOTTEN_COUNT}::DOUBLE THEN {over} / {under} ELSE 0 END"


def _cycle(name: str, angle: Callable[[int], float], sql: str) -> tuple[Feature, Feature]:
    return (
        Feature(f"{name}_sine", lambda _, as_of_ms: sin(angle(as_of_ms)), f"sin({sql})"),
        Feature(f"{name}_cosine", lambda _, as_of_ms: cos(angle(as_of_ms)), f"cos({sql})"),
    )


def _days_active(days: int) -> Feature:
    name = f"active_days_{days}d"
    return Feature(name, lambda state, as_of_ms: measures.active_days(state, as_of_ms, days), name)


def _of_hours(name: str, count: Callable[[State], int], column: str) -> Feature:
    sql = f"CASE WHEN hours > 0 THEN {column}::DOUBLE / hours::DOUBLE ELSE 0 END"
    return Feature(name, lambda state, _: measures.ratio(count(state), sum(state.hour_of_week)), sql)


def _of_spend(name: str, value: Callable[[list[float]], float], sql: str) -> Feature:
    remembered = f"CASE WHEN spend >= {FORGOTTEN_MINOR_UNITS}::DOUBLE THEN {sql} ELSE 0 END"

    def online(state: State, as_of_ms: int) -> float:
        spend = measures.remembered_spend(state, as_of_ms)
        return value(spend) if spend else 0.0

    return Feature(name, online, remembered)


def _of_context(name: str, part: Callable[[int], int], sql: str) -> Feature:
    kept = f"context // {1 << CONTEXT_BITS} > last_seen_ms // {DAY_MS} - {CONTEXT_DAYS}"
    return Feature(
        name,
        lambda state, _: part(state.context & (1 << CONTEXT_BITS) - 1),
        f"CASE WHEN {kept} THEN {sql} ELSE 0 END",
    )


_ENGAGED = " + ".join(f"{weight} * {counter}_30d" for counter, weight in ENGAGEMENT_WEIGHTS.items())
_WEEKDAY = f"2 * pi() * ((as_of_ms // {DAY_MS} + 3) % 7) / 7"
_SEASON = f"2 * pi() * ((as_of_ms // {DAY_MS})::DOUBLE % {YEAR_DAYS}::DOUBLE) / {YEAR_DAYS}::DOUBLE"
_GAP = f"(last_order_ms - first_order_ms)::DOUBLE / (orders - 1)::DOUBLE / {DAY_MS}.0::DOUBLE"

FEATURES: tuple[Feature, ...] = (
    _recency("recency_days", "last_order_ms"),
    _total("orders_total", "orders"),
    _total("monetary_total", "revenue_minor_units"),
    _per("basket_mean", "revenue_minor_units", "orders"),
    _total("basket_largest", "largest_order_minor_units"),
    _per("items_per_order", "items", "orders"),
    Feature("distinct_items", lambda state, _: min(len(state.bought), BOUGHT), "distinct_items"),
    _per("refund_share", "refunded_minor_units", "revenue_minor_units"),
    _recency("tenure_days", "first_seen_ms"),
    _recency("customer_days", "first_order_ms"),
    Feature(
        "order_gap_days",
        lambda state, _: measures.order_gap_days(state),
        f"CASE WHEN orders > 1 THEN {_GAP} ELSE {NEVER_DAYS} END",
    ),
    Feature(
        "overdue",
        measures.overdue,
        f"CASE WHEN orders > 1 THEN ({_since('last_order_ms')}) / greatest({_GAP}, 1) ELSE 0 END",
    ),
    _recency("seen_recency_days", "last_seen_ms"),
    _recency("view_recency_days", "last_view_ms"),
    _recency("cart_recency_days", "last_cart_ms"),
    _recency("open_recency_days", "last_open_ms"),
    _recency("click_recency_days", "last_click_ms"),
    *(_decayed(counter, days) for counter in COUNTERS for days in HALF_LIVES_DAYS),
    *(_days_active(days) for days in (7, 30, 90)),
    Feature("streak_days", measures.streak_days, "streak_days"),
    Feature("sessions_7d", measures.sessions, "sessions_7d"),
    _of_hours("hour_concentration", lambda state: max(state.hour_of_week), "busiest_hour"),
    _of_hours("evening_share", measures.evening_hours, "evening_hours"),
    _of_hours("weekend_share", measures.weekend_hours, "weekend_hours"),
    _of_spend("category_top_share", measures.top_share, "spend_top / spend"),
    _of_spend("category_concentration", measures.concentration, "spend_squared / (spend * spend)"),
    _of_spend("category_code", measures.category_code, "category_code"),
    _of_context("device_code", device_of, f"context // {1 << DEVICE_SHIFT} % {1 << DEVICE_BITS}"),
    _of_context("language_code", language_of, f"context // {1 << LANGUAGE_SHIFT} % {1 << LETTER_BITS}"),
    _of_context("country_code", country_of, f"context % {1 << LETTER_BITS}"),
    Feature("cart_items", lambda state, _: len(state.cart_hashes()), "cart_items"),
    Feature("emails_30d", lambda state, as_of_ms: measures.emails(state, as_of_ms, 30), "emails_30d"),
    _per("click_to_open", "clicks", "opens"),
    _decayed_per("click_to_open_90d", "clicks", "opens", 90),
    _per("orders_per_view", "orders", "views"),
    _per("unit_price_mean", "revenue_minor_units", "items"),
    _decayed_per("unit_price_90d", "revenue", "items", 90),
    Feature(
        "basket_spread",
        lambda state, _: measures.ratio(state.largest_order_minor_units * state.orders, state.revenue_minor_units),
        "CASE WHEN revenue_minor_units > 0 THEN largest_order_minor_units::DOUBLE * orders::DOUBLE"
        " / revenue_minor_units::DOUBLE ELSE 0 END",
    ),
    *(_trend(counter) for counter in ("orders", "views", "opens", "clicks")),
    Feature("engagement_score", measures.engagement, f"ln(1 + {_ENGAGED})"),
    Feature(
        "session_hours_mean",
        measures.session_hours_mean,
        "CASE WHEN sessions_7d > 0 THEN half_hours_7d / 2::DOUBLE / sessions_7d ELSE 0 END",
    ),
    *_cycle("weekday", measures.weekday_angle, _WEEKDAY),
    *_cycle("season", measures.season_angle, _SEASON),
)

CONTEXT: frozenset[str] = frozenset({"weekday_sine", "weekday_cosine", "season_sine", "season_cosine"})
"""Features of the moment alone, the same for everybody then: they move with the calendar, which is no drift."""

CATEGORICAL: tuple[str, ...] = ("category_code", "device_code", "language_code", "country_code", *CODED)
"""Features whose numbers stand for categories: whole, from 1 on, 0 for none. No distance, order or mean is meant."""

EVENT_FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
FEATURE_NAMES: tuple[str, ...] = (*EVENT_FEATURE_NAMES, *DEMOGRAPHIC_NAMES)
"""What models read: what people did, then what they declared, which only the tables and the profile know."""

_PARAMETERS = {
    "version": VERSION,
    "category_buckets": CATEGORY_BUCKETS,
    "category_half_life_days": CATEGORY_HALF_LIFE_DAYS,
    "categorical": CATEGORICAL,
    "demographics": DEMOGRAPHIC_NAMES,
    "tied_spend": TIED_SPEND,
    "half_lives_days": HALF_LIVES_DAYS,
    "evening_hours": EVENING_HOURS,
    "weekend_hours": WEEKEND_HOURS,
    "limits": [BOUGHT, CART, SENDS, DAYS, HALF_HOURS, MAX_HOUR_COUNT, MAX_AMOUNT_MINOR_UNITS, MAX_QUANTITY],
}
FEATURE_HASH: str = sha256(
    json.dumps([_PARAMETERS, [(feature.name, feature.sql) for feature in FEATURES]], sort_keys=True).encode()
).hexdigest()
"""Changes with every name, position, parameter and expression: a model bundle made with another one is refused."""


def vector(state: State, as_of_ms: int, traits: Mapping[str, Trait]) -> list[float]:
    """Compute all features, in the order of `FEATURE_NAMES`, as of `as_of_ms` (not before the state's last event).

    `traits` are what is declared by then. What is not declared is NaN (a number) or 0 (a category).
    """
    return [*event_vector(state, as_of_ms), *demographics(traits, as_of_ms)]


def event_vector(state: State, as_of_ms: int) -> list[float]:
    """Compute the features of what people did, in the order of `EVENT_FEATURE_NAMES`, as `vector` does."""
    return [float(feature.online(state, as_of_ms)) for feature in FEATURES]
