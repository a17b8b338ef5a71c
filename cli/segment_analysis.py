"""What `addressee segments analyse` computes: hierarchies, density, a map, and the numbers of segments compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from addressee.models.feature_words import in_words
from addressee.models.kind import Fitted
from addressee.models.kinds.behaviour_segments import KIND, defining_of, segments_of
from addressee.models.segment_space import space_of
from addressee.models.tables import Floats, Ints, Tables

NEIGHBOURS = 10
"""DBSCAN: a person with so many near ones is in the midst of a group."""
LINKAGES = ("ward", "complete")


@dataclass(frozen=True)
class Density:
    """DBSCAN's groups [n], -1 for people in none; the sorted distances to the k-th neighbour [n], and where they bend.

    `eps` is the distance at the bend: within it people are neighbours.
    """

    group: Ints
    distances: Floats
    knee: int
    eps: float


@dataclass(frozen=True)
class Segment:
    """A row of the table: a segment, its people in the whole base, and what sets them apart."""

    name: str
    people: int
    share: float
    overlap: float
    silhouette: float
    defining: tuple[str, ...]


@dataclass(frozen=True)
class Analysis:
    """A sample of people [n, d] with their K-Means segments, and what other ways of grouping make of them.

    `trees` hold SciPy's linkage matrices and `agreement` the adjusted Rand index with K-Means, both by linkage (and
    `dbscan`); `quality` is what the model's card says.
    """

    as_of: str
    people: int
    points: Floats
    segment: Ints
    names: tuple[str, ...]
    table: tuple[Segment, ...]
    trees: Mapping[str, Floats]
    agreement: Mapping[str, float]
    density: Density
    quality: Mapping[str, Any]


def fit_now(tables: Tables, recipe: Mapping[str, Any] | None, former: Fitted | None) -> Fitted:
    """Fit K-Means on everybody as they are now; the recipe of the model that is served, or the preferred one."""
    kind = KIND if former is None else KIND.following(former)
    rng = np.random.default_rng(tables.metadata.as_of_day)
    return kind.fit(tables, until=tables.metadata.as_of_day, recipe=recipe or KIND.recipes()[0], rng=rng)


def analyse(tables: Tables, fitted: Fitted, *, sample: int, seed: int) -> Analysis:
    """Group a seeded sample of people in several ways, in the space in which the model puts them near or far."""
    chosen = _sample(len(tables.subjects), sample, seed)
    features = tables.now.features[chosen]
    points, segment = space_of(fitted.sections).place(features), segments_of(fitted, features)
    names = tuple(fitted.settings["segments"])
    trees = {method: linkage(pdist(points), method) for method in LINKAGES}
    density = find_density(points)
    groups = {method: fcluster(tree, len(names), "maxclust") for method, tree in trees.items()}
    agreement = {name: round(float(adjusted_rand_score(segment, group)), 3) for name, group in groups.items()}
    agreement["dbscan"] = round(float(adjusted_rand_score(segment, density.group)), 3)
    quality = fitted.settings["quality"]
    table = _table(names, quality, defining_of(fitted))
    return Analysis(
        tables.metadata.as_of, len(tables.subjects), points, segment, names, table, trees, agreement, density, quality
    )


def _sample(people: int, most: int, seed: int) -> Ints:
    if people <= most:
        return np.arange(people)
    return np.sort(np.random.default_rng(seed).choice(people, most, replace=False))


def find_density(points: Floats) -> Density:
    """Run DBSCAN (Ester et al. 1996) with eps at the knee of the sorted distances to the `NEIGHBOURS`-th neighbour."""
    near = min(NEIGHBOURS, len(points) - 1)
    found, _ = NearestNeighbors(n_neighbors=near + 1).fit(points).kneighbors(points)
    distances = np.sort(found[:, -1])
    place = knee(distances)
    eps = max(float(distances[place]), 1e-9)
    group = DBSCAN(eps=eps, min_samples=near + 1).fit_predict(points)
    return Density(np.asarray(group, np.int64), distances, place, eps)


def knee(ascending: Floats) -> int:
    """Return where an ascending curve lies furthest below the line between its ends (Satopaa et al. 2011)."""
    span = float(ascending[-1] - ascending[0])
    line = np.linspace(0.0, 1.0, len(ascending))
    return int(np.argmax(line - (ascending - ascending[0]) / (span or 1.0)))


def _table(
    names: Sequence[str], quality: Mapping[str, Any], defining: Sequence[Sequence[tuple[str, float]]]
) -> tuple[Segment, ...]:
    everybody = max(sum(quality["people"].values()), 1)
    rows = [
        Segment(
            name,
            quality["people"][name],
            quality["people"][name] / everybody,
            quality["overlap"][name],
            quality["silhouette"][name],
            tuple(f"{in_words(feature)} {far:+.1f} SD" for feature, far in features),
        )
        for name, features in zip(names, defining, strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: -row.people))
