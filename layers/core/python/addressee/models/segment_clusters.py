"""K-Means over a range of numbers of segments: which number, and where the centroids are. Training only."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from addressee.models.generators.threads import one_thread
from addressee.models.segment_space import DIGITS, nearest
from addressee.models.tables import Floats, Ints

FEWEST, MOST = 4, 10
STARTS = 5
FIT_PEOPLE = 20_000
SILHOUETTE_PEOPLE = 2_000
LEAST_SHARE, LEAST_PEOPLE = 0.02, 8
"""A segment has at least that share of the people, and that many; smaller ones are merged into their neighbours."""
KEEP_NUMBER = 0.02
"""The number of segments of before is kept where its silhouette is below the best one by this at most."""
KEEP_PLACES = 0.01
"""Centroids that went on from those of before are kept where they are looser than fresh ones by this share at most."""


@dataclass(frozen=True)
class Clusters:
    """Centroids [k, d], sorted, and by number of segments the mean silhouette and the inertia (mean squared gap)."""

    centroids: Floats
    silhouette: Mapping[int, float]
    inertia: Mapping[int, float]

    @property
    def elbow(self) -> int:
        """The number of segments at which the inertia lies furthest below the line between its two ends."""
        counts = sorted(self.inertia)
        values = np.array([self.inertia[count] for count in counts])
        line = np.interp(counts, [counts[0], counts[-1]], [values[0], values[-1]])
        return counts[int(np.argmax(line - values))]


def cluster(
    points: Floats, *, rng: np.random.Generator, before: Floats | None = None, most: int = FIT_PEOPLE
) -> Clusters:
    """Fit K-Means on [n, d] (a sample of `most` of them) and choose the number of segments by the silhouette.

    `before` [k, d] are the centroids of the last model in the same space: their number, and places grown from them,
    are preferred to ones that are hardly better. The same input gives the same centroids.
    """
    seed, sample = int(rng.integers(2**31)), _sample(points, most, rng)
    judged = _sample(sample, SILHOUETTE_PEOPLE, rng)
    with one_thread():
        found = {count: _fitted(sample, count, seed) for count in _numbers(sample)}
        silhouette = {count: _silhouette(judged, each) for count, each in found.items()}
        inertia = {count: round(_inertia(sample, each), 6) for count, each in found.items()}
        best = max(found, key=lambda count: (silhouette[count], -count))
        if before is not None and silhouette.get(len(before), -1.0) >= silhouette[best] - KEEP_NUMBER:
            best = len(before)
            grown = _merged(sample, _grown(sample, before))
            if len(grown) == best and _inertia(sample, grown) <= inertia[best] * (1 + KEEP_PLACES):
                found[best] = grown
    return Clusters(found[best], silhouette, inertia)


def _sample(points: Floats, most: int, rng: np.random.Generator) -> Floats:
    if len(points) <= most:
        return points
    return points[np.sort(rng.choice(len(points), most, replace=False))]


def least_people(people: int) -> int:
    """Return how many people a segment has at least."""
    return max(int(np.ceil(LEAST_SHARE * people)), LEAST_PEOPLE)


def _numbers(points: Floats) -> list[int]:
    """Return the numbers of segments to try: no more than there is room for; a single one of few people."""
    most = min(len(points) // least_people(len(points)), len(np.unique(points, axis=0)))
    return [count for count in range(FEWEST, MOST + 1) if count <= most] or [1]


def _fitted(points: Floats, count: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans  # noqa: PLC0415  # training only

    return _merged(points, np.asarray(KMeans(count, n_init=STARTS, random_state=seed).fit(points).cluster_centers_))


def _grown(points: Floats, start: Floats) -> Floats:
    """Let centroids settle among people, from where they are."""
    from sklearn.cluster import KMeans  # noqa: PLC0415

    return np.asarray(KMeans(len(start), init=start, n_init=1).fit(points).cluster_centers_)


def _merged(points: Floats, centroids: Floats) -> Floats:
    """Dissolve the smallest segment until all have enough people; return the centroids, rounded and sorted."""
    while len(centroids) > 1:
        count = np.bincount(nearest(points, centroids), minlength=len(centroids))
        if count.min() >= least_people(len(points)):
            break
        centroids = _grown(points, np.delete(centroids, count.argmin(), axis=0))
    rounded = np.round(centroids, DIGITS) + 0.0
    return np.asarray(rounded[np.lexsort(rounded.T[::-1])], np.float64)


def _silhouette(points: Floats, centroids: Floats) -> float:
    """Return the mean silhouette (Rousseeuw 1987) of a sample."""
    from sklearn.metrics import silhouette_score  # noqa: PLC0415

    segment: Ints = nearest(points, centroids)
    return round(float(silhouette_score(points, segment)), 6) if len(np.unique(segment)) > 1 else 0.0


def _inertia(points: Floats, centroids: Floats) -> float:
    return float(((points - centroids[nearest(points, centroids)]) ** 2).sum(axis=1).mean())
