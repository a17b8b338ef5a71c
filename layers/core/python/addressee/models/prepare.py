"""The lake -> training tables as of one day; nothing received later is seen."""

from datetime import date

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.examples import active_subjects, cut_days, end_of, read_features, read_people
from addressee.models.purchases import DAY_MS, load_orders, read_interactions, read_items
from addressee.models.tables import Interactions, Items, Metadata, Now, People, Tables
from addressee.profiles.features import FEATURE_HASH, FEATURE_NAMES

EPOCH = date(1970, 1, 1)
HISTORY_DAYS = 400

_PEOPLE = """
CREATE OR REPLACE TEMP TABLE people AS
SELECT unnest($subjects::VARCHAR[]) AS person, unnest(range(len($subjects)))::INTEGER AS subject
"""


def prepare_tables(lake: DuckDBPyConnection, *, as_of: date) -> Tables:
    """Make the training tables of `as_of` (its end, UTC) from `events`, the lake's rows on this connection.

    The same events give the same tables, whatever was received after `as_of` and however many threads work.
    """
    as_of_day = (as_of - EPOCH).days
    load_orders(lake, end_ms=end_of(as_of_day))
    first_day = _first_day(lake, as_of_day)
    days = cut_days(as_of_day, first_day)
    features = read_features(lake, [*days, as_of_day])
    now = features.pop(as_of_day)
    lake.execute(_PEOPLE, {"subjects": now.subjects})
    people = read_people(lake, features, as_of_day=as_of_day)
    items, interactions = read_items(lake), read_interactions(lake)
    active = active_subjects(lake, day=as_of_day)
    return Tables(
        metadata=Metadata(
            as_of=as_of.isoformat(),
            as_of_day=as_of_day,
            first_day=first_day,
            feature_names=FEATURE_NAMES,
            feature_hash=FEATURE_HASH,
            cut_days=days,
            counts=_counts(len(now.subjects), items, people, interactions),
        ),
        subjects=tuple(now.subjects),
        items=items,
        people=people,
        interactions=interactions,
        now=Now(now.features, np.array([subject in active for subject in now.subjects], np.bool_)),
    )


def _first_day(lake: DuckDBPyConnection, as_of_day: int) -> int:
    """Return the first received day that the window holds, or the day after `as_of` where it holds none."""
    query = "SELECT min(received_at_ms) FROM events WHERE received_at_ms < $end_ms"
    ((first_ms,),) = lake.execute(query, {"end_ms": end_of(as_of_day)}).fetchall()
    return as_of_day + 1 if first_ms is None else int(first_ms) // DAY_MS


def _counts(subjects: int, items: Items, people: People, interactions: Interactions) -> dict[str, int]:
    return {
        "subjects": subjects,
        "items": len(items.ids),
        "orders": int(interactions.basket[-1]) + 1 if len(interactions.basket) else 0,
        "interactions": len(interactions.basket),
        "examples": len(people.subject),
    }
