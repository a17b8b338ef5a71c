"""People at past cut-offs: features as of then, labels from what came after, all points in time kept apart."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.arrays import Array
from addressee.models.delays import Delays
from addressee.models.purchases import DAY_MS
from addressee.models.tables import ACTIVE_DAYS, BUYS, HORIZON_DAYS, LAPSES, Floats, People
from addressee.profiles.features import EVENT_FEATURE_NAMES
from addressee.profiles.offline import features_sql

CUT_WEEKS = (1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 20, 26, 39)
"""A quarter, two and three are among them: what 90 days bring is told, tuned and learned from these."""
LEAST_HISTORY_DAYS = 28
EVENTS_PER_QUERY = 1_000_000


class FeatureRows(NamedTuple):
    """Subjects, sorted, and their features [n, F], F = `len(EVENT_FEATURE_NAMES)`."""

    subjects: list[str]
    features: Floats


_ACTIVE = """
CREATE OR REPLACE TEMP TABLE active AS
SELECT DISTINCT coalesce(known.person, orders.subject) AS subject
FROM orders LEFT JOIN links AS known
  ON known.anonymous_subject = orders.subject AND known.received_at_ms < $end_ms
WHERE orders.received_at_ms < $end_ms AND orders.event_time_ms >= $since_ms
"""

_EXAMPLES = """
WITH examples AS (SELECT unnest($subjects::VARCHAR[]) AS subject, unnest(range(len($subjects))) AS row),
     bought AS (SELECT person, min(event_time_ms) AS next_ms FROM orders WHERE event_time_ms >= $end_ms GROUP BY person)
SELECT people.subject AS person, examples.row AS row, active.subject IS NOT NULL AS active,
       coalesce(bought.next_ms - $end_ms, $never) AS wait_ms
FROM examples LEFT JOIN links ON links.anonymous_subject = examples.subject
JOIN people ON people.person = coalesce(links.person, examples.subject)
LEFT JOIN active ON active.subject = examples.subject
LEFT JOIN bought ON bought.person = people.person
ORDER BY person, row
"""

_NEVER = 2**62


def cut_days(as_of_day: int, first_day: int) -> tuple[int, ...]:
    """Return the cut-offs, oldest first: whole weeks before `as_of_day`, with enough history since `first_day`."""
    days = (as_of_day - 7 * weeks for weeks in reversed(CUT_WEEKS))
    return tuple(day for day in days if day - first_day >= LEAST_HISTORY_DAYS)


def end_of(day: int) -> int:
    """Return the end of a day as an exclusive time in milliseconds."""
    return (day + 1) * DAY_MS


def active_subjects(lake: DuckDBPyConnection, *, day: int) -> set[str]:
    """Return who bought in the `ACTIVE_DAYS` days up to `day`, as it was known at its end, links included."""
    end_ms = end_of(day)
    lake.execute(_ACTIVE, {"end_ms": end_ms, "since_ms": end_ms - ACTIVE_DAYS * DAY_MS})
    return {row[0] for row in lake.execute("SELECT subject FROM active").fetchall()}


def read_features(lake: DuckDBPyConnection, days: Sequence[int]) -> dict[int, FeatureRows]:
    """Return for the end of each day the subjects known then, sorted, and their features, as of then.

    Cut-offs share a query while events times cut-offs stay below `EVENTS_PER_QUERY`: planning the query costs more
    than running it on little data, and much data times all cut-offs would not fit into memory.
    """
    ((events,),) = lake.execute("SELECT count(*) FROM events").fetchall()
    together = max(1, EVENTS_PER_QUERY // max(events, 1))
    groups = (days[start : start + together] for start in range(0, len(days), together))
    return {day: rows for group in groups for day, rows in _features(lake, group).items()}


def _features(lake: DuckDBPyConnection, days: Sequence[int]) -> dict[int, FeatureRows]:
    columns = lake.execute(features_sql(as_of_ms=[end_of(day) - 1 for day in days])).fetchnumpy()
    features = np.column_stack([np.ma.filled(columns[name].astype(np.float64), np.nan) for name in EVENT_FEATURE_NAMES])
    spans = {day: np.searchsorted(columns["as_of_ms"], [end_of(day) - 1, end_of(day)]) for day in days}
    return {
        day: FeatureRows(columns["subject"][first:last].tolist(), np.ascontiguousarray(features[first:last]))
        for day, (first, last) in spans.items()
    }


def read_people(
    lake: DuckDBPyConnection, features: Mapping[int, FeatureRows], delays: Delays, *, as_of_day: int
) -> People:
    """Return the examples of all cut-offs in `features`; needs `people` and what `load_orders` creates.

    A label counts orders by when they happened, whenever they came up to `as_of_day`: features are what was known,
    labels are the truth. So it is known only once hardly any order of its window is still to come. Somebody who was
    anonymous at the cut-off and is known now is an example with the features of then, under the subject of now.
    """
    closed = {label: as_of_day - horizon - delays.wait_days(horizon) for label, horizon in HORIZON_DAYS.items()}
    parts = [_at(lake, day, rows, closed) for day, rows in sorted(features.items())]
    return People(
        features=np.concatenate([np.empty((0, len(EVENT_FEATURE_NAMES))), *(part["features"] for part in parts)]),
        subject=_joined(parts, "subject", np.int32),
        cut_day=_joined(parts, "cut_day", np.int32),
        labels={label: _joined(parts, f"label_{label}", np.bool_) for label in HORIZON_DAYS},
        known={label: _joined(parts, f"known_{label}", np.bool_) for label in HORIZON_DAYS},
    )


def _joined(parts: Sequence[Mapping[str, Array]], name: str, kind: type) -> Array:
    return np.concatenate([np.empty(0, kind), *(part[name] for part in parts)]).astype(kind)


def _at(lake: DuckDBPyConnection, day: int, known: FeatureRows, closed: Mapping[str, int]) -> dict[str, Array]:
    """Make the examples of one cut-off, sorted by subject; `closed` says up to which cut-off each label is complete."""
    active_subjects(lake, day=day)
    rows = lake.execute(_EXAMPLES, {"subjects": known.subjects, "end_ms": end_of(day), "never": _NEVER}).fetchnumpy()
    complete = {label: day <= last for label, last in closed.items()}
    everybody = np.ones(len(rows["row"]), np.bool_)
    return {
        "features": known.features[rows["row"]],
        "subject": rows["person"],
        "cut_day": np.full(len(rows["row"]), day),
        f"label_{BUYS}": rows["wait_ms"] < HORIZON_DAYS[BUYS] * DAY_MS,
        f"known_{BUYS}": everybody & complete[BUYS],
        f"label_{LAPSES}": rows["wait_ms"] >= HORIZON_DAYS[LAPSES] * DAY_MS,
        f"known_{LAPSES}": rows["active"] & complete[LAPSES],
    }
