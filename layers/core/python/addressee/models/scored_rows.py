"""What the scorers' families answer for many rows at once, with numpy: equal to `scorers`, one by one."""

from array import array
from typing import Any

import numpy as np

from addressee.models.kind import REASONS, Fitted, Reason
from addressee.models.prepared_columns import prepared_matrix
from addressee.models.scorers import LINKS, SCORER_FAMILIES, log_odds, sigmoid
from addressee.models.tables import Floats
from addressee.models.trees import Trees

_BLOCK_ROWS = 4_096


def score_rows(fitted: Fitted, features: Floats) -> Floats:
    """Return the calibrated probability, or the amount, for each row of [n, F]. Raises `KeyError`: no such family."""
    return calibrate_rows(fitted, answer_rows(fitted, features))


def answer_rows(fitted: Fitted, features: Floats) -> Floats:
    """Return what `score_rows` calibrates: the family's own probability, or amount, for each row of [n, F]."""
    if fitted.family == "logistic":
        return _each(sigmoid, _logits(fitted, features))
    if fitted.family == "prepared_logistic":
        return _each(sigmoid, _prepared_logits(fitted, features))
    sums = _sums(fitted, features) / int(fitted.settings["divisor"])
    if fitted.family == "forest":
        return sums
    return _each(LINKS[fitted.settings["objective"]], sums * float(fitted.settings["slope"]))


def calibrate_rows(fitted: Fitted, answers: Floats) -> Floats:
    """Put answers through the model's section `calibration`, if it has one."""
    numbers = np.array(fitted.sections.get("calibration", ()), np.float64)
    if not len(numbers):
        return answers
    if len(numbers) == 2:  # noqa: PLR2004  # Platt's two
        return _each(lambda answer: sigmoid(numbers[0] * log_odds(answer) + numbers[1]), answers)
    places, values = np.split(numbers, 2)
    return np.asarray(np.interp(answers, places, values), np.float64)


def explain_rows(fitted: Fitted, features: Floats) -> Floats:
    """Return each feature's contribution for each row of [n, F], as `Scorer.explain` says."""
    scorer = SCORER_FAMILIES[fitted.family](fitted.sections, fitted.settings)
    return np.array([scorer.explain(row) for row in features.tolist()], np.float64).reshape(features.shape)


def strongest_reasons(fitted: Fitted, features: Floats) -> list[list[Reason]]:
    """Return for each row of [n, F] the `REASONS` features that move the answer most, by the settings' `names`."""
    names, given = fitted.settings["names"], explain_rows(fitted, features)
    strongest = np.argsort(-np.abs(given), axis=1, kind="stable")[:, :REASONS]
    return [
        [Reason(names[column], float(row[column])) for column in columns if row[column]]
        for row, columns in zip(given, strongest, strict=True)
    ]


def _logits(fitted: Fitted, features: Floats) -> Floats:
    weight, mean, scale, bias = (
        np.array(fitted.sections[name], np.float64) for name in ("weight", "mean", "scale", "bias")
    )
    flat = np.copysign(np.log1p(np.abs(features)), features)
    standard = np.nan_to_num((flat - mean) / scale, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(standard @ weight + bias[0], np.float64)


def _prepared_logits(fitted: Fitted, features: Floats) -> Floats:
    weight, bias = (np.array(fitted.sections[name], np.float64) for name in ("weight", "bias"))
    return np.asarray(prepared_matrix(fitted.sections, features) @ weight + bias[0], np.float64)


def _sums(fitted: Fitted, features: Floats) -> Floats:
    trees = Trees(fitted.sections, width=int(fitted.settings["features"]))
    kept = np.asarray(features, np.float32 if fitted.family == "forest" else np.float64).astype(np.float64)
    blocks = [_block(trees, kept[first : first + _BLOCK_ROWS]) for first in range(0, len(kept), _BLOCK_ROWS)]
    return np.concatenate([np.empty(0), *blocks])


def _block(trees: Trees, rows: Floats) -> Floats:
    given: array[Any] = array("d")
    given.frombytes(np.ascontiguousarray(rows).tobytes())
    return np.array(trees.totals(given), np.float64)


def _each(link: Any, values: Floats) -> Floats:  # noqa: ANN401  # float -> float
    """Apply the very function that serving applies: numpy's own exp may differ in the last bit."""
    return np.fromiter(map(link, values.tolist()), np.float64, len(values))
