"""`features_sql`: the features of every subject as of any time, as one DuckDB query over the lake.

As-of means: received by then, under the identity links known by then. Sums of fractions are taken in fixed point
(HUGEINT, 64 binary places), because parallel sums of floats differ from run to run in their last bits.
"""

from collections.abc import Iterable
from string import Template

from addressee.profiles import offline_query as query
from addressee.profiles.features import FEATURES
from addressee.profiles.fold import (
    BACK_OFFICE_NAMES,
    BEHAVIOUR_KINDS,
    EMAIL_PREFIX,
    ENGAGEMENT_NAMES,
    MACHINE,
    MONDAY,
    SEND_NAMES,
)
from addressee.profiles.hashing import CATEGORY_BUCKETS
from addressee.profiles.lake import MERGE
from addressee.profiles.measures import EVENING_HOURS, WEEKEND_HOURS
from addressee.profiles.state import (
    BOUGHT,
    CART,
    CATEGORY_HALF_LIFE_DAYS,
    COUNTERS,
    DAY_MS,
    DAYS,
    HALF_HOUR_MS,
    HALF_HOURS,
    HALF_LIVES_DAYS,
    HOUR_MS,
    HOURS,
    MAX_AMOUNT_MINOR_UNITS,
    MAX_COUNT,
    MAX_HOUR_COUNT,
    MAX_QUANTITY,
    SECOND_MS,
    SENDS,
)

COUNTED = {
    "orders": ("Order Completed", "1"),
    "revenue": ("Order Completed", "amount"),
    "items": ("Order Completed", "quantity"),
    "views": ("Product Viewed", "1"),
    "carts": ("Product Added", "1"),
    "opens": ("Email Opened", "1"),
    "clicks": ("Email Link Clicked", "1"),
}
"""What each decayed counter counts: the event's name and the amount."""


def features_sql(*, events: str = "events", as_of_ms: Iterable[int] = (), pairs: str = "") -> str:
    """Write the query that gives `subject, as_of_ms` and one DOUBLE per feature, ordered by `as_of_ms, subject`.

    `events` names the relation of lake rows. Give either `as_of_ms`, cut-offs: the answer has a row for every subject
    with an event received by then; or `pairs`, the name of a relation (subject, as_of_ms) without duplicates: the
    answer has exactly its rows, with the features of the empty state where nothing is known. Raises `ValueError` for
    neither or both. Two runs give the same bytes, with any number of threads.
    """
    cutoffs = sorted(set(as_of_ms))
    if bool(cutoffs) == bool(pairs):
        raise ValueError("give either as_of_ms or pairs")
    whose = query.PAIRS if pairs else query.EVERYBODY
    parts = (query.LINKS, whose, query.FACTS, query.TOTALS, query.ACTIVITY, query.PURCHASES, query.EMAILS)
    return Template("".join(("WITH", *parts, query.COLUMNS))).substitute(
        _numbers(),
        events=events,
        pairs=pairs,
        cutoffs=", ".join(f"({int(cutoff)}::BIGINT)" for cutoff in cutoffs),
        weights=",\n        ".join(_weights()),
        decayed=",\n        ".join(_decayed()),
        outputs=",\n    ".join(f"({feature.sql})::DOUBLE AS {feature.name}" for feature in FEATURES),
    )


def _weights() -> list[str]:
    columns = {f"weight_{days}d": days for days in HALF_LIVES_DAYS} | {"category_weight": CATEGORY_HALF_LIFE_DAYS}
    return [
        f"pow(0.5::DOUBLE, (as_of_ms - at_ms)::DOUBLE / {days * DAY_MS}::DOUBLE) AS {name}"
        for name, days in columns.items()
    ]


def _decayed() -> list[str]:
    columns = []
    for counter in COUNTERS:
        did, amount = COUNTED[counter]
        for days in HALF_LIVES_DAYS:
            fixed = f"sum(({amount} * weight_{days}d * {_one()})::HUGEINT) FILTER (did = '{did}')"
            columns.append(f"({fixed})::DOUBLE / {_one()} AS {counter}_{days}d")
    return columns


def _one() -> str:
    """Return the fixed point's one: 64 binary places."""
    return f"{2**64}::DOUBLE"


def _names(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _numbers() -> dict[str, object]:
    return {
        "merge": MERGE,
        "machine": MACHINE,
        "email": EMAIL_PREFIX,
        "behaviour": _names(BEHAVIOUR_KINDS),
        "engagement": _names(ENGAGEMENT_NAMES),
        "back_office": _names(BACK_OFFICE_NAMES),
        "send_names": _names(SEND_NAMES),
        "one": _one(),
        "buckets": CATEGORY_BUCKETS,
        "bought": BOUGHT,
        "cart": CART,
        "sends": SENDS,
        "days": DAYS,
        "hours": HOURS,
        "half_hours": HALF_HOURS,
        "second_ms": SECOND_MS,
        "half_hour_ms": HALF_HOUR_MS,
        "hour_slots": HOUR_MS // HALF_HOUR_MS,
        "day_slots": DAY_MS // HALF_HOUR_MS,
        "day_ms": DAY_MS,
        "month_seconds": 30 * DAY_MS // SECOND_MS,
        "monday": MONDAY,
        "evening_from": EVENING_HOURS[0],
        "evening_to": EVENING_HOURS[1],
        "weekend_from": WEEKEND_HOURS[0],
        "weekend_to": WEEKEND_HOURS[1],
        "max_amount": MAX_AMOUNT_MINOR_UNITS,
        "max_quantity": MAX_QUANTITY,
        "max_count": MAX_COUNT,
        "max_hour_count": MAX_HOUR_COUNT,
    }
