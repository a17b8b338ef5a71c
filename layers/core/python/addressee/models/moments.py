"""Features at chosen moments: for each subject and time what was known then, in queries that fit into memory."""

from itertools import pairwise

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.tables import Floats
from addressee.profiles.features import EVENT_FEATURE_NAMES
from addressee.profiles.offline import features_sql

ROWS_PER_QUERY = 500_000
"""Events times moments that one query reads at most, about: each person's moments see that person's events."""

_MOMENTS = """
CREATE OR REPLACE TEMP TABLE moments AS
SELECT subject, as_of_ms, (row_number() OVER (ORDER BY as_of_ms, subject) - 1)::INTEGER AS moment
FROM (SELECT DISTINCT subject, as_of_ms FROM asked)
"""
_ROWS = """
SELECT (SELECT count(*) FROM moments),
       (SELECT coalesce(sum(moments * events), 0)
        FROM (SELECT subject, count(*) AS moments FROM moments GROUP BY subject)
        JOIN (SELECT subject, count(*) AS events FROM events GROUP BY subject) USING (subject))
"""
_BATCH = """
CREATE OR REPLACE TEMP TABLE batch AS
SELECT subject, as_of_ms FROM moments WHERE moment >= $first AND moment < $last
"""


def features_at_moments(lake: DuckDBPyConnection, *, rows_per_query: int = ROWS_PER_QUERY) -> Floats:
    """Return [k, F], the features of the k different rows of `asked` (subject, as_of_ms), and create `moments`.

    `moments` (subject, as_of_ms, moment) numbers them in the order of the result. As-of means received by then, under
    the links known by then; who is unknown has the features of the empty state.
    """
    lake.execute(_MOMENTS)
    ((count, rows),) = lake.execute(_ROWS).fetchall()
    batches = max(1, -(-int(rows) // rows_per_query)) if count else 0
    edges = [count * place // batches for place in range(batches + 1)] if batches else [0]
    parts = [_features(lake, first, last) for first, last in pairwise(edges)]
    return np.concatenate([np.empty((0, len(EVENT_FEATURE_NAMES))), *parts])


def _features(lake: DuckDBPyConnection, first: int, last: int) -> Floats:
    lake.execute(_BATCH, {"first": first, "last": last})
    columns = lake.execute(features_sql(pairs="batch")).fetchnumpy()
    return np.column_stack([np.ma.filled(columns[name].astype(np.float64), np.nan) for name in EVENT_FEATURE_NAMES])
