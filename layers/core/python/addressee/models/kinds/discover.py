"""`discover`: products that a person never bought, by what buyers of their latest products also bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.item_sections import POPULAR_DAYS
from addressee.models.kind import Answers, Audience, Fitted, Reason, Recipe
from addressee.models.neighbour_rows import MAX_SEEDS, NeighbourRows, StackedRows, askers
from addressee.models.product_kind import ProductKind
from addressee.models.stacked import feature_names
from addressee.models.tables import Tables
from addressee.models.trees import Trees

HORIZON_DAYS = 28
HALF_SUPPORT = 20.0
PLAIN, BLEND, STACK = "cosine", "blend", "stack"
RECIPES: Sequence[Recipe] = (
    {"model": PLAIN, "trend": 0.5, "cold": 0.25},
    {"model": PLAIN, "trend": 0.5, "cold": 0.0},
    {"model": BLEND, "trend": 0.5, "cold": 0.25},
    {"model": STACK, "trend": 0.5, "cold": 0.25},
)


@dataclass(frozen=True)
class Discover(ProductKind):
    """Item-item neighbours, one sparse sum over a person's latest products, in three ways.

    `cosine`: co-buyers / (sqrt(buyers_i * buyers_j) + shrinkage) * trend_j ** p, the cosine between buyer sets, shrunk
    (Sarwar et al. 2001, section 3.1); trend_j = (buyers in the last 28 days + 1) / (buyers + 5) is how much of its life
    the product has now. `blend`: that, EASE, RP3beta and likeness of texts, with weights that the last 28 days before
    the day of fitting ask for. `stack`: the blend's best 100 ordered by boosted trees that learned from the same days.
    Of each i the 30 best j stay. `cold` above 0 adds products that nobody bought yet by their texts.
    """

    candidates: Sequence[Recipe] = RECIPES

    name = "discover"
    horizon_days = HORIZON_DAYS
    new_alone = True
    families = ("item_neighbours", "stacked")
    title = f"products never bought before, of the orders of the next {HORIZON_DAYS} days"
    floor_title = f"the products that most people bought in the last {POPULAR_DAYS} days, without those bought before"
    limits: Sequence[str] = (
        "Knows the 4000 products with the most buyers, none with fewer than 5; EASE and walks the 2000 first of them.",
        "Of products that nobody bought before, knows by their texts the 4000 that are most like those.",
        f"Looks at the latest {MAX_SEEDS} products of a person; without any purchase or cart it is silent.",
    )

    def recipes(self) -> Sequence[Recipe]:
        """Return the plainest first: the cosine, the same without cold products, the blend, the stack."""
        return self.candidates

    def below(self, recipe: Recipe) -> Recipe | None:
        """Return the blend whose candidates a stack puts into order."""
        return {**recipe, "model": BLEND} if recipe.get("model") == STACK else None

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:
        """Fit the recipe; where too few bought anything new lately, a stack stays a blend."""
        model, trend, cold = recipe.get("model", PLAIN), float(recipe["trend"]), float(recipe.get("cold", 0.0))
        from addressee.models.product_fits import fit_neighbours, fit_stack, learned_factors  # noqa: PLC0415  # training

        if model == PLAIN:
            return self._fitted(recipe, fit_neighbours(tables, until, {"cosine": 1.0}, trend=trend, cold=cold), {})
        factors = learned_factors(tables, until, trend=trend, days=HORIZON_DAYS)
        if model == STACK:
            stacked = fit_stack(tables, until, factors, trend=trend, cold=cold, days=HORIZON_DAYS, rng=rng)
            if stacked is not None:
                return self._fitted(recipe, *stacked, family="stacked")
        sections = fit_neighbours(tables, until, factors, trend=trend, cold=cold)
        return self._fitted(recipe, sections, {"factors": factors})

    def _fitted(
        self, recipe: Recipe, sections: Mapping[str, Any], said: Mapping[str, Any], family: str = "item_neighbours"
    ) -> Fitted:
        settings = {**recipe, **said, "max_seeds": MAX_SEEDS, "half_support": HALF_SUPPORT}
        return Fitted(recipe, settings, sections, family)

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:
        """Rank for everybody; support is the number of co-buyers, summed over the person's latest products."""
        if fitted.family == "stacked":
            parts = fitted.settings["parts"]
            model, trees = StackedRows(fitted.sections, parts), Trees(fitted.sections, width=len(feature_names(parts)))
            return Answers(candidates=[model.ranked(asker, trees, k) for asker in askers(fitted, audience)])
        plain = NeighbourRows(fitted.sections)
        return Answers(candidates=[plain.rank(asker, k) for asker in askers(fitted, audience)])

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Name the latest products that add most to the first product's sum: because you bought these."""
        model = NeighbourRows(fitted.sections)
        first = self.predict(fitted, audience, k=1).candidates
        return [
            model.reasons(asker.seeds, best[0].item_id) if best else []
            for asker, best in zip(askers(fitted, audience), first, strict=True)
        ]

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return the size of the model, the weights of its parts, and how different and diverse its lists are."""
        factors = fitted.settings.get("factors", {})
        told = super().details(tables, fitted)
        return {"size": told["size"], **({"weights of the parts": factors} if factors else {}), **told}


KIND = Discover()
