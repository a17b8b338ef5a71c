"""Segments of today and of before: who is who (Hungarian method on centroids), and how many people moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from addressee.models.kind import Fitted
from addressee.models.segment_space import Space, nearest, space_of
from addressee.models.tables import Floats

FAR = 0.6
"""A segment is the one of before where it moved by less than this share of the way to that one's nearest fellow."""


@dataclass(frozen=True)
class Former:
    """The model of before: `names` of its features, its `segments`, and the model, to ask whom it put where."""

    names: tuple[str, ...]
    segments: tuple[str, ...]
    fitted: Fitted

    def profiles(self, space: Space, names: Sequence[str]) -> Floats:
        """Return its centroids as standardised features [k, m] of a newer space; a feature that it had not is 0.

        `names` are the features of the space.
        """
        own = space_of(self.fitted.sections)
        raw = own.mean + np.reshape(self.fitted.sections["profile"], (-1, len(own.mean))) * own.scale
        found = np.zeros((len(raw), len(names)))
        for at, name in enumerate(names):
            if name in self.names:
                found[:, at] = (raw[:, self.names.index(name)] - space.mean[at]) / space.scale[at]
        return found

    def segment(self, names: Sequence[str], features: Floats) -> list[str]:
        """Return the segment in which it puts each person [n, F]; nothing where its features are not those `names`."""
        space = space_of(self.fitted.sections)
        if tuple(names[at] for at in space.column.tolist() if at < len(names)) != self.names:
            return []
        centroids = np.reshape(self.fitted.sections["centroid"], (len(self.segments), -1))
        return [self.segments[at] for at in nearest(space.place(features), centroids).tolist()]


def former_of(fitted: Fitted | None) -> Former | None:
    """Return the model of before as this code reads it, or None where there is none that it can read."""
    if fitted is None or not {"column", "mean", "scale", "profile", "centroid"} <= fitted.sections.keys():
        return None
    return Former(tuple(fitted.settings["columns"]), tuple(fitted.settings["segments"]), fitted)


def match(now: Floats, before: Floats) -> list[int]:
    """Return for each of k centroids the index of the one of before [j, d] that it is; -1 where it is none of them.

    The pairs with the least sum of distances (Kuhn 1955); a pair that lies too far apart (`FAR`) is none.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  # training only

    distance = np.sqrt(((now[:, None, :] - before[None, :, :]) ** 2).sum(axis=2))
    found = [-1] * len(now)
    for one, other in zip(*linear_sum_assignment(np.round(distance, 9)), strict=True):
        fellows = np.sqrt(((np.delete(before, other, axis=0) - before[other]) ** 2).sum(axis=1))
        if distance[one, other] <= FAR * fellows.min(initial=np.inf):
            found[int(one)] = int(other)
    return found


def moved(before: Sequence[str], now: Sequence[str]) -> float:
    """Return the share of people whose segment has another name now."""
    changed = sum(one != other for one, other in zip(before, now, strict=True))
    return round(changed / len(now), 6) if len(now) else 0.0
