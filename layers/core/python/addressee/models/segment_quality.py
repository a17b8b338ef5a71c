"""Checks of a segmentation: sizes, overlap, movement since the last model, and what to be warned of."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from addressee.models.segment_clusters import Clusters
from addressee.models.segment_matching import moved
from addressee.models.segment_space import gaps, silhouettes
from addressee.models.tables import Floats, Ints

BETWEEN = 0.8
"""Somebody overlaps whose nearest centroid is at least so near to the distance of the second one."""
LEAST_SILHOUETTE = 0.1
MOST_IN_ONE, MOST_BETWEEN, MOST_MOVED = 0.6, 0.5, 0.2


def quality(points: Floats, clusters: Clusters, segment: Ints, names: Sequence[str]) -> dict[str, Any]:
    """Measure a segmentation of people [n, d]: how many, how far apart, how many between two, and why this number."""
    near = np.sort(np.sqrt(gaps(points, clusters.centroids)), axis=1)
    between = near[:, 0] >= BETWEEN * near[:, 1] if len(names) > 1 else np.zeros(len(points), np.bool_)
    apart = silhouettes(points, segment, len(names))
    return {
        "people": dict(zip(names, np.bincount(segment, minlength=len(names)).tolist(), strict=True)),
        "silhouette": {name: _mean(apart[segment == at]) for at, name in enumerate(names)},
        "overlap": {name: _mean(between[segment == at]) for at, name in enumerate(names)},
        "overlap_overall": _mean(between),
        "silhouette_by_number": {str(count): value for count, value in clusters.silhouette.items()},
        "inertia_by_number": {str(count): value for count, value in clusters.inertia.items()},
        "elbow": clusters.elbow,
    }


def movement(before: Sequence[str], now: Sequence[str], *, segments: Sequence[str]) -> dict[str, Any]:
    """Compare where the model of before puts people now with where the new one does; `segments` are the new names."""
    was = set(before)
    return {
        "moved": moved(before, now),
        "kept": sorted(was & set(segments)),
        "new": sorted(set(segments) - was),
        "gone": sorted(was - set(segments)),
    }


def warnings(measured: Mapping[str, Any]) -> list[str]:
    """Say in words what somebody who uses the segments should know."""
    return [text for bad, text in _checks(measured) if bad]


def _checks(measured: Mapping[str, Any]) -> list[tuple[bool, str]]:
    people = measured["people"]
    largest = max(people, key=lambda name: people[name])
    share = people[largest] / max(sum(people.values()), 1)
    by_number = measured["silhouette_by_number"]
    chosen = by_number.get(str(len(people)), max(by_number.values()))
    changed = measured.get("movement", {}).get("moved", 0.0)
    return [
        (len(people) == 1, "Everybody is in one segment: there are too few people, or they are all alike."),
        (len(people) > 1 and share > MOST_IN_ONE, f"{largest} holds {share:.0%} of the people."),
        (
            len(people) > 1 and chosen < LEAST_SILHOUETTE,
            f"The segments are hardly apart (silhouette {chosen:.2f}): they cut a continuum.",
        ),
        (
            measured["overlap_overall"] > MOST_BETWEEN,
            f"{measured['overlap_overall']:.0%} of the people are nearly as near to another segment.",
        ),
        (changed > MOST_MOVED, f"{changed:.0%} of the people have another segment than under the model of before."),
    ]


def _mean(values: "np.ndarray[Any, Any]") -> float:
    return round(float(values.mean()), 4) if len(values) else 0.0
