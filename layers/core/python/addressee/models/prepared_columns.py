"""A fitted pipeline as packed arrays, and those arrays applied to many people at once, in numpy.

The same numbers come from three places: the pipeline (training), `prepared_matrix` (scoring) and
`prepared.PreparedColumns` (serving, pure Python).
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.category_levels import looked_up
from addressee.models.item_sections import numbers, packed
from addressee.models.prepared import DISTANCE_DIGITS, EMBEDDED, FAR, FAR_DEVIATIONS, LEVEL, LOGGED, NUMBER, TARGET
from addressee.models.ranking import Sections
from addressee.models.tables import Floats


@dataclass(frozen=True)
class Fit:
    """The fitted parts of a pipeline by name, the columns that are numbers or categories, and scaled donor rows."""

    steps: Mapping[str, Any]
    number: Sequence[int]
    categorical: Sequence[int]
    donors: Floats


def exported(fit: Fit, *, neighbours: int) -> dict[str, "array[Any]"]:
    """Write a fitted pipeline down: a line for each prepared column, as `PreparedColumns` reads them."""
    nothing = (np.empty(0), np.empty(0))
    parts, tables = [_number_columns(fit)], [nothing] * len(fit.number)
    if fit.categorical:
        columns, levels = _category_columns(fit)
        parts.append(columns)
        tables += levels
    for each in fit.steps["embedded"].tables_ if "embedded" in fit.steps else ():
        dimensions = each.vectors.shape[1]
        parts.append(_columns([each.column] * dimensions, EMBEDDED, level=np.arange(1.0, dimensions + 1)))
        tables += [(each.levels, dimension) for dimension in each.vectors.T]
    if "far" in fit.steps:
        parts.append(_columns([0], FAR))
        tables.append(nothing)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    spread = fit.steps["far"].named_steps["scale"] if "far" in fit.steps else None
    return {
        **{name: packed({"column": "I", "step": "B"}.get(name, "d"), values) for name, values in joined.items()},
        "table_end": packed("I", np.cumsum([len(at) for at, _ in tables])),
        "table_at": packed("d", np.concatenate([at for at, _ in tables])),
        "table_to": packed("d", np.concatenate([to for _, to in tables])),
        "far_centre": packed("d", np.empty(0) if spread is None else spread.mean_),
        "far_scale": packed("d", np.empty(0) if spread is None else spread.scale_),
        "donor": packed("d", fit.donors.ravel()),
        "neighbours": array("I", [neighbours]),
    }


def _columns(column: Sequence[int], step: int, **given: Floats) -> dict[str, Floats]:
    size = len(column)
    plain = {"centre": np.zeros(size), "scale": np.ones(size), "fill": np.zeros(size), "level": np.zeros(size)}
    return {"column": np.array(column, np.float64), "step": np.full(size, float(step)), **plain, **given}


def _number_columns(fit: Fit) -> dict[str, Floats]:
    steps = fit.steps["numbers"].named_steps
    scaler, step = steps["scale"], NUMBER if steps["log"].func is None else LOGGED
    centre, scale = (
        (scaler.mean_, scaler.scale_) if hasattr(scaler, "mean_") else (scaler.data_min_, 1.0 / scaler.scale_)
    )
    fill = steps["fill"].transform(np.full((1, len(fit.number)), np.nan))[0]
    known = np.isfinite(centre) & (scale > 0)
    return _columns(fit.number, step, centre=np.where(known, centre, 0.0), scale=np.where(known, scale, 1.0), fill=fill)


def _category_columns(fit: Fit) -> tuple[dict[str, Floats], list[tuple[Floats, Floats]]]:
    """Return the columns that levels make, and each column's table of rates, empty where it asks for one level."""
    encoder = fit.steps["categories"]
    if hasattr(encoder, "named_steps"):
        rates, scaler = encoder.named_steps["rates"], encoder.named_steps["scale"]
        overall = np.full(len(fit.categorical), float(rates.target_mean_))
        columns = _columns(fit.categorical, TARGET, centre=scaler.mean_, scale=scaler.scale_, fill=overall)
        return columns, list(zip(rates.categories_, rates.encodings_, strict=True))
    source = [column for column, levels in zip(fit.categorical, encoder.categories_, strict=True) for _ in levels]
    columns = _columns(source, LEVEL, level=np.concatenate(encoder.categories_).astype(np.float64))
    return columns, [(np.empty(0), np.empty(0))] * len(source)


def flatten(features: Floats) -> Floats:
    """Return sign(x) * log(1 + |x|): counts, amounts and ages are skewed. NaN stays."""
    return np.asarray(np.copysign(np.log1p(np.abs(features)), features), np.float64)


def prepared_matrix(sections: Sections, features: Floats) -> Floats:
    """Return the prepared columns [n, k] of many people: numpy's form of `PreparedColumns.row`."""
    clean, column = finite(features), numbers(sections, "column").astype(np.int64)
    step, centre, scale = (numbers(sections, name) for name in ("step", "centre", "scale"))
    fill, level = numbers(sections, "fill"), numbers(sections, "level")
    given = clean[:, column]
    logged = step == LOGGED
    given[:, logged] = flatten(given[:, logged])
    number = (step == NUMBER) | logged
    far = _is_far(sections, given[:, number])
    matrix = (given - centre) / scale
    matrix[:, number] = _filled(sections, matrix[:, number], fill[number])
    for at in np.flatnonzero(step == LEVEL):
        matrix[:, at] = np.isnan(given[:, at]) if np.isnan(level[at]) else given[:, at] == level[at]
    for at in np.flatnonzero((step == TARGET) | (step == EMBEDDED)):
        matrix[:, at] = (_rates(sections, int(at), given[:, at], float(fill[at])) - centre[at]) / scale[at]
    matrix[:, step == FAR] = far[:, None]
    return np.asarray(matrix, np.float64)


def finite(features: Floats) -> Floats:
    """Return the features with infinite values missing."""
    return np.where(np.isfinite(features), features, np.nan)


def _is_far(sections: Sections, flat: Floats) -> Floats:
    centre, scale = numbers(sections, "far_centre"), numbers(sections, "far_scale")
    if not len(centre):
        return np.zeros(len(flat))
    return np.asarray((np.abs(flat - centre) > FAR_DEVIATIONS * scale).any(axis=1), np.float64)


def _rates(sections: Sections, at: int, values: Floats, unknown: float) -> Floats:
    """Look up what a column's levels become."""
    ends = numbers(sections, "table_end").astype(np.int64)
    part = slice(int(ends[at - 1]) if at else 0, int(ends[at]))
    return looked_up(numbers(sections, "table_at")[part], numbers(sections, "table_to")[part], values, unknown=unknown)


def _filled(sections: Sections, scaled: Floats, fill: Floats) -> Floats:
    """Fill what is missing: from the nearest donors where there are any, else with the column's value for it."""
    missing = np.isnan(scaled)
    whole = np.where(missing, fill, scaled)
    donors = numbers(sections, "donor").reshape(-1, scaled.shape[1]) if scaled.shape[1] else np.empty((0, 0))
    if not len(donors):
        return whole
    neighbours = int(numbers(sections, "neighbours")[0])
    for row in np.flatnonzero(missing.any(axis=1)):
        near = _nearest(donors, scaled[row])
        for column in np.flatnonzero(missing[row]):
            found = near[~np.isnan(near[:, column]), column][:neighbours]
            whole[row, column] = found.sum() / len(found) if len(found) else fill[column]
    return whole


def _nearest(donors: Floats, row: Floats) -> Floats:
    """Return the donors that share a value with the row, nearest first (`prepared.distance`)."""
    apart = (donors - row) ** 2
    both = (~np.isnan(apart)).sum(axis=1)
    known = np.flatnonzero(both)
    length = np.round(np.nansum(apart[known], axis=1) * len(row) / both[known], DISTANCE_DIGITS)
    return donors[known[np.argsort(length, kind="stable")]]
