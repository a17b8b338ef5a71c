"""The space in which people are near or far: features as signed logarithms, standardised, weighted, projected (PCA)."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.item_sections import numbers, packed
from addressee.models.prepared_columns import finite, flatten
from addressee.models.ranking import Sections
from addressee.models.segmenters import DISTANCE_DIGITS
from addressee.models.tables import Floats, Indices, Ints
from addressee.profiles.demographics import DEMOGRAPHIC_NAMES
from addressee.profiles.features import CATEGORICAL, CONTEXT

EXPLAINED = 0.9
"""Share of the variance that the principal components keep."""
LEAST_DEVIATION = 1e-9
DIGITS = 9


@dataclass(frozen=True)
class Space:
    """m features and d components: `column`, `mean`, `scale`, `weight` [m], `component` [m, d].

    `mean` and `scale` are those of the signed logarithms.
    """

    column: Indices
    mean: Floats
    scale: Floats
    weight: Floats
    component: Floats

    def standard(self, features: Floats) -> Floats:
        """Return [n, m]: how many standard deviations each person is from the mean; 0 where a value is missing."""
        far = (flatten(finite(features[:, self.column])) - self.mean) / self.scale
        return np.asarray(np.where(np.isnan(far), 0.0, far), np.float64)

    def place(self, features: Floats) -> Floats:
        """Return [n, d]: where people are."""
        return self.project(self.standard(features))

    def project(self, standard: Floats) -> Floats:
        """Return [n, d] for standardised features [n, m]."""
        return np.asarray((standard * self.weight) @ self.component, np.float64)

    def sections(self) -> dict[str, "array[Any]"]:
        """Return the arrays as `segmenters.Centroids` reads them."""
        given = {name: packed("d", getattr(self, name).ravel()) for name in ("mean", "scale", "weight", "component")}
        return {"column": packed("I", self.column), **given}


def space_of(sections: Sections) -> Space:
    """Read a space from a fitted model."""
    column = numbers(sections, "column").astype(np.int32)
    mean, scale, weight, component = (numbers(sections, name) for name in ("mean", "scale", "weight", "component"))
    return Space(column, mean, scale, weight, component.reshape(len(column), -1))


def fit_space(names: Sequence[str], features: Floats, weight: Mapping[str, float]) -> Space:
    """Fit the space on [n, F] without what does not vary, and without calendar, codes of categories, demographics.

    `weight` says how much a feature counts, 1 where it says nothing; weights are scaled to a mean square of 1.
    """
    flat = np.nan_to_num(flatten(finite(features)), nan=0.0)
    varies = flat.std(axis=0) > LEAST_DEVIATION if len(flat) else np.zeros(len(names), np.bool_)
    left_out = CONTEXT.union(CATEGORICAL, DEMOGRAPHIC_NAMES)
    column = [at for at, name in enumerate(names) if varies[at] and name not in left_out] or [0]
    weights = np.array([weight.get(names[at], 1.0) for at in column])
    weights /= np.sqrt((weights**2).mean()) or 1.0
    known = flatten(finite(features[:, column]))
    present = ~np.isnan(known)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, known, 0.0).sum(axis=0) / count
    scale = np.sqrt(np.where(present, (known - mean) ** 2, 0.0).sum(axis=0) / count)
    rough = Space(
        np.array(column, np.int32),
        np.round(mean, DIGITS),
        np.asarray(np.round(np.where(scale > LEAST_DEVIATION, scale, 1.0), DIGITS), np.float64),
        np.round(weights, DIGITS),
        np.eye(len(column)),
    )
    return Space(rough.column, rough.mean, rough.scale, rough.weight, _components(rough.place(features)))


def _components(points: Floats) -> Floats:
    """Return the principal components that keep `EXPLAINED` of the variance, [m, d]; the largest entry is positive."""
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / max(len(points), 1))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    kept = np.cumsum(values) / (values.sum() or 1.0)
    chosen = vectors[:, : int(np.searchsorted(kept, EXPLAINED)) + 1]
    largest = np.abs(chosen).argmax(axis=0)
    return np.asarray(np.round(chosen * np.sign(chosen[largest, np.arange(chosen.shape[1])]), DIGITS), np.float64)


def gaps(points: Floats, centroids: Floats) -> Floats:
    """Return the squared distance of each of n points from each of k centroids, [n, k], rounded as serving does."""
    squares = np.stack([((points - each) ** 2).sum(axis=1) for each in centroids], axis=1)
    return np.asarray(np.round(squares, DISTANCE_DIGITS), np.float64)


def nearest(points: Floats, centroids: Floats) -> Ints:
    """Return the index of the nearest centroid of each point, the first of those that are as near."""
    return np.asarray(gaps(points, centroids).argmin(axis=1), np.int64)


def silhouettes(points: Floats, segment: Ints, segments: int) -> Floats:
    """Return each person's simplified silhouette (Hruschka et al. 2004): distances to centroids, not to all people.

    (b - a) / max(a, b), a being the distance to the own centroid, b to the nearest other one; 0 where there is none.
    """
    used = [index for index in range(segments) if (segment == index).any()]
    if len(used) < 2:  # noqa: PLR2004  # one group has no other
        return np.zeros(len(points))
    distance = np.sqrt(gaps(points, np.stack([points[segment == index].mean(axis=0) for index in used])))
    rows, own = np.arange(len(points)), np.searchsorted(used, segment)
    near = distance[rows, own].copy()
    distance[rows, own] = np.inf
    other = distance.min(axis=1)
    return np.asarray((other - near) / np.maximum(np.maximum(near, other), LEAST_DEVIATION), np.float64)
