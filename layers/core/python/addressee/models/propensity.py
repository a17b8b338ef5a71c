"""Propensities: the chance that somebody does something within a horizon, by a standardised logistic regression."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addressee.models.item_sections import numbers, packed
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Recipe, Role, Window
from addressee.models.metrics import average_precision, calibration_error, log_loss, roc_auc
from addressee.models.people_exams import in_window, people_cuts, people_exam
from addressee.models.tables import HORIZON_DAYS, Flags, Floats, Tables

STRENGTHS = (0.1, 1.0)
LEAST_PEOPLE = 50
_DIGITS = 9

METRICS: Sequence[Metric] = (
    Metric("roc_auc", roc_auc),
    Metric("pr_auc", average_precision),
    Metric("log_loss", log_loss, lower_is_better=True),
    Metric("calibration_error", calibration_error, lower_is_better=True),
)


@dataclass(frozen=True)
class Propensity:
    """A kind of propensity: `name` is the label in the training tables."""

    name: str
    title: str
    limits: Sequence[str]
    role: Role = "scorer"
    families: Sequence[str] = ("logistic",)
    uses_features: bool = True
    floor_title: str = "the single feature with the best ROC-AUC on the training days, as a probability"
    metrics: Sequence[Metric] = METRICS

    def recipes(self) -> Sequence[Recipe]:
        """Return the inverse strengths of the L2 penalty, the stronger penalty first."""
        return [{"c": strength} for strength in STRENGTHS]

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return windows of up to four weekly cut-offs, or None where a part lacks people or one of the two classes."""
        return people_cuts(tables, HORIZON_DAYS[self.name], self._teaches(tables))

    def _teaches(self, tables: Tables) -> Callable[[Flags], bool]:
        labels, known = tables.people.labels[self.name], tables.people.known[self.name]

        def teaches(rows: Flags) -> bool:
            usable = labels[rows & known]
            return len(usable) >= LEAST_PEOPLE and bool(usable.any()) and not usable.all()

        return teaches

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask about everybody whose label at a cut-off of the window is known."""
        rows = tables.people.known[self.name] & in_window(tables, window)
        return people_exam(tables, rows, tables.people.labels[self.name][rows].astype(np.float64))

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:  # noqa: ARG002  # a convex problem: nothing random
        """Fit on all examples whose label window was over at the end of day `until`."""
        rows = self._usable(tables, until)
        flat = flatten(tables.people.features[rows])
        mean, scale = _moments(flat)
        weight, bias = _regress(_standardised(flat, mean, scale), tables.people.labels[self.name][rows], recipe["c"])
        sections: dict[str, array[Any]] = {
            name: packed("d", values)
            for name, values in (("weight", weight), ("mean", mean), ("scale", scale), ("bias", bias))
        }
        return Fitted(recipe, {**recipe, "features": len(weight)}, sections, "logistic")

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:  # noqa: ARG002  # a score has no k
        """Return a probability for each person."""
        parts = {name: numbers(fitted.sections, name) for name in ("weight", "mean", "scale", "bias")}
        standard = _standardised(flatten(audience.features), parts["mean"], parts["scale"])
        return Answers(scores=_sigmoid(standard @ parts["weight"] + parts["bias"][0]))

    def marks(self, exam: Exam, answers: Answers) -> Floats:  # noqa: ARG002  # the metrics read the exam's truth
        """Return the probabilities."""
        return answers.scores

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:
        """Return a logistic regression on the best single feature: same order as the feature, but a probability."""
        rows = self._usable(tables, until)
        features, labels = tables.people.features[rows], tables.people.labels[self.name][rows].astype(np.float64)
        column = _best_feature(features, labels)
        flat = flatten(features[:, [column]])
        mean, scale = _moments(flat)
        weight, bias = _regress(_standardised(flat, mean, scale), labels > 0, 1.0)
        asked = _standardised(flatten(exam.audience.features[:, [column]]), mean, scale)
        return _sigmoid(asked @ weight + bias[0])

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return the weights of the standardised features, the largest first."""
        names, weight = tables.metadata.feature_names, numbers(fitted.sections, "weight")
        order = [column for column in np.argsort(-np.abs(weight), kind="stable") if weight[column]]
        weights = {names[column]: round(float(weight[column]), 4) for column in order}
        return {"weights": weights, "without weight": {"features": len(names) - len(order)}}

    def _usable(self, tables: Tables, until: int) -> Flags:
        people = tables.people
        return people.known[self.name] & (people.cut_day <= until - HORIZON_DAYS[self.name])


def flatten(features: Floats) -> Floats:
    """Return sign(x) * log(1 + |x|): counts, amounts and ages are skewed. NaN stays."""
    return np.asarray(np.copysign(np.log1p(np.abs(features)), features), np.float64)


def _moments(flat: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column, missing values aside; 0 and 1 for a constant column."""
    present = ~np.isnan(flat)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, flat, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(present, flat - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(spread > 0, spread, 1.0)


def _standardised(flat: Floats, mean: Floats, scale: Floats) -> Floats:
    return np.nan_to_num((flat - mean) / scale, nan=0.0, posinf=0.0, neginf=0.0)


def _regress(standard: Floats, labels: Flags, strength: float) -> tuple[Floats, Floats]:
    """Fit the weights [F] and the bias [1]; rounded, so that the last bits of a BLAS do not change a version.

    Newton's method converges to the one optimum far below that rounding; BLAS runs on one thread meanwhile.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # training only: scoring runs without it
    from threadpoolctl import (  # type: ignore[import-untyped]  # it has no stubs # noqa: PLC0415
        threadpool_limits,
    )

    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=200)
    with threadpool_limits(limits=1):
        model.fit(standard, labels)
    return np.round(model.coef_[0], _DIGITS), np.round(model.intercept_, _DIGITS)


def _best_feature(features: Floats, labels: Floats) -> int:
    """Return the column with the best ROC-AUC in either direction."""
    filled = np.nan_to_num(features, nan=0.0)
    return int(np.argmax([abs(roc_auc(labels, column) - 0.5) for column in filled.T]))


def _sigmoid(logits: NDArray[np.float64]) -> Floats:
    """Return 1 / (1 + exp(-x)), each side where it cannot overflow."""
    odds = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1.0, odds) / (1.0 + odds), np.float64)
