"""What a propensity's card tells besides its figures: weights, importance, correlations, balance, thresholds."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from addressee.models.item_sections import numbers
from addressee.models.kind import Fitted
from addressee.models.metrics import roc_auc
from addressee.models.occasions import Occasions
from addressee.models.prepared import EMBEDDED, FAR, LEVEL, TARGET
from addressee.models.prepared_columns import finite, flatten
from addressee.models.scored_rows import answer_rows
from addressee.models.tables import Flags, Floats, Ints
from addressee.profiles.features import CATEGORICAL
from addressee.profiles.levels import level_of

SHUFFLED_ROWS = 500
TOP = 12
CORRELATED = 0.9
_DIGITS = 4


def propensity_details(names: Sequence[str], rows: Occasions, fitted: Fitted) -> dict[str, Mapping[str, Any]]:
    """Return titles -> names -> numbers, over the rows with a known label."""
    latest = _latest(rows)
    features, labels = rows.features[latest], rows.labels[latest].astype(np.float64)
    importance = _importance(fitted, features, labels)
    settings = fitted.settings
    tuned = {
        name: ", ".join(f"{key} {value:g}" for key, value in each.items()) for name, each in settings["tuned"].items()
    }
    weights = {"weights": _weights(names, fitted)} if "weight" in fitted.sections else {}
    embedded = _embedded(names, fitted)
    return {
        **weights,
        **({"categories embedded without the label": embedded} if embedded else {}),
        "importance (roc-auc lost where a feature is shuffled)": _largest(names, importance),
        "correlation with the label": _largest(names, _correlations(names, rows)),
        "features that go together (correlation)": _together(names, rows, importance),
        "class balance": _balance(rows),
        "calibration": {"map": settings["calibration"]},
        "thresholds": {**tuned, "decides": settings["decides"]},
        "tiers from": dict(settings["thresholds"]),
    }


def _latest(rows: Occasions) -> Ints:
    """Choose `SHUFFLED_ROWS` rows with a known label, evenly from the latest half."""
    known = np.flatnonzero(rows.known)
    half = known[len(known) // 2 :]
    return half[np.unique(np.linspace(0, max(len(half) - 1, 0), min(SHUFFLED_ROWS, len(half))).astype(np.int64))]


def _importance(fitted: Fitted, features: Floats, labels: Floats) -> Floats:
    """Return how much ROC-AUC is lost where each feature is shuffled (Breiman 2001; Fisher et al. 2019)."""
    order = np.random.default_rng(0).permutation(len(features))
    whole = roc_auc(labels, answer_rows(fitted, features))
    lost = np.zeros(features.shape[1])
    for column in _used(fitted):
        shuffled = features.copy()
        shuffled[:, column] = features[order, column]
        lost[column] = whole - roc_auc(labels, answer_rows(fitted, shuffled))
    return lost


def _used(fitted: Fitted) -> list[int]:
    """Return the features that the model reads."""
    sections = fitted.sections
    if "weight" not in sections:
        return sorted(set(sections["feature"].tolist()))
    weight = numbers(sections, "weight")
    column = numbers(sections, "column").astype(np.int64) if "column" in sections else np.arange(len(weight))
    return sorted(set(column[weight != 0].tolist()))


def _weights(names: Sequence[str], fitted: Fitted) -> dict[str, float]:
    """Return the weights of standardised or prepared columns, the largest first; a level's carry its value."""
    weight, sections = numbers(fitted.sections, "weight"), fitted.sections
    titles = list(names)
    if "column" in sections:
        columns = zip(sections["column"], sections["step"], sections["level"], strict=True)
        titles = [_title(names[column], step, level) for column, step, level in columns]
    order = [column for column in np.argsort(-np.abs(weight), kind="stable") if weight[column]]
    return {titles[column]: round(float(weight[column]), _DIGITS) for column in order}


def _title(name: str, step: int, level: float) -> str:
    """Name a prepared column: a number by its feature, a level, a rate and a dimension with what they are."""
    told = level_of(name, level) if name in CATEGORICAL and step == LEVEL else f"{level:g}"
    title = {LEVEL: told, TARGET: "rate", EMBEDDED: f"dimension {told} of its embedding"}.get(step)
    return "any number far out" if step == FAR else f"{name}: {title}" if title else name


def _embedded(names: Sequence[str], fitted: Fitted) -> dict[str, str]:
    """Tell of each embedded category into how many dimensions how many of its levels were put."""
    sections, told = fitted.sections, {}
    for at, step in enumerate(sections.get("step", ())):
        if step == EMBEDDED:
            levels = sections["table_end"][at] - sections["table_end"][at - 1]
            told[names[sections["column"][at]]] = f"{levels} levels in {sections['level'][at]:g} dimensions"
    return told


def _correlations(names: Sequence[str], rows: Occasions) -> Floats:
    """Return each feature's correlation with the label, signed logarithms taken; 0 for codes of categories."""
    flat = _flat(rows, rows.known)
    labels = rows.labels[rows.known].astype(np.float64)
    named = zip(names, flat.T, strict=True)
    return np.array([0.0 if name in CATEGORICAL else _correlation(column, labels) for name, column in named])


def _together(names: Sequence[str], rows: Occasions, importance: Floats) -> dict[str, float]:
    """Return pairs among the `TOP` most important features that say nearly the same."""
    top = np.argsort(-importance, kind="stable")[:TOP]
    flat = _flat(rows, rows.known)[:, top]
    told = [at for at, column in enumerate(top) if names[column] not in CATEGORICAL]
    pairs = list(combinations(told, 2))
    found = {(left, right): _correlation(flat[:, left], flat[:, right]) for left, right in pairs}
    strong = sorted((pair for pair in found if abs(found[pair]) >= CORRELATED), key=lambda pair: -abs(found[pair]))
    return {f"{names[top[left]]}, {names[top[right]]}": round(found[left, right], _DIGITS) for left, right in strong}


def _flat(rows: Occasions, chosen: Flags) -> Floats:
    return np.nan_to_num(flatten(finite(rows.features[chosen])))


def _correlation(left: Floats, right: Floats) -> float:
    """Return Pearson's correlation, 0 where one side is constant."""
    one, other = left - left.mean(), right - right.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale else 0.0


def _largest(names: Sequence[str], values: Floats) -> dict[str, float]:
    order = np.argsort(-np.abs(values), kind="stable")[:TOP]
    return {names[column]: round(float(values[column]), _DIGITS) for column in order if values[column]}


def _balance(rows: Occasions) -> dict[str, float]:
    labels = rows.labels[rows.known]
    return {"rows": len(labels), "share of yes": round(float(labels.mean()), _DIGITS) if len(labels) else 0.0}
