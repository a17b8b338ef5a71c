"""Calibration: a monotone map from what a model says to how often it happens, fitted on rows that it did not see."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from addressee.models.item_sections import packed
from addressee.models.metrics import log_loss
from addressee.models.scorers import log_odds
from addressee.models.tables import Flags, Floats

FOLDS = 5
LEAST_ROWS = 100
LEAST_ISOTONIC = 1000
"""How many rows of the rarer class isotonic regression needs to be better than Platt's (Niculescu-Mizil 2005)."""
GAIN = 0.005
"""Share of the log loss by which a map must beat a simpler one in cross-validation."""
_DIGITS = 9
_PLATT = 2

Map = Floats
"""Empty: as it is. [2]: Platt's slope and shift. [2 n]: n places, then their values (`scorers.calibration`)."""
AS_IT_IS: Map = np.empty(0)


def fit_calibration(said: Floats, labels: Flags) -> tuple[str, Map]:
    """Return the name and the map with the best log loss in stratified cross-validation, the simplest that is as good.

    `said` [n] are probabilities of rows that the model was not fitted on.
    """
    rarer = min(int(labels.sum()), int((~labels).sum()))
    best, loss = "none", _cross_validated(said, labels, lambda probability, _: probability)
    for name, fit in MAPS.items():
        if len(labels) < LEAST_ROWS or rarer < (LEAST_ISOTONIC if name == "isotonic" else FOLDS):
            continue
        tried = _cross_validated(said, labels, lambda probability, rows, fit=fit: apply(fit(*rows), probability))
        if tried < loss * (1.0 - GAIN):
            best, loss = name, tried
    return best, MAPS[best](said, labels) if best in MAPS else AS_IT_IS


def fit_platt(said: Floats, labels: Flags) -> Map:
    """Return slope and shift on the log-odds by maximum likelihood, targets smoothed (Platt 1999, section 2.2).

    As it is, where the slope would not rise: the order of people is the model's.
    """
    logits, positive = _logits(said), float(labels.sum())
    targets = np.where(labels, (positive + 1) / (positive + 2), 1 / (len(labels) - positive + 2))
    weights = np.array([1.0, 0.0])
    design = np.column_stack([logits, np.ones(len(logits))])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -35, 35)))
        curvature = design.T @ (design * (chance * (1.0 - chance))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (targets - chance))
        weights = weights + step
        if np.abs(step).max() < 1e-10:  # noqa: PLR2004  # far below the rounding
            break
    return np.asarray(np.round(weights, _DIGITS), np.float64) if weights[0] > 0 else AS_IT_IS


def fit_isotonic(said: Floats, labels: Flags) -> Map:
    """Return the places and values of the isotonic regression (Zadrozny and Elkan 2002)."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  # training only: scoring runs without it

    model = IsotonicRegression(y_min=1e-4, y_max=1 - 1e-4, out_of_bounds="clip").fit(said, labels)
    places, first = np.unique(np.round(model.X_thresholds_, _DIGITS), return_index=True)
    values = np.round(model.y_thresholds_, _DIGITS)[first]
    often = max(_PLATT // len(places), 1)  # a single place stands twice: with its value alone it would be Platt's map
    return np.concatenate([np.tile(places, often), np.tile(values, often)])


MAPS: Mapping[str, Callable[[Floats, Flags], Map]] = {"platt": fit_platt, "isotonic": fit_isotonic}


def apply(calibration: Map | Sequence[float], said: Floats) -> Floats:
    """Return the calibrated probabilities: numpy's form of `scorers.calibration`."""
    numbers = np.asarray(calibration, np.float64)
    if not len(numbers):
        return said
    if len(numbers) == _PLATT:
        logits = np.clip(numbers[0] * _logits(said) + numbers[1], -700, 700)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float64)
    places, values = np.split(numbers, 2)
    return np.asarray(np.interp(said, places, values), np.float64)


def calibration_section(calibration: Map) -> dict[str, "array[Any]"]:
    """Return the section of a bundle; none where probabilities stay as they are."""
    return {"calibration": packed("d", calibration)} if len(calibration) else {}


def _logits(said: Floats) -> Floats:
    least = log_odds(0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(np.log(said) - np.log1p(-said), least, -least), np.float64)


def _cross_validated(said: Floats, labels: Flags, calibrate: Callable[..., Floats]) -> float:
    """Return the log loss over folds that are stratified by class, and by nothing else: chance parts neighbours."""
    order = np.lexsort((np.random.default_rng(0).random(len(said)), labels))
    fold = np.empty(len(said), np.int64)
    fold[order] = np.arange(len(said)) % FOLDS
    calibrated = np.empty(len(said))
    for number in range(FOLDS):
        inside = fold == number
        calibrated[inside] = calibrate(said[inside], (said[~inside], labels[~inside]))
    return log_loss(labels.astype(np.float64), calibrated)
