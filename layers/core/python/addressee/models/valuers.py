"""What a customer will spend, without numpy: the families `bg_nbd` (BG/NBD times Gamma-Gamma) and `revenue_trees`."""

from collections.abc import Mapping, Sequence
from math import exp, expm1, log1p
from typing import Any

from addressee.models.ranking import Sections
from addressee.models.scorers import check_width
from addressee.models.tree_scorers import BoostedTrees

MOST_TERMS = 20_000
SMALLEST_TERM = 1e-17
READS = ("orders_total", "recency_days", "customer_days", "basket_mean")
"""The features that are read, in this order: orders, days since the latest and since the first one, their mean."""


def orders_if_alive(model: Sequence[float], frequency: float, age: float, time: float) -> float:
    """Return how many orders a customer who is alive places in the next `time`; model = (r, alpha, a, b).

    Equation 10 of Fader, Hardie and Lee (2005), (c - 1) / (a - 1) (1 - (1 - z)^(r + x) F(r + x, b + x; c - 1; z)) with
    c = a + b + x and z = t / (alpha + T + t), after Euler's transformation of F: its series then falls as
    z^n n^(a - 2 - r - x), and a = 1, where the formula is 0 / 0, is no exception.
    """
    r, alpha, a, b = model
    whole, q = a + b + frequency, a + b - 1.0 - r
    log_rest = -log1p(time / (alpha + age))
    share = -expm1(log_rest)
    first = -log_rest if a == 1.0 else -expm1((a - 1.0) * log_rest) / (a - 1.0)
    term = total = q * share
    for n in range(1, MOST_TERMS):
        factor = (a + n - 1.0) * (q + n) / ((whole + n - 1.0) * (n + 1.0)) * share
        term *= factor
        total += term
        if abs(term) <= SMALLEST_TERM * abs(total) and abs(factor) < 1.0:
            break
    return (whole - 1.0) * first - exp((a - 1.0) * log_rest) * total


def alive(model: Sequence[float], frequency: float, recency: float, age: float) -> float:
    """Return the chance that a customer is one still; certain after the first order, by this model."""
    if frequency <= 0.0:
        return 1.0
    r, alpha, a, b = model
    growth = (r + frequency) * (log1p(age / alpha) - log1p(recency / alpha))
    return 1.0 / (1.0 + a / (b + frequency - 1.0) * exp(min(growth, 700.0)))


class ExpectedRevenue:
    """The revenue of a horizon: expected orders (BG/NBD) times the expected amount of one (Gamma-Gamma)."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `bg_nbd` [4], `gamma_gamma` [3], `typical` [4] and `stranger` [1] (float64), `column` [4] (uint32).

        `column` says where `READS` lie in the vector. `typical` is a customer to compare others with, `stranger` what
        somebody without an order is worth. Settings: `features` (the width of a row), `horizon_days`.
        """
        self._orders: list[float] = list(sections["bg_nbd"])
        self._amount: list[float] = list(sections["gamma_gamma"])
        self._typical: list[float] = list(sections["typical"])
        self._columns = [int(at) for at in sections["column"]]
        if (len(self._orders), len(self._amount), len(self._columns), len(self._typical)) != (4, 3, 4, 4):
            raise ValueError("four, three, four and four numbers are needed")
        self._width, self._horizon = int(settings["features"]), float(settings["horizon_days"])
        if max(self._columns) >= self._width:
            raise ValueError(f"column {max(self._columns)}, but there are {self._width} features")
        self._stranger: float = sections["stranger"][0]
        self.expected = self._worth(self._typical)
        self.thresholds: Mapping[str, float] = {}

    def score(self, features: Sequence[float]) -> float:
        """Return the amount, in minor units, for one vector. Raises `WrongFeatures` where its length differs."""
        check_width(features, self._width)
        return self._worth([features[at] for at in self._columns])

    def alive(self, features: Sequence[float]) -> float:
        """Return the chance that somebody is a customer still; 0 without an order."""
        check_width(features, self._width)
        orders, recency, age, _ = self._read([features[at] for at in self._columns])
        return alive(self._orders, orders - 1.0, age - recency, age) if orders >= 1.0 else 0.0

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return each feature's Shapley value against the typical customer; they add up to score less `expected`."""
        check_width(features, self._width)
        given = [0.0] * self._width
        own = [features[at] for at in self._columns]
        for at, value in zip(self._columns, self._shapley(own), strict=True):
            given[at] += value
        return given

    def _shapley(self, own: Sequence[float]) -> list[float]:
        """Average over the orders in which the features may be told (Shapley 1953); with four there are 16 sets."""
        pairs = list(zip(own, self._typical, strict=True))
        known = [
            self._worth([mine if chosen >> place & 1 else usual for place, (mine, usual) in enumerate(pairs)])
            for chosen in range(16)
        ]
        weights = (1 / 4, 1 / 12, 1 / 12, 1 / 4)
        return [
            sum(
                weights[chosen.bit_count()] * (known[chosen | 1 << place] - known[chosen])
                for chosen in range(16)
                if not chosen >> place & 1
            )
            for place in range(4)
        ]

    def _read(self, own: Sequence[float]) -> tuple[float, float, float, float]:
        """Return orders, recency, age and mean amount: what is missing is typical, no recency above the age."""
        orders, recency, age, amount = (
            mine if mine == mine else usual  # noqa: PLR0124  # only NaN differs from itself
            for mine, usual in zip(own, self._typical, strict=True)
        )
        age = max(age, 0.0)
        return orders, min(max(recency, 0.0), age), age, max(amount, 0.0)

    def _worth(self, own: Sequence[float]) -> float:
        orders, recency, age, amount = self._read(own)
        if orders < 1.0:
            return self._stranger
        stays = alive(self._orders, orders - 1.0, age - recency, age)
        p, q, v = self._amount
        each = p * (v + orders * amount) / (p * orders + q - 1.0)
        return stays * orders_if_alive(self._orders, orders - 1.0, age, self._horizon) * each


class BoostedRevenue:
    """LightGBM's trees for the logarithm of an amount over `unit`; explained in minor units."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `trees.Trees`' sections, the settings that `pack_trees` makes, and `unit`, in minor units."""
        self._trees, self._unit = BoostedTrees(sections, settings), float(settings["unit"])
        self.expected = self._unit * exp(self._trees.expected)
        self.thresholds: Mapping[str, float] = {}

    def score(self, features: Sequence[float]) -> float:
        """Return the amount for one vector. Raises `WrongFeatures` where its length differs."""
        return self._unit * self._trees.score(features)

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return SHAP values, stretched from logarithms so that they add up to the amount less `expected`."""
        given = self._trees.explain(features)
        moved = sum(given)
        scale = self.expected * expm1(moved) / moved if moved else self.expected
        return [value * scale for value in given]
