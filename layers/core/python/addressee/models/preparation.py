"""Preparation of features for linear models as a scikit-learn pipeline: log, scale, impute, encode, flag."""

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from addressee.models.category_levels import frequent_levels, many_levels
from addressee.models.kind import Recipe
from addressee.models.prepared import FAR_DEVIATIONS
from addressee.models.prepared_columns import Fit, exported, finite, flatten
from addressee.models.tables import Flags, Floats

DONORS = 256
NEIGHBOURS = 5
FOLDS = 5
_SKLEARN_IMPUTE = {"mean": "mean", "median": "median", "mode": "most_frequent"}


@dataclass(frozen=True)
class Choices:
    """What a recipe may choose: `impute` mean, median, mode or knn; `scale` z or minmax; `log` the signed logarithm.

    `categories` one_hot (the `MOST_LEVELS` most frequent levels; others are none of them) or target (rates of the
    label, smoothed towards the overall rate as by `smooth` people more, out of fold while training); `embed` adds so
    many dimensions of `LevelEmbedding` for each column with many levels; `far` adds a column that tells whether any
    number is more than `FAR_DEVIATIONS` standard deviations out.
    """

    impute: str = "mean"
    scale: str = "z"
    log: bool = True
    categories: str = "one_hot"
    smooth: float = 20.0
    embed: int = 0
    far: bool = False

    @classmethod
    def of(cls, recipe: Recipe) -> "Choices":
        """Read the choices that a recipe makes."""
        return cls(**{field.name: recipe[field.name] for field in fields(cls) if field.name in recipe})


@dataclass(frozen=True)
class Prepared:
    """The training rows, prepared: `columns` [n, k], and the `pipeline` and `sections` that prepare others."""

    columns: Floats
    pipeline: Any
    sections: dict[str, "array[Any]"]


def prepare(features: Floats, labels: Flags, choices: Choices, *, categorical: Sequence[int], seed: int) -> Prepared:
    """Fit the pipeline on training rows; target rates of a training row come of other folds than its own."""
    clean = finite(features)
    clean[:, np.isnan(clean).all(axis=0)] = 0.0
    number = _numbers_among(clean, set(categorical))
    told = _Told(number, list(categorical), _folds(labels, seed), seed)
    pipeline = _pipeline(clean, choices, told)
    columns = np.asarray(pipeline.fit_transform(clean, labels), np.float64)
    donors = np.empty((0, len(number)))
    if choices.impute == "knn":
        donors = _few_donors(pipeline, clean[:, number])
        columns[:, : len(number)] = pipeline.named_transformers_["numbers"].transform(clean[:, number])
    fit = Fit(pipeline.named_transformers_, number, list(categorical), donors)
    return Prepared(columns, pipeline, exported(fit, neighbours=NEIGHBOURS))


def _numbers_among(clean: Floats, categorical: Collection[int]) -> list[int]:
    """Return the columns that are numbers and vary; one that never varied would only disturb distances.

    Where no number varies, all stay, so that there is something to prepare.
    """
    number = [column for column in range(clean.shape[1]) if column not in categorical]
    return [column for column in number if np.nanmax(clean[:, column]) > np.nanmin(clean[:, column])] or number


def _folds(labels: Flags, seed: int) -> Any:  # noqa: ANN401  # scikit-learn has no types
    """Return stratified folds; plain ones where a class is too rare to be in each."""
    from sklearn.model_selection import KFold, StratifiedKFold  # noqa: PLC0415  # training only, as all of it here

    rarer = min(int(labels.sum()), int((~labels).sum()))
    return (StratifiedKFold if rarer >= FOLDS else KFold)(FOLDS, shuffle=True, random_state=seed)


@dataclass(frozen=True)
class _Told:
    """Which columns are numbers, which categories; folds for rates, a seed for embeddings."""

    number: list[int]
    categorical: list[int]
    folds: Any
    seed: int


def _pipeline(clean: Floats, choices: Choices, told: _Told) -> Any:  # noqa: ANN401  # scikit-learn has no types
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415

    parts: list[tuple[str, Any, list[int]]] = [("numbers", _numbers(choices), told.number)]
    if told.categorical:
        values = clean[:, told.categorical]
        parts.append(("categories", _categories(values, choices, told.folds), told.categorical))
    embedded = many_levels(clean, told.categorical) if choices.embed else []
    if embedded:
        parts.append(("embedded", _embedding(choices, told, embedded), list(range(clean.shape[1]))))
    if choices.far:
        parts.append(("far", _far(log=choices.log), told.number))
    return ColumnTransformer(parts)


def _numbers(choices: Choices) -> Any:  # noqa: ANN401
    from sklearn.impute import KNNImputer, SimpleImputer  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler  # noqa: PLC0415

    log = FunctionTransformer(flatten if choices.log else None)
    scaler = StandardScaler() if choices.scale == "z" else MinMaxScaler()
    filler = (
        KNNImputer(n_neighbors=NEIGHBOURS, keep_empty_features=True)
        if choices.impute == "knn"
        else SimpleImputer(strategy=_SKLEARN_IMPUTE[choices.impute], keep_empty_features=True)
    )
    return Pipeline([("log", log), ("scale", scaler), ("fill", filler)])


def _categories(values: Floats, choices: Choices, folds: Any) -> Any:  # noqa: ANN401
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder  # noqa: PLC0415

    if choices.categories == "target":
        rates = TargetEncoder(target_type="binary", smooth=choices.smooth, cv=folds)
        return Pipeline([("rates", rates), ("scale", StandardScaler())])
    levels = [frequent_levels(column) for column in values.T]
    return OneHotEncoder(categories=levels, handle_unknown="ignore", sparse_output=False)


def _embedding(choices: Choices, told: _Told, embedded: list[int]) -> Any:  # noqa: ANN401
    from addressee.models.level_embedding import LevelEmbedding  # noqa: PLC0415  # it needs scikit-learn

    return LevelEmbedding(
        embedded=embedded,
        number=told.number,
        categorical=told.categorical,
        dimensions=choices.embed,
        smooth=choices.smooth,
        seed=told.seed,
    )


def _far(*, log: bool) -> Any:  # noqa: ANN401
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, StandardScaler  # noqa: PLC0415

    return Pipeline(
        [
            ("log", FunctionTransformer(flatten if log else None)),
            ("scale", StandardScaler()),
            ("far", FunctionTransformer(_any_far)),
        ]
    )


def _any_far(standard: Floats) -> Floats:
    return np.asarray((np.abs(standard) > FAR_DEVIATIONS).any(axis=1, keepdims=True), np.float64)


def _few_donors(pipeline: Any, clean: Floats) -> Floats:  # noqa: ANN401
    """Let `DONORS` people, evenly taken, fill what others miss: they go to the serving path with the model."""
    steps = pipeline.named_transformers_["numbers"].named_steps
    rows = np.unique(np.linspace(0, len(clean) - 1, min(DONORS, len(clean))).astype(np.int64))
    donors = np.unique(steps["scale"].transform(steps["log"].transform(clean[rows])), axis=0)
    steps["fill"].fit(donors)
    return np.asarray(donors, np.float64)
