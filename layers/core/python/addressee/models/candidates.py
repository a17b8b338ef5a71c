"""Candidate models of a propensity, the most interpretable first: logistic regression, boosted trees, random forest."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from addressee.models.balance import OUTLIERS, Weighted, class_weights, smote
from addressee.models.boosting import THREADS, boosting
from addressee.models.item_sections import packed
from addressee.models.kind import Fitted, Recipe
from addressee.models.pack_trees import pack_forest, pack_trees
from addressee.models.preparation import Choices, prepare
from addressee.models.prepared_columns import finite, flatten
from addressee.models.tables import Flags, Floats

LOGISTIC, TREES, FOREST = "logistic", "trees", "forest"
FAMILIES = (LOGISTIC, "prepared_logistic", TREES, FOREST)
ROUNDS = 300
PATIENCE = 20
_DIGITS = 9


@dataclass(frozen=True)
class Lesson:
    """Rows to learn from: `features` [n, F], `labels` and `weights` [n]; which columns hold categories."""

    features: Floats
    labels: Flags
    weights: Floats
    categorical: Sequence[int] = ()

    def where(self, rows: Flags) -> "Lesson":
        """Return the chosen rows."""
        return replace(self, features=self.features[rows], labels=self.labels[rows], weights=self.weights[rows])


def columns_of(names: Sequence[str], among: Sequence[str]) -> list[int]:
    """Return the places of those `names` that are `among` the features."""
    return [among.index(name) for name in names if name in among]


def learn(recipe: Recipe, lesson: Lesson, *, seed: int, held: Lesson | None = None) -> Fitted:
    """Fit the recipe's `model`. The same input gives the same arrays, whatever the number of threads.

    Boosting stops early on `held`; without it, it takes the recipe's `rounds`. The settings say how many it took.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  # training only: scoring runs without it

    with threadpool_limits(limits=1, user_api="blas"):
        return _LEARNERS[recipe.get("model", LOGISTIC)](recipe, lesson, seed, held)


def _logistic(recipe: Recipe, lesson: Lesson, seed: int, _held: Lesson | None) -> Fitted:
    choices = Choices.of(recipe)
    as_numbers = Choices(choices.impute, choices.scale, log=choices.log, far=choices.far) == Choices()
    if as_numbers and not _told_apart(lesson):
        return _plain_logistic(recipe, lesson, seed)
    prepared = prepare(lesson.features, lesson.labels, choices, categorical=lesson.categorical, seed=seed)
    weight, bias = regress(_weighted(recipe, lesson, prepared.columns, seed), recipe["c"])
    sections = {
        **prepared.sections,
        "weight": packed("d", weight),
        "mean": packed("d", prepared.columns.mean(axis=0)),
        "bias": packed("d", bias),
    }
    return Fitted(recipe, {"features": lesson.features.shape[1]}, sections, "prepared_logistic")


def _told_apart(lesson: Lesson) -> bool:
    """Tell whether any categorical column has two levels: one level's code is a number like any other constant."""
    return any(len(np.unique(lesson.features[:, column])) > 1 for column in lesson.categorical)


def _plain_logistic(recipe: Recipe, lesson: Lesson, seed: int) -> Fitted:
    """Fit on signed logarithms, standardised, the mean for what is missing: a weight for each feature, as it is."""
    flat = flatten(finite(lesson.features))
    mean, scale = moments(flat)
    columns = np.nan_to_num((flat - mean) / scale, nan=0.0)
    weight, bias = regress(_weighted(recipe, lesson, columns, seed), recipe["c"])
    parts = {"weight": weight, "mean": mean, "scale": scale, "bias": bias}
    sections: dict[str, array[Any]] = {name: packed("d", values) for name, values in parts.items()}
    return Fitted(recipe, {"features": len(weight)}, sections, LOGISTIC)


def moments(flat: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column, missing values aside; 0 and 1 for a constant column."""
    present = ~np.isnan(flat)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, flat, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(present, flat - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(spread > 0, spread, 1.0)


def regress(rows: Weighted, strength: float) -> tuple[Floats, Floats]:
    """Fit the weights [k] and the bias [1]; rounded, so that the last bits of a BLAS do not change a version.

    Newton's method converges to the one optimum far below that rounding.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # training only: scoring runs without it

    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=200)
    model.fit(rows.columns, rows.labels, sample_weight=rows.weights)
    return np.round(model.coef_[0], _DIGITS), np.round(model.intercept_, _DIGITS)


def _trees(recipe: Recipe, lesson: Lesson, seed: int, held: Lesson | None) -> Fitted:
    """Boost trees (Friedman 2001; Ke et al. 2017) until `held` gains nothing for `PATIENCE` rounds."""
    import lightgbm  # noqa: PLC0415  # training only: scoring runs without it

    rows = _weighted(recipe, lesson, _raw(recipe, lesson), seed, lesson.categorical)
    data = lightgbm.Dataset(
        rows.columns, rows.labels.astype(np.float64), weight=rows.weights, categorical_feature=list(lesson.categorical)
    )
    stops: dict[str, Any] = {}
    if held is not None:
        valid = lightgbm.Dataset(finite(held.features), held.labels.astype(np.float64), data, weight=held.weights)
        stops = {"valid_sets": [valid], "callbacks": [lightgbm.early_stopping(PATIENCE, verbose=False)]}
    rounds = ROUNDS if held is not None else int(recipe.get("rounds", ROUNDS))
    booster = lightgbm.train(boosting(recipe, seed, objective="binary"), data, num_boost_round=rounds, **stops)
    taken = booster.best_iteration if held is not None else rounds
    sections, settings = pack_trees(booster.model_to_string(num_iteration=taken))
    return Fitted(recipe, {**settings, "rounds": taken}, sections, TREES)


def _forest(recipe: Recipe, lesson: Lesson, seed: int, _held: Lesson | None) -> Fitted:
    """Grow a random forest (Breiman 2001), each tree on a share of the rows."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415  # training only: scoring runs without it

    forest = RandomForestClassifier(
        n_estimators=recipe["trees"],
        min_samples_leaf=recipe["least"],
        max_features=recipe.get("share", "sqrt"),
        max_samples=recipe.get("rows", 0.3),
        random_state=seed % 2**31,
        n_jobs=THREADS,
    )
    rows = _weighted(recipe, lesson, _raw(recipe, lesson), seed, lesson.categorical)
    forest.fit(rows.columns, rows.labels, sample_weight=rows.weights)
    sections, settings = pack_forest(forest)
    return Fitted(recipe, settings, sections, FOREST)


def _raw(recipe: Recipe, lesson: Lesson) -> Floats:
    """Return the features for trees: as they are; SMOTE needs gaps filled, a category's with none."""
    raw = finite(lesson.features)
    if recipe.get("balance") != "smote":
        return raw
    filled = np.where(np.isnan(raw).all(axis=0), 0.0, raw)
    codes = list(lesson.categorical)
    filled[:, codes] = np.nan_to_num(filled[:, codes])
    return np.where(np.isnan(filled), np.nanmedian(filled, axis=0), filled)


def _weighted(recipe: Recipe, lesson: Lesson, columns: Floats, seed: int, codes: Sequence[int] = ()) -> Weighted:
    """Weigh the rows as the recipe says: `outliers` z_score or isolation_forest, `balance` weights or smote.

    `codes` are the columns that hold categories.
    """
    weights = lesson.weights
    if (outliers := recipe.get("outliers", "none")) != "none":
        standard = np.nan_to_num(flatten(columns))
        weights = weights * OUTLIERS[outliers](standard, seed=seed)
    if recipe.get("balance") == "weights":
        weights = weights * class_weights(lesson.labels)
    rows = Weighted(columns, lesson.labels, weights)
    return smote(rows, seed=seed, codes=codes) if recipe.get("balance") == "smote" else rows


_LEARNERS: Mapping[str, Callable[[Recipe, Lesson, int, Lesson | None], Fitted]] = {
    LOGISTIC: _logistic,
    TREES: _trees,
    FOREST: _forest,
}
