"""`features_sql`: the features of every subject as of any time, as one DuckDB query over the lake.

As-of means: received by then, under the identity links known by then. Sums of fractions are taken in fixed point
(HUGEINT, 64 binary places), because parallel sums of floats differ from run to run in their last bits.
"""

from collections.abc import Iterable
from string import Template

from addressee.profiles import offline_query as query
from addressee.profiles.context import CONTEXT_BITS, context_sql
from addressee.profiles.features import FEATURES
from addressee.profiles.fold import (
    BACK_OFFICE_NAMES,
    BEHAVIOUR_KINDS,
    EMAIL_PREFIX,
    MACHINE,
    MONDAY,
    SEND_NAMES,
)
from addressee.profiles.hashing import CATEGORY_BUCKETS
from addressee.profiles.lake import MERGE
from addressee.profiles.measures import EVENING_HOURS, TIED_SPEND, WEEKEND_HOURS
from addressee.profiles.sections import BOUGHT, CART, SENDS
from addressee.profiles.state import (
    CATEGORY_HALF_LIFE_DAYS,
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
)

ORDER, ADDED, REMOVED = "Order Completed", "Product Added", "Product Removed"
LATEST = ("order", "view", "cart", "open", "click")
COUNTED = {
    "views": "Product Viewed",
    "opens": "Email Opened",
    "clicks": "Email Link Clicked",
    "orders": ORDER,
    "carts": ADDED,
}
"""The counters of an event that count it as one; the others are amounts of an order."""
ACTS = {name: place for place, name in enumerate((*COUNTED.values(), REMOVED), 1)}
"""Numbers for the activity that is told apart; any other activity is 0."""
SEND, REFUND, OWN, NOTHING = range(len(ACTS) + 1, len(ACTS) + 5)
"""What is no activity: others' mails, refunds, Addressee's own mails, all that changes nothing."""
AMOUNTS = {"revenue": "amount", "items": "quantity"}
REFUNDS = ("Order Refunded", "Order Cancelled")
HOLDING = (ORDER, *REFUNDS, ADDED, REMOVED, *SEND_NAMES)
_ACT_BITS, _BITS = 52, 64
FOREVER_MS = 2**62


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
    parts = (whose, query.REACH, query.TOLD, query.FACTS, query.PARTS, query.SUMS, query.COLUMNS)
    return Template("".join(("WITH", *parts))).substitute(
        _numbers(),
        **_expressions(),
        events=events,
        pairs=pairs,
        cutoffs=", ".join(f"({int(cutoff)}::BIGINT)" for cutoff in cutoffs),
    )


def _expressions() -> dict[str, str]:
    return {
        "act": _act(),
        "context": context_sql(),
        "key": f"""CASE WHEN act = {SEND} THEN hash(CASE WHEN send_id <> '' THEN send_id ELSE message_id END)
            WHEN act <> {ACTS[ORDER]} THEN ('0x' || substr(sha256(message_id), 1, 4))::UBIGINT END""",
        "act_totals": _listed(
            *(f"sum(n) FILTER (act = {ACTS[name]}) AS {counter}" for counter, name in COUNTED.items()),
            *(f"max(last_ms) FILTER (act = {ACTS[COUNTED[f'{one}s']]}) AS last_{one}_ms" for one in LATEST),
            f"min(first_ms) FILTER (act = {ACTS[ORDER]}) AS first_order_ms",
        ),
        "act_weights": _listed(
            *(_weight("1", days, _ACT_BITS, "BIGINT", f"weight_{days}d") for days in HALF_LIVES_DAYS)
        ),
        "act_decayed": _listed(
            *(
                _aged(f"weight_{days}d", days, f"{counter}_{days}d", f" FILTER (act = {ACTS[name]})")
                for counter, name in COUNTED.items()
                for days in HALF_LIVES_DAYS
            )
        ),
        "order_weights": _listed(
            *(
                _weight(amount, days, _BITS, "HUGEINT", f"{counter}_{days}d")
                for counter, amount in AMOUNTS.items()
                for days in HALF_LIVES_DAYS
            )
        ),
        "order_decayed": _listed(
            *(
                _aged(f"{counter}_{days}d", days, f"{counter}_{days}d")
                for counter in AMOUNTS
                for days in HALF_LIVES_DAYS
            )
        ),
        "category_weight": _weight("amount", CATEGORY_HALF_LIFE_DAYS, _BITS, "HUGEINT"),
        "category_decayed": _aged("spent", CATEGORY_HALF_LIFE_DAYS),
        "outputs": ",\n    ".join(f"({feature.sql})::DOUBLE AS {feature.name}" for feature in FEATURES),
    }


def _act() -> str:
    """Turn what an event does into its number: by `ACTS`, 0 where it is other activity, above them where it is none."""
    acts = " ".join(f"WHEN '{name}' THEN {act}" for name, act in ACTS.items())
    own = f"kind = 'track' AND name IN ({_names(SEND_NAMES)}) AND starts_with(send_id, subject || '.')"
    return f"""(CASE
            WHEN {own} THEN {OWN}
            WHEN kind NOT IN ({_names(BEHAVIOUR_KINDS)}) OR label IS NOT DISTINCT FROM '{MACHINE}' THEN {NOTHING}
            WHEN kind <> 'track' THEN 0
            ELSE CASE name {acts} ELSE CASE
                WHEN name IN ({_names(SEND_NAMES)}) THEN {SEND}
                WHEN name IN ({_names(REFUNDS)}) THEN {REFUND}
                WHEN name IN ({_names(BACK_OFFICE_NAMES)}) OR starts_with(name, '{EMAIL_PREFIX}') THEN {NOTHING}
                ELSE 0 END END
        END)::UTINYINT"""


def _weight(amount: str, days: int, bits: int, kind: str, name: str = "") -> str:
    """Sum what is left of an amount at the bucket's cut-off."""
    left = f"pow(0.5::DOUBLE, greatest(bucket_ms - at_ms, 0)::DOUBLE / {days * DAY_MS}::DOUBLE)"
    fixed = f"sum(({amount} * {left} * {2**bits}::DOUBLE)::{kind})::DOUBLE / {2**bits}::DOUBLE"
    return f"{fixed} AS {name}" if name else fixed


def _aged(part: str, days: int, name: str = "", condition: str = "") -> str:
    """Sum what is left of parts at the person's cut-off."""
    left = f"pow(0.5::DOUBLE, (to_ms - from_ms)::DOUBLE / {days * DAY_MS}::DOUBLE)"
    fixed = f"sum(({part} * {left} * {2**_BITS}::DOUBLE)::HUGEINT){condition}::DOUBLE / {2**_BITS}::DOUBLE"
    return f"({fixed}) AS {name}" if name else fixed


def _listed(*columns: str) -> str:
    return ",\n        ".join(columns)


def _names(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _numbers() -> dict[str, object]:
    return {
        "merge": MERGE,
        "buckets": CATEGORY_BUCKETS,
        "bought": BOUGHT,
        "cart": CART,
        "sends": SENDS,
        "days": DAYS,
        "hours": HOURS,
        "half_hours": HALF_HOURS,
        "second_ms": SECOND_MS,
        "half_hour_ms": HALF_HOUR_MS,
        "hour_ms": HOUR_MS,
        "day_ms": DAY_MS,
        "forever_ms": FOREVER_MS,
        "holding": _names(HOLDING),
        "act_order": ACTS[ORDER],
        "act_added": ACTS[ADDED],
        "act_removed": ACTS[REMOVED],
        "act_send": SEND,
        "act_refund": REFUND,
        "act_own": OWN,
        "month_seconds": 30 * DAY_MS // SECOND_MS,
        "monday": MONDAY,
        "evening_from": EVENING_HOURS[0],
        "evening_to": EVENING_HOURS[1],
        "weekend_from": WEEKEND_HOURS[0],
        "weekend_to": WEEKEND_HOURS[1],
        "tied": f"{1 - TIED_SPEND!r}::DOUBLE",
        "context_span": 1 << CONTEXT_BITS,
        "max_amount": MAX_AMOUNT_MINOR_UNITS,
        "max_quantity": MAX_QUANTITY,
        "max_count": MAX_COUNT,
        "max_hour_count": MAX_HOUR_COUNT,
    }
