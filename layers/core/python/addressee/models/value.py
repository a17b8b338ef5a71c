"""Values: what somebody spends within a horizon; BG/NBD times Gamma-Gamma, or boosted trees if surely better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.bg_nbd import Customers, fit_bg_nbd
from addressee.models.boosted_amounts import Spent, boost_amounts
from addressee.models.candidates import columns_of
from addressee.models.gamma_gamma import fit_gamma_gamma
from addressee.models.item_sections import packed
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Reason, Recipe, Role, Window
from addressee.models.occasions import cuts, exam_of, inner_split
from addressee.models.scored_rows import score_rows, strongest_reasons
from addressee.models.scorers import SCORER_FAMILIES
from addressee.models.spending import spending, teaches
from addressee.models.tables import Floats, Tables
from addressee.models.value_details import value_details
from addressee.models.value_metrics import VALUE_METRICS
from addressee.models.valuers import READS
from addressee.profiles.features import CATEGORICAL

BG_NBD, TREES = "bg_nbd", "revenue_trees"
RECIPES: Sequence[Recipe] = (
    {"model": BG_NBD},
    {"model": TREES, "power": 1.3, "rate": 0.05, "leaves": 7, "least": 30, "share": 0.6},
)
LEAST_AGE_DAYS = 28
"""A customer of yesterday has no rate yet."""


@dataclass(frozen=True)
class Value:
    """A kind of value: revenue, in minor units, within `horizon_days` of a cut-off."""

    name: str
    title: str
    limits: Sequence[str]
    horizon_days: int = 90
    widths_days: Sequence[int] = (21, 14, 7, 0)
    candidates: Sequence[Recipe] = RECIPES
    role: Role = "valuer"
    families: Sequence[str] = (BG_NBD, TREES)
    uses_features: bool = True
    floor_title: str = "what they spent a day since their first order, at least four weeks, for as many days"
    metrics: Sequence[Metric] = VALUE_METRICS

    def recipes(self) -> Sequence[Recipe]:
        """Return the candidates, the interpretable one first."""
        return self.candidates

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return windows a horizon apart, or None where a part lacks people or revenue."""
        rows, _ = spending(tables, self.horizon_days)
        return cuts(rows, self.widths_days, teaches(rows, _orders(tables)))

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask about everybody known at the cut-offs in the window."""
        rows, amounts = spending(tables, self.horizon_days)
        chosen = rows.inside(window)
        exam = exam_of(tables, rows, chosen)
        return Exam(exam.audience, amounts[chosen], exam.person, groups=exam.groups)

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:
        """Fit on what was known at the end of day `until`."""
        rows, amounts = spending(tables, self.horizon_days, until=until)
        usable, names, orders = rows.usable(until), tables.metadata.feature_names, _orders(tables)
        if recipe["model"] == BG_NBD:
            strangers = amounts[usable & (orders < 1)]
            latest = rows.asked == rows.asked[rows.asked <= until].max()
            return self._customers(
                recipe, names, rows.features[latest], float(strangers.mean()) if len(strangers) else 0.0
            )
        early, held = inner_split(rows, usable, self.widths_days, teaches(rows, orders))
        parts, seed = (early[usable], held[usable]), int(rng.integers(2**31))
        spent = Spent(rows.features[usable], amounts[usable], columns_of(CATEGORICAL, names))
        sections, settings = boost_amounts(recipe, spent, parts=parts, seed=seed)
        return Fitted(recipe, {**settings, "names": list(names)}, sections, TREES)

    def _customers(self, recipe: Recipe, names: Sequence[str], features: Floats, stranger: float) -> Fitted:
        """Fit BG/NBD and Gamma-Gamma on everybody with an order of whom nothing is missing, as of one cut-off."""
        columns = [names.index(name) for name in READS]
        told = features[:, columns]
        bought = told[(told[:, 0] >= 1) & np.isfinite(told).all(axis=1)]
        orders, recency, age, amount = bought.T
        days = fit_bg_nbd(Customers(orders - 1.0, np.clip(age - recency, 0.0, age), age))
        spends = amount > 0
        worth = fit_gamma_gamma(orders[spends], amount[spends])
        sections = {
            "bg_nbd": packed("d", np.array(days.parameters)),
            "gamma_gamma": packed("d", np.array(worth.parameters)),
            "typical": packed("d", np.round(np.median(bought, axis=0), 4)),
            "stranger": packed("d", np.round([stranger], 4)),
            "column": packed("I", np.array(columns)),
        }
        settings = {
            "features": len(names),
            "names": list(names),
            "horizon_days": self.horizon_days,
            "errors": [float(f"{error:.3g}") if error > 0 else None for error in (*days.errors, *worth.errors)],
        }
        return Fitted(recipe, settings, sections, BG_NBD)

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:  # noqa: ARG002  # an amount has no k
        """Return an amount for each person, in minor units."""
        return Answers(scores=value_rows(fitted, audience.features))

    def marks(self, exam: Exam, answers: Answers) -> Floats:  # noqa: ARG002  # the metrics read the exam's truth
        """Return the amounts."""
        return answers.scores

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:  # noqa: ARG002  # a rule learns nothing
        """Return the revenue so far, by the days since the first order, times the horizon."""
        columns = [tables.metadata.feature_names.index(name) for name in READS]
        orders, _, age, amount = exam.audience.features[:, columns].T
        rate = orders * amount / np.maximum(age, LEAST_AGE_DAYS)
        return np.asarray(np.nan_to_num(rate * self.horizon_days), np.float64)

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Return each person's features that moved the amount most, in minor units."""
        return strongest_reasons(fitted, audience.features)

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return parameters or importance, the chance to be alive, deciles of what was predicted and spent."""
        rows, amounts = spending(tables, self.horizon_days)
        latest = rows.known & (rows.asked == rows.asked[rows.known].max(initial=-(2**30)))
        said = value_rows(fitted, rows.features[latest])
        return value_details(fitted, rows.features[latest], said, amounts[latest])


def value_rows(fitted: Fitted, features: Floats) -> Floats:
    """Return the amount for each row of [n, F], as the family serves it."""
    if fitted.family == TREES:
        trees = Fitted(fitted.recipe, fitted.settings, fitted.sections, "trees")
        return score_rows(trees, features) * float(fitted.settings["unit"])
    model = SCORER_FAMILIES[fitted.family](fitted.sections, fitted.settings)
    return np.fromiter(map(model.score, features.tolist()), np.float64, len(features))


def _orders(tables: Tables) -> Floats:
    return tables.people.features[:, tables.metadata.feature_names.index(READS[0])]
