"""Boosted models against BG/NBD x Gamma-Gamma on CDNOW's holdout; all is chosen within the calibration period."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from addressee.models.bg_nbd import BgNbd, expected_orders, fit_bg_nbd
from addressee.models.boosted_amounts import Spent, boost_amounts
from addressee.models.gamma_gamma import GammaGamma, expected_amount, fit_gamma_gamma
from addressee.models.kind import Fitted, Recipe
from addressee.models.likelihood import Estimate
from addressee.models.tables import Floats
from addressee.models.value import value_rows
from benchmarks.cdnow import CALIBRATED_DAY, HOLDOUT_DAYS, WEEK, Orders, Summary, features, summary

SEEDS = (0, 1, 2, 3, 4)
WINDOW_DAYS = 91
"""Labels of training reach over a quarter; two fit between the day when all customers had come and the holdout."""
ALL_CAME_DAY = 84
_TREES: Recipe = {"rate": 0.03, "least": 50, "share": 0.7}
RECIPES: Mapping[str, Recipe] = {
    **{
        f"Tweedie {power}, {leaves} leaves": {**_TREES, "power": power, "leaves": leaves, "of": "revenue"}
        for power in (1.3, 1.6)
        for leaves in (4, 8)
    },
    **{
        f"Poisson x Gamma, {leaves} leaves": {**_TREES, "power": 1.0, "leaves": leaves, "of": "orders"}
        for leaves in (4, 8)
    },
}


@dataclass(frozen=True)
class Interpretable:
    """BG/NBD and Gamma-Gamma as they were fitted at the end of a day."""

    told: Summary
    days: Estimate
    worth: Estimate

    def orders(self, days: float) -> Floats:
        """Return the expected orders of each customer."""
        return expected_orders(BgNbd(*self.days.parameters), self.told.customers, days / WEEK)

    def amount(self) -> Floats:
        """Return the expected amount of each customer's next order, from their repeat orders."""
        return expected_amount(GammaGamma(*self.worth.parameters), self.told.customers.frequency, self.told.amount)


def interpretable(orders: Orders, day: int) -> Interpretable:
    """Fit both on the orders up to a day."""
    told = summary(orders, day)
    spends = told.amount > 0
    worth = fit_gamma_gamma(told.customers.frequency[spends], told.amount[spends])
    return Interpretable(told, fit_bg_nbd(told.customers), worth)


@dataclass(frozen=True)
class Contest:
    """What each customer was said to spend in the holdout: by BG/NBD x Gamma-Gamma, and boosted [customers, seeds]."""

    truth: Floats
    plain: Floats
    boosted: Floats
    recipe: str
    inner: Mapping[str, float]
    model: Interpretable


def contest(orders: Orders) -> Contest:
    """Choose the boosted recipe by the error in the last quarter of calibration, then foretell the holdout.

    A quarter's amounts are stretched to the holdout by BG/NBD's ratio of expected orders: customers fade.
    """
    early = CALIBRATED_DAY - WINDOW_DAYS
    truth = orders.revenue(early, WINDOW_DAYS)
    before = interpretable(orders, early)
    inner = {"BG/NBD x Gamma-Gamma": _error(truth, before.orders(WINDOW_DAYS) * before.amount())}
    for name, recipe in RECIPES.items():
        inner[name] = _error(truth, _boosted(orders, before, recipe, day=early, seed=SEEDS[0]))
    chosen = min(RECIPES, key=lambda name: inner[name])
    model = interpretable(orders, CALIBRATED_DAY)
    stretch = float(model.orders(HOLDOUT_DAYS).sum() / model.orders(WINDOW_DAYS).sum())
    boosted = [_boosted(orders, model, RECIPES[chosen], day=CALIBRATED_DAY, seed=seed) * stretch for seed in SEEDS]
    plain = model.orders(HOLDOUT_DAYS) * model.amount()
    held_out = orders.revenue(CALIBRATED_DAY, HOLDOUT_DAYS)
    return Contest(held_out, plain, np.column_stack(boosted), chosen, inner, model)


def _error(truth: Floats, said: Floats) -> float:
    return float(np.abs(truth - said).mean())


def _boosted(orders: Orders, model: Interpretable, recipe: Recipe, *, day: int, seed: int) -> Floats:
    """Learn from the windows that were over at the end of `day`; return a window's revenue after it."""
    cuts = range(day - WINDOW_DAYS, ALL_CAME_DAY - 1, -WINDOW_DAYS)
    rows = np.concatenate([features(orders, cut) for cut in cuts])
    counted = recipe["of"] == "orders"
    ones = Orders(orders.customer, orders.day, np.ones(len(orders.day)), orders.discs, orders.customers)
    labels = np.concatenate([(ones if counted else orders).revenue(cut, WINDOW_DAYS) for cut in cuts])
    held = np.tile(np.random.default_rng(seed).random(orders.customers) < 0.2, len(cuts))  # noqa: PLR2004  # a fifth
    sections, settings = boost_amounts(recipe, Spent(rows, labels), parts=(~held, held), seed=seed)
    said = value_rows(Fitted(recipe, settings, sections, "revenue_trees"), features(orders, day))
    return said * model.amount() if counted else said
