"""Embeddings of categories with many levels, learned without labels: levels whose people are alike are near."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD

from addressee.models.category_levels import LEAST_ROWS, frequent_levels, looked_up
from addressee.models.prepared_columns import flatten
from addressee.models.tables import Floats, Ints

LEAST_DEVIATION = 1e-9
DIGITS = 9
_ROUNDS = 10


class Embedded(NamedTuple):
    """A column's levels that are not rare, ascending, and where they lie: `vectors` [levels, k]."""

    column: int
    levels: Floats
    vectors: Floats


class LevelEmbedding(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Makes at most `dimensions` columns of each of the `embedded` ones, as a step of a scikit-learn pipeline.

    A level's profile is the mean of its rows over contexts: the columns `number`, as signed logarithms, and, of each
    other of the columns `categorical`, whether it has one of its frequent levels; all standardised, 0 where missing. A
    profile is shrunk to the overall mean, 0, as by `smooth` rows more. The truncated SVD of the profiles, each weighed
    by the root of its rows, gives the vectors: the closest that k dimensions come to all profiles (Eckart and Young
    1936), principal components between groups (Doledec and Chessel 1987); of categories alone it is, but for the
    shrinkage, what correspondence analysis makes of their table (Greenacre 1984). Words are embedded in this way by
    what stands beside them (Levy and Goldberg 2014); here it is means, not mutual information, since numbers are
    contexts, too. Each dimension has a mean square of 1 over the rows of its levels. A level that is unknown or has
    fewer than `LEAST_ROWS` rows is the zero vector, the overall mean. Labels are not looked at.
    """

    def __init__(  # noqa: PLR0913  # scikit-learn's parameters are arguments of their own
        self,
        *,
        embedded: Sequence[int],
        number: Sequence[int],
        categorical: Sequence[int],
        dimensions: int,
        smooth: float,
        seed: int,
    ) -> None:
        """Take the parameters as they are, as scikit-learn asks."""
        self.embedded = embedded
        self.number = number
        self.categorical = categorical
        self.dimensions = dimensions
        self.smooth = smooth
        self.seed = seed

    def fit(self, features: Floats, _labels: object = None) -> "LevelEmbedding":
        """Learn `tables_`, an `Embedded` for each column, from [n, F]; infinite values are missing already."""
        self.tables_ = [self._embed(features, column) for column in self.embedded]
        return self

    def transform(self, features: Floats) -> Floats:
        """Return [n, k of all embedded columns together]."""
        columns = [
            looked_up(each.levels, dimension, features[:, each.column], unknown=0.0)
            for each in self.tables_
            for dimension in each.vectors.T
        ]
        return np.column_stack(columns) if columns else np.empty((len(features), 0))

    def _embed(self, features: Floats, column: int) -> Embedded:
        levels, level, rows = np.unique(features[:, column], return_inverse=True, return_counts=True)
        kept, own = rows >= LEAST_ROWS, np.asarray(level, np.int64)
        sums = [np.bincount(own, context, len(levels)) for context in self._contexts(features, column)]
        profiles = np.column_stack(sums)[kept] / (rows[kept, None] + self.smooth)
        return Embedded(column, levels[kept], self._vectors(profiles, rows[kept].astype(np.int64)))

    def _contexts(self, features: Floats, column: int) -> Iterator[Floats]:
        """Give one context after the other, [n], standardised: all at once would be many times the features."""
        for number in self.number:
            yield _standard(flatten(features[:, number]))
        for other in self.categorical:
            if other != column:
                values = features[:, other]
                yield from (_standard(_is(values, level)) for level in frequent_levels(values))

    def _vectors(self, profiles: Floats, rows: Ints) -> Floats:
        """Return the levels' places [levels, k], the first dimension the widest; none in which levels do not differ."""
        if not profiles.any():
            return np.empty((len(profiles), 0))
        weight = np.sqrt(rows)[:, None]
        k = min(self.dimensions, *profiles.shape)
        svd = TruncatedSVD(k, n_iter=_ROUNDS, random_state=self.seed % 2**32).fit(profiles * weight)
        places = profiles @ svd.components_.T
        spread = np.sqrt(((places * weight) ** 2).sum(axis=0) / rows.sum())
        told = spread > LEAST_DEVIATION
        return np.asarray(np.round(places[:, told] / spread[told], DIGITS), np.float64)


def _is(values: Floats, level: float) -> Floats:
    return np.asarray(np.isnan(values) if np.isnan(level) else values == level, np.float64)


def _standard(context: Floats) -> Floats:
    """Return how many standard deviations each value is from the mean; 0 where it is missing or nothing varies."""
    mean, spread = np.nanmean(context), np.nanstd(context)
    if not spread > LEAST_DEVIATION:
        return np.zeros(len(context))
    return np.asarray(np.nan_to_num((context - mean) / spread, nan=0.0), np.float64)
