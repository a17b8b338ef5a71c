"""What the tables do not show: features that read the future, and events that came late. Asked of the lake itself."""

from collections.abc import Sequence

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.audit import LATE_DAYS, Evidence
from addressee.models.examples import FeatureRows, end_of
from addressee.models.purchases import DAY_MS
from addressee.models.tables import Floats
from addressee.profiles.features import EVENT_FEATURE_NAMES
from addressee.profiles.offline import features_sql

SAMPLE_PEOPLE = 500
CLOSE = 1e-9
"""Relative: sums are the same ones, in fixed point, so that honest features are equal to the bit."""

_EARLIER = "CREATE OR REPLACE TEMP VIEW earlier AS SELECT * FROM events WHERE received_at_ms < {end_ms}"
_SAMPLED = """
CREATE OR REPLACE TEMP TABLE sampled AS
SELECT unnest($subjects::VARCHAR[]) AS subject, $end_ms - 1 AS as_of_ms
"""
_LATE = """
SELECT count(*), count(*) FILTER (received_at_ms - event_time_ms > $late_ms) FROM events
WHERE kind <> 'merge' AND received_at_ms < $end_ms
"""


def gather(lake: DuckDBPyConnection, past: tuple[int, FeatureRows] | None, *, end_ms: int) -> Evidence:
    """Return the evidence as of `end_ms` (exclusive); `past` is a cut-off and the features that the tables have of it.

    Where there is no past cut-off nothing can have changed.
    """
    ((events, late),) = lake.execute(_LATE, {"late_ms": LATE_DAYS * DAY_MS, "end_ms": end_ms}).fetchall()
    changed = changed_features(lake, *past) if past else frozenset[str]()
    return Evidence(changed, int(events), int(late))


def changed_features(
    lake: DuckDBPyConnection, day: int, rows: FeatureRows, *, names: Sequence[str] = EVENT_FEATURE_NAMES
) -> frozenset[str]:
    """Compute the features of some people at the end of `day` again, from a lake that ends there; name what differs.

    `rows.features` [n, F] has the columns `names`; one that is not declared differs, for nothing gives it again.
    """
    place = np.unique(np.linspace(0, len(rows.subjects) - 1, min(len(rows.subjects), SAMPLE_PEOPLE)).astype(np.int64))
    subjects = [rows.subjects[each] for each in place]
    lake.execute(_EARLIER.format(end_ms=int(end_of(day))))
    lake.execute(_SAMPLED, {"subjects": subjects, "end_ms": end_of(day)})
    again = lake.execute(features_sql(events="earlier", pairs="sampled")).fetchnumpy()
    return frozenset(
        name
        for column, name in enumerate(names)
        if name not in again or not _same(again[name], rows.features[place, column])
    )


def _same(again: Floats, before: Floats) -> bool:
    """Tell whether values are the same ones; numpy would take what is missing on one side for equal to anything."""
    filled = np.ma.filled(again.astype(np.float64), np.nan)
    return bool(np.allclose(filled, before, rtol=CLOSE, equal_nan=True))
