"""What training rows count for: rare classes, people far out, and rows that SMOTE makes up; inside a fold alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from addressee.models.prepared import FAR_DEVIATIONS
from addressee.models.tables import Flags, Floats

DOUBTED = 0.25
"""What a row counts for that is far out."""
FOREST_ROWS = 256
FOREST_TREES = 100
FAR_SHARE = 0.02
SMOTE_NEIGHBOURS = 5


class Weighted(NamedTuple):
    """Training rows [n, k], their labels and weights [n]."""

    columns: Floats
    labels: Flags
    weights: Floats


def class_weights(labels: Flags) -> Floats:
    """Return weights by which both classes count alike, their mean being 1."""
    share = labels.mean()
    return np.asarray(np.where(labels, 0.5 / max(share, 1e-9), 0.5 / max(1.0 - share, 1e-9)), np.float64)


def smote(rows: Weighted, *, seed: int, codes: Sequence[int] = ()) -> Weighted:
    """Add rows between neighbours of the rarer class until both are equally many (Chawla et al. 2002).

    A made-up row counts for the mean of its class. In the columns `codes`, which hold categories, it has the one that
    most neighbours have (SMOTE-NC, the same paper): none lies between two.

    Nothing is added where the rarer class has fewer than two rows.
    """
    from imblearn.over_sampling import SMOTE, SMOTENC  # noqa: PLC0415  # training only: scoring runs without it

    rarer = bool(rows.labels.mean() <= 0.5)  # noqa: PLR2004  # half
    count = int((rows.labels == rarer).sum())
    if count < 2 or 2 * count == len(rows.labels):  # noqa: PLR2004  # a pair
        return rows
    given = {"random_state": seed, "k_neighbors": min(SMOTE_NEIGHBOURS, count - 1)}
    sampler = SMOTENC(list(codes), **given) if codes else SMOTE(**given)
    columns, labels = sampler.fit_resample(rows.columns, rows.labels)
    made_up = np.full(len(labels) - len(rows.labels), rows.weights[rows.labels == rarer].mean())
    return Weighted(np.asarray(columns), np.asarray(labels, np.bool_), np.concatenate([rows.weights, made_up]))


def z_score_weights(columns: Floats, *, seed: int) -> Floats:  # noqa: ARG001  # nothing random
    """Let rows count for `DOUBTED` that have a value more than `FAR_DEVIATIONS` standard deviations out."""
    spread = columns.std(axis=0)
    far = np.abs(columns - columns.mean(axis=0)) > FAR_DEVIATIONS * np.where(spread > 0, spread, 1.0)
    return np.where(far.any(axis=1), DOUBTED, 1.0)


def isolation_weights(columns: Floats, *, seed: int) -> Floats:
    """Let the `FAR_SHARE` of rows count for `DOUBTED` that an isolation forest parts first (Liu et al. 2008)."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415  # training only: scoring runs without it

    forest = IsolationForest(
        n_estimators=FOREST_TREES, max_samples=min(FOREST_ROWS, len(columns)), random_state=seed, n_jobs=1
    )
    depth = np.round(forest.fit(columns).score_samples(columns), 9)
    return np.where(depth < np.quantile(depth, FAR_SHARE), DOUBTED, 1.0)


OUTLIERS: Mapping[str, Callable[..., Floats]] = {"z_score": z_score_weights, "isolation_forest": isolation_weights}
"""How rows that are far out are found, by what a recipe says under `outliers`."""
