"""Scorers as they are served: a probability, or an amount, from a person's features, in pure Python.

Every family may have a section `calibration` (float64), a monotone map of the probability: two numbers a, b are Platt's
(p becomes sigmoid(a * log(p / (1 - p)) + b)); more are n places in [0, 1], ascending, then the n values there, never
falling: between two places it is linear, outside of them it stays (as scikit-learn's isotonic regression predicts).
Setting `thresholds`: the least probabilities of the tiers `high` and `medium`; below both it is `low`. Where a
mitigation gave groups their own, `group_tiers` holds them by group, `group_traits` which traits tell it.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from math import exp, log, log1p
from typing import Any

from addressee.models.group_tiers import GroupThresholds, Thresholds
from addressee.models.ranking import Sections

THRESHOLDS: Mapping[str, float] = {"high": 0.75, "medium": 0.4}
LOWEST_TIER = "low"
_PLATT = 2
_CANCELLED = 1e-9
_NEAREST = 1e-15
"""How near to 0 and 1 log-odds are taken."""


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
        self.expected: float = sections["bias"][0]
        self._calibrate = calibration(sections)
        self.thresholds = thresholds(settings)

    def score(self, features: Sequence[float]) -> float:
        """Return the probability for one feature vector. Raises `WrongFeatures` where its length differs."""
        check_width(features, len(self._parts))
        logit = 0.0
        for value, (weight, mean, scale) in zip(features, self._parts, strict=True):
            if value == value:  # noqa: PLR0124  # only NaN differs from itself; a call costs more than the term
                flat = log1p(value) if value >= 0 else -log1p(-value)
                logit += weight * (flat - mean) / scale
        return self._calibrate(sigmoid(self.expected + logit))

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return what each feature adds to the log-odds, against the mean of the training rows."""
        check_width(features, len(self._parts))
        return [
            weight * ((log1p(value) if value >= 0 else -log1p(-value)) - mean) / scale if value == value else 0.0  # noqa: PLR0124  # NaN
            for value, (weight, mean, scale) in zip(features, self._parts, strict=True)
        ]


def check_width(features: Sequence[float], width: int) -> None:
    """Raise `WrongFeatures` where a vector has another length than the model's."""
    if len(features) != width:
        raise WrongFeatures(f"{len(features)} features, but the model was trained on {width}")


def sigmoid(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    if logit >= 0:
        return 1.0 / (1.0 + exp(-logit))
    odds = exp(logit)
    return odds / (1.0 + odds)


def log_odds(probability: float) -> float:
    """Return log(p / (1 - p)), finite at 0 and 1."""
    near = min(max(probability, _NEAREST), 1.0 - _NEAREST)
    return log(near / (1.0 - near))


def stretched(given: Sequence[float], total: float, slope: float) -> list[float]:
    """Return contributions in another unit, in which they add up to `total`.

    `slope` is the unit's where nothing is moved: contributions that cancel out are told by it.
    """
    moved = sum(given)
    scale = total / moved if abs(moved) > _CANCELLED else slope
    return [value * scale for value in given]


def as_it_is(value: float) -> float:
    """Return the value."""
    return value


LINKS: Mapping[str, Callable[[float], float]] = {"sigmoid": sigmoid, "identity": as_it_is, "exp": exp}
"""How an answer comes of a sum of leaves."""


def calibration(sections: Sections) -> Callable[[float], float]:
    """Return the map that the section `calibration` holds; as it is where there is none. Raises `ValueError`."""
    numbers = list(sections.get("calibration", ()))
    if not numbers:
        return as_it_is
    if len(numbers) == _PLATT:
        slope, shift = numbers
        return lambda probability: sigmoid(slope * log_odds(probability) + shift)
    places, values = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
    if len(places) != len(values) or places != sorted(places) or values != sorted(values):
        raise ValueError("calibration is neither two numbers nor ascending places with their values")
    return lambda probability: _between(places, values, probability)


def _between(places: Sequence[float], values: Sequence[float], at: float) -> float:
    right = bisect_right(places, at)
    if right in {0, len(places)}:
        return values[0] if right == 0 else values[-1]
    left = right - 1
    slope = (values[right] - values[left]) / (places[right] - places[left])
    return values[left] + slope * (at - places[left])


def thresholds(settings: Mapping[str, Any]) -> Thresholds:
    """Return the least probability of each tier but the lowest, the highest tier first, and those of groups."""
    common = _descending(settings.get("thresholds", THRESHOLDS))
    groups = {name: _descending(own) for name, own in settings.get("group_tiers", {}).items()}
    return GroupThresholds(common, settings["group_traits"], groups) if groups else common


def _descending(given: Mapping[str, float]) -> dict[str, float]:
    return {name: float(given[name]) for name in sorted(given, key=lambda name: -float(given[name]))}


def tier(score: float, least: Thresholds) -> str:
    """Return the name of the tier that a probability is in."""
    return next((name for name, from_on in least.items() if score >= from_on), LOWEST_TIER)


Family = Callable[[Sections, Mapping[str, Any]], Any]


def on_demand(module: str, name: str) -> Family:
    """Return a family whose module is imported with the first model of it: who has none does not pay for it."""

    def opened(sections: Sections, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401  # what the family serves
        return getattr(import_module(f"addressee.models.{module}"), name)(sections, settings)

    return opened


SCORER_FAMILIES: Mapping[str, Family] = {
    "logistic": Logistic,
    "prepared_logistic": on_demand("prepared", "PreparedLogistic"),
    "trees": on_demand("tree_scorers", "BoostedTrees"),
    "forest": on_demand("tree_scorers", "Forest"),
    "bg_nbd": on_demand("valuers", "ExpectedRevenue"),
    "revenue_trees": on_demand("valuers", "BoostedRevenue"),
    "two_models": on_demand("uplift_scorers", "TwoModels"),
    "transformed": on_demand("uplift_scorers", "Transformed"),
}
"""How a scorer is computed, by the `family` in `bundle.json`."""
