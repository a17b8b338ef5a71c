"""`buy_again`: what a person bought often and lately, for goods that are bought again."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from addressee.models.item_sections import POPULAR_DAYS, count_buyers, item_table, known_rows, packed, rows_of
from addressee.models.kind import Answers, Audience, Fitted, Reason, Recipe
from addressee.models.product_kind import ProductKind
from addressee.models.ranking import Scored
from addressee.models.tables import Floats, Interactions, Ints, Tables

HORIZON_DAYS = 14
HALF_LIVES_DAYS = (90, 60, 30)
HALF_SUPPORT = 1.0
_PRIOR_BUYERS = 5.0


class BuyAgain(ProductKind):
    """Personal frequency: each purchase counts 0.5 ** (age in days / half-life), summed per person and product."""

    name = "buy_again"
    horizon_days = HORIZON_DAYS
    families = ("personal_frequency",)
    title = f"products of the next order within {HORIZON_DAYS} days"
    floor_title = f"the products that most people bought in the last {POPULAR_DAYS} days"
    limits: Sequence[str] = (
        "Says nothing about people who never bought; they fall to the segment's or everybody's popular products.",
        "Whoever has no nightly list is ranked by the last purchase of each of the latest 256 products alone.",
    )

    def recipes(self) -> Sequence[Recipe]:
        """Return the half-lives, the longest (plain counting) first."""
        return [{"half_life_days": days} for days in HALF_LIVES_DAYS]

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:  # noqa: ARG002  # nothing random
        """Count; the arrays hold all items that were ever bought and how often their buyers came back to them."""
        purchases = tables.interactions.until(until)
        buyers = count_buyers(purchases, len(tables.items.ids))
        rows = known_rows(tables.items, buyers, least_buyers=1)
        sections = item_table(tables.items, rows, purchases, day=until)
        expected = expected_again(purchases, buyers, float(recipe["half_life_days"]))
        sections["expected"] = packed("f", expected[rows.item])
        return Fitted(recipe, {**recipe, "half_support": HALF_SUPPORT}, sections, self.families[0])

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:
        """Rank everybody's own products; support is how often the person bought it."""
        bought = audience.interactions.where(rows_of(fitted.sections, audience.items)[audience.interactions.item] >= 0)
        return Answers(candidates=_ranked(bought, audience, float(fitted.settings["half_life_days"]), k))

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Name the first product itself: what it counts is all of its score."""
        first = self.predict(fitted, audience, k=1).candidates
        return [[Reason(each.item_id, each.score) for each in ranked] for ranked in first]


def own_counts(purchases: Interactions, items: int, day: int, half_life: float) -> tuple[Ints, Ints, Floats, Ints]:
    """Return pairs (subject, item), sorted: key, number of purchases, decayed number at `day`; each purchase's pair."""
    keys, place = np.unique(purchases.subject.astype(np.int64) * max(items, 1) + purchases.item, return_inverse=True)
    times = np.bincount(place, minlength=len(keys)).astype(np.int64)
    ages = (day - purchases.day).astype(np.float64)
    weight = np.bincount(place, 0.5 ** (ages / half_life), minlength=len(keys)).astype(np.float64)
    return keys, times, weight, place


def expected_again(purchases: Interactions, buyers: Ints, half_life: float) -> Floats:
    """Return, for each item, its buyers' mean decayed number of purchases before their last one, shrunk to all items'.

    It stands in for the personal count where only the day of the last purchase is known.
    """
    items, day = len(buyers), int(purchases.day.max(initial=0))
    keys, _, weight, place = own_counts(purchases, items, day, half_life)
    last = np.full(len(keys), np.iinfo(np.int64).min, np.int64)
    np.maximum.at(last, place, purchases.day)
    earlier = np.maximum(weight / 0.5 ** ((day - last) / half_life) - 1.0, 0.0)
    total = np.bincount(keys % max(items, 1), earlier, minlength=items)
    overall = float(total.sum() / max(int(buyers.sum()), 1))
    return np.asarray((total + _PRIOR_BUYERS * overall) / (buyers + _PRIOR_BUYERS), np.float64)


def _ranked(purchases: Interactions, audience: Audience, half_life: float, k: int) -> list[list[Scored]]:
    """Return each person's best `k` of their own products; ties by item id."""
    items = len(audience.items.ids)
    keys, times, weight, _ = own_counts(purchases, items, audience.day, half_life)
    subject, item = keys // max(items, 1), keys % max(items, 1)
    order = np.lexsort((item, -weight, subject))
    starts = np.searchsorted(subject, np.arange(audience.size + 1)).tolist()
    own, weights = item[order].tolist(), weight[order].tolist()
    counts, id_of = times[order].astype(np.float64).tolist(), audience.items.ids.__getitem__
    spans = [slice(first, min(last, first + k)) for first, last in pairwise(starts)]
    return [list(map(Scored, map(id_of, own[span]), weights[span], counts[span])) for span in spans]


KIND = BuyAgain()
