"""`next_product`: the next order's products, whatever they are: bought before, or new to the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.item_sections import POPULAR_DAYS, count_buyers, item_table, known_rows, packed, rows_of
from addressee.models.kind import REASONS, Answers, Audience, Fitted, Reason, Recipe
from addressee.models.kinds.buy_again import expected_again, own_counts
from addressee.models.neighbour_rows import MAX_SEEDS, NeighbourRows, askers
from addressee.models.next_products import SUPPORT_OF_ONE
from addressee.models.product_kind import ProductKind
from addressee.models.ranking import Scored
from addressee.models.tables import Floats, Tables

HORIZON_DAYS = 14
HALF_SUPPORT = 1.0
MAX_LISTED = 30
RECIPES: Sequence[Recipe] = (
    {"half_life_days": 90, "discover": 0.0},
    {"half_life_days": 90, "discover": 0.5},
    {"half_life_days": 90, "discover": 2.0},
)


@dataclass(frozen=True)
class NextProduct(ProductKind):
    """Personal frequency + `discover` times item neighbours, scaled so that the latest products' best one counts 1.

    With `discover` 0 it is `buy_again`: the preferred recipe, which the others must surely outdo.
    """

    candidates: Sequence[Recipe] = RECIPES

    name = "next_product"
    horizon_days = HORIZON_DAYS
    families = ("next_products",)
    title = f"products of the next order within {HORIZON_DAYS} days, bought before or new"
    floor_title = f"the products that most people bought in the last {POPULAR_DAYS} days"
    limits: Sequence[str] = (
        "Says nothing about people who never bought; they fall to the segment's or everybody's popular products.",
        "Neighbours are those of the 4000 products with the most buyers, none with fewer than 5.",
        f"Nightly lists hold {MAX_LISTED} products.",
    )

    def recipes(self) -> Sequence[Recipe]:
        """Return personal frequency alone, then with more and more of what goes with the latest products."""
        return self.candidates

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:  # noqa: ARG002  # nothing random
        """Count purchases and co-buyers; the table holds everything that was ever bought."""
        from addressee.models.product_fits import fit_beside  # noqa: PLC0415  # training only

        purchases = tables.interactions.until(until)
        buyers = count_buyers(purchases, len(tables.items.ids))
        rows = known_rows(tables.items, buyers, least_buyers=1)
        expected = expected_again(purchases, buyers, float(recipe["half_life_days"]))
        sections = {
            **item_table(tables.items, rows, purchases, day=until),
            "expected": packed("f", expected[rows.item]),
            **fit_beside(tables, until, rows, wanted=float(recipe["discover"]) > 0),
        }
        settings = {**recipe, "max_seeds": MAX_SEEDS, "half_support": HALF_SUPPORT}
        return Fitted(recipe, settings, sections, self.families[0])

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:
        """Rank for everybody, at most `MAX_LISTED`; support is how often bought, and co-buyers in purchases' worth."""
        model = _Ranker(fitted, audience)
        return Answers(candidates=[model.rank(person, seeds, min(k, MAX_LISTED)) for person, seeds in model.people()])

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Name the products that add most to the first one's score: itself, bought before, and the latest ones."""
        model = _Ranker(fitted, audience)
        return [model.reasons(person, seeds) for person, seeds in model.people()]


class _Ranker:
    """A model beside an audience: what each person bought, decayed, and what goes with the latest of it."""

    def __init__(self, fitted: Fitted, audience: Audience) -> None:
        self._fitted, self._audience, self._model = fitted, audience, NeighbourRows(fitted.sections)
        self._weight = float(fitted.settings["discover"])
        row = rows_of(fitted.sections, audience.items)
        bought = audience.interactions.where(row[audience.interactions.item] >= 0)
        width = max(len(audience.items.ids), 1)
        keys, self._times, self._worth, _ = own_counts(
            bought, len(audience.items.ids), audience.day, float(fitted.settings["half_life_days"])
        )
        self._row = row[keys % width]
        self._starts = np.searchsorted(keys // width, np.arange(audience.size + 1))

    def people(self) -> Sequence[tuple[int, Any]]:
        """Return each person's number and seeds."""
        return list(enumerate(each.seeds for each in askers(self._fitted, self._audience)))

    def rank(self, person: int, seeds: Any, k: int) -> list[Scored]:  # noqa: ANN401  # rows
        """Rank one person's products; ties by item id."""
        rows, scores, support = self._scored(person, seeds)
        if len(rows) > k:  # of all, only those that may be among the best k are put into order
            least = np.partition(scores, len(scores) - k)[len(scores) - k]
            rows, scores, support = (each[scores >= least] for each in (rows, scores, support))
        ids = self._model.ids
        ranked = [Scored(ids[row], float(score), float(n)) for row, score, n in zip(rows, scores, support, strict=True)]
        return sorted(ranked, key=lambda each: (-each.score, each.item_id))[:k]

    def reasons(self, person: int, seeds: Any) -> list[Reason]:  # noqa: ANN401  # rows
        """Return the parts of the first product's score."""
        best = self.rank(person, seeds, 1)
        if not best:
            return []
        own = self._own(person)
        ids = self._model.ids
        itself = [
            Reason(ids[row], float(worth))
            for row, worth in zip(self._row[own].tolist(), self._worth[own].tolist(), strict=True)
            if ids[row] == best[0].item_id
        ]
        near = [
            Reason(each.name, self._weight * each.contribution)
            for each in self._model.reasons(seeds, best[0].item_id)
            if self._weight
        ]
        return sorted(itself + near, key=lambda each: (-each.contribution, each.name))[:REASONS]

    def _own(self, person: int) -> slice:
        return slice(int(self._starts[person]), int(self._starts[person + 1]))

    def _scored(self, person: int, seeds: Any) -> tuple[Any, Floats, Floats]:  # noqa: ANN401  # rows
        own = self._own(person)
        if not self._weight:
            return self._row[own], self._worth[own], self._times[own].astype(np.float64)
        near, support = self._model.sums(seeds)
        scores, support = self._weight * near, support / SUPPORT_OF_ONE
        scores[self._row[own]] += self._worth[own]
        support[self._row[own]] += self._times[own]
        rows = np.flatnonzero(scores)
        return rows, scores[rows], support[rows]


KIND = NextProduct()
