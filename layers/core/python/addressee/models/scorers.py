"""Scorers as they are served: a probability from a person's features, in pure Python."""

from collections.abc import Mapping, Sequence
from math import exp, log1p
from typing import Any

from addressee.models.ranking import Sections


class WrongFeatures(Exception):
    """The feature vector does not have the length that the model was trained on."""


class Logistic:
    """A standardised logistic regression: p = 1 / (1 + exp(-(bias + sum of weight * (g(x) - mean) / scale))).

    g(x) = sign(x) * log(1 + |x|): counts, amounts and ages are skewed. A missing value (NaN) counts as the mean.
    """

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `weight`, `mean`, `scale` [features] and `bias` [1], all float64; setting `features` (their number)."""
        if len(sections["weight"]) != int(settings["features"]):
            raise ValueError(f"{len(sections['weight'])} weights for {settings['features']} features")
        self._parts: list[tuple[float, float, float]] = list(
            zip(sections["weight"], sections["mean"], sections["scale"], strict=True)
        )
        self._bias: float = sections["bias"][0]

    def score(self, features: Sequence[float]) -> float:
        """Return the probability for one feature vector. Raises `WrongFeatures` where its length differs."""
        if len(features) != len(self._parts):
            raise WrongFeatures(f"{len(features)} features, but the model was trained on {len(self._parts)}")
        logit = 0.0
        for value, (weight, mean, scale) in zip(features, self._parts, strict=True):
            if value == value:  # noqa: PLR0124  # only NaN differs from itself; a call costs more than the term
                flat = log1p(value) if value >= 0 else -log1p(-value)
                logit += weight * (flat - mean) / scale
        return sigmoid(self._bias + logit)


def sigmoid(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    if logit >= 0:
        return 1.0 / (1.0 + exp(-logit))
    odds = exp(logit)
    return odds / (1.0 + odds)
