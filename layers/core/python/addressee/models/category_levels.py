"""Levels of columns that hold categories: which are frequent, which columns have many, what each level becomes."""

from collections.abc import Sequence

import numpy as np

from addressee.models.tables import Floats

MOST_LEVELS = 20
"""So many levels of a column are told apart one by one."""
MANY_LEVELS = 30
"""A column with more levels than that, each of `LEAST_ROWS` rows, is embedded; 24 buckets of categories are not."""
LEAST_ROWS = 5
"""A level with fewer rows is rare."""


def frequent_levels(column: Floats) -> Floats:
    """Return the `MOST_LEVELS` most frequent levels, ascending; a missing value is a level where there are any."""
    levels, count = np.unique(column, return_counts=True)
    return np.asarray(np.sort(levels[np.argsort(-count, kind="stable")[:MOST_LEVELS]]), np.float64)


def many_levels(features: Floats, categorical: Sequence[int]) -> list[int]:
    """Return which of the categorical columns of [n, F] have more than `MANY_LEVELS` levels that are not rare."""
    counts = {column: np.unique(features[:, column], return_counts=True)[1] for column in categorical}
    return [column for column, count in counts.items() if int((count >= LEAST_ROWS).sum()) > MANY_LEVELS]


def looked_up(levels: Floats, becomes: Floats, column: Floats, *, unknown: float) -> Floats:
    """Return for each value of a column what its level becomes; `levels` ascend, a missing one is the last of them."""
    if not len(levels):
        return np.full(len(column), unknown)
    place = np.minimum(np.searchsorted(levels, column), len(levels) - 1)
    found = (levels[place] == column) | (np.isnan(levels[place]) & np.isnan(column))
    return np.asarray(np.where(found, becomes[place], unknown), np.float64)
