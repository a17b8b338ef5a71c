"""`discover`: products that a person never bought, by what buyers of their latest products also bought."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from addressee.models.item_sections import (
    POPULAR_DAYS,
    Rows,
    count_buyers,
    distinct_pairs,
    hash_items,
    item_table,
    known_rows,
    numbers,
    packed,
    rows_of,
)
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Recipe, Role, Window
from addressee.models.product_exams import METRICS, new_products, popular_answers, product_cuts, product_marks
from addressee.models.ranking import Scored, Sections
from addressee.models.tables import Floats, Indices, Interactions, Ints, Tables

HORIZON_DAYS = 28
MAX_ITEMS = 4_000
LEAST_BUYERS = 5
NEIGHBOURS = 30
MAX_SEEDS = 32
SHRINKAGE = 10.0
TREND_PRIOR = 5.0
HALF_SUPPORT = 20.0
BLOCK = 256
_MOST_CO_BUYERS = 2**16 - 1


class Discover:
    """Item-item neighbours: similarity(i, j) = co-buyers / (sqrt(buyers_i * buyers_j) + shrinkage) * trend_j ** p.

    The first factor is the cosine between buyer sets, shrunk (Sarwar et al. 2001, section 3.1); trend_j = (buyers in
    the last 28 days + 1) / (buyers + 5) is how much of its life the product has now. Of each i the 30 best j stay.
    """

    name = "discover"
    role: Role = "recommender"
    families = ("item_neighbours",)
    uses_features = False
    title = f"products never bought before, of the orders of the next {HORIZON_DAYS} days"
    floor_title = "the products that most people bought in the last 28 days, without those bought before"
    limits: Sequence[str] = (
        f"Knows the {MAX_ITEMS} products with the most buyers, and none with fewer than {LEAST_BUYERS}.",
        f"Looks at the latest {MAX_SEEDS} products of a person; without any purchase it is silent.",
        "New products are found only after their first buyers.",
    )
    metrics: Sequence[Metric] = METRICS

    def recipes(self) -> Sequence[Recipe]:
        """Return the cosine with the trend, then without: what is on the way out is no discovery."""
        return [{"trend": 0.5}, {"trend": 0.0}]

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return two windows of `HORIZON_DAYS` at the end."""
        return product_cuts(tables, horizon_days=HORIZON_DAYS)

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask for products that are new to the person."""
        return new_products(tables, window.first, days=HORIZON_DAYS)

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:  # noqa: ARG002  # nothing random
        """Count co-buyers block by block, so that memory stays at `BLOCK` x items."""
        purchases = tables.interactions.until(until)
        buyers = count_buyers(purchases, len(tables.items.ids))
        rows = known_rows(tables.items, buyers, least_buyers=_threshold(buyers))
        weight = _trend(purchases, rows, buyers, until) ** float(recipe["trend"])
        sections = item_table(tables.items, rows, purchases, day=until)
        sections.update(_neighbour_sections(purchases, rows, buyers[rows.item].astype(np.float64), weight))
        settings = {**recipe, "max_seeds": MAX_SEEDS, "half_support": HALF_SUPPORT}
        return Fitted(recipe, settings, sections, self.families[0])

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:
        """Rank for everybody; support is the number of co-buyers, summed over the person's latest products."""
        row = rows_of(fitted.sections, audience.items)
        model = _Neighbours(fitted.sections)
        people = _people(audience, row, int(fitted.settings["max_seeds"]))
        return Answers(candidates=[model.rank(seeds, bought, k) for seeds, bought in people])

    def marks(self, exam: Exam, answers: Answers) -> Floats:
        """Return NDCG, recall, precision and coverage of people."""
        return product_marks(exam, answers.candidates)

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:  # noqa: ARG002  # the exam's own day
        """Rank by popularity what is new to the person."""
        answers = popular_answers(tables, exam.audience, days=POPULAR_DAYS, unbought_only=True)
        return product_marks(exam, answers.candidates)

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:  # noqa: ARG002  # the model says it all
        """Return the size of the model."""
        sizes = {"products": len(fitted.sections["item_hash"]), "neighbours": len(fitted.sections["neighbour"])}
        return {"size": sizes}


def _threshold(buyers: Ints) -> int:
    """Return the number of buyers from which at most `MAX_ITEMS` items qualify."""
    if len(buyers) <= MAX_ITEMS:
        return LEAST_BUYERS
    return max(LEAST_BUYERS, int(np.partition(buyers, -MAX_ITEMS - 1)[-MAX_ITEMS - 1]) + 1)


def _trend(purchases: Interactions, rows: Rows, buyers: Ints, day: int) -> Floats:
    lately = count_buyers(purchases.where(purchases.day > day - POPULAR_DAYS), len(rows.row))
    return np.asarray(((lately + 1.0) / (buyers + TREND_PRIOR))[rows.item], np.float64)


def _neighbour_sections(purchases: Interactions, rows: Rows, buyers: Floats, weight: Floats) -> Sections:
    blocks = list(_neighbours(purchases, rows, buyers, weight))
    counts, columns, similarities, co_buyers = (
        np.concatenate([np.empty(0), *(block[part] for block in blocks)]) for part in range(4)
    )
    return {
        "row_end": packed("I", np.cumsum(counts)),
        "neighbour": packed("H", columns),
        "similarity": packed("f", similarities),
        "co_buyers": packed("H", np.minimum(co_buyers, _MOST_CO_BUYERS)),
    }


def _neighbours(
    purchases: Interactions, rows: Rows, buyers: Floats, weight: Floats
) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
    """Yield, for each block of rows: number of neighbours of each row, and their columns, similarities, co-buyers."""
    from scipy import sparse  # noqa: PLC0415  # training only: scoring runs without scipy

    known = rows.row[purchases.item] >= 0
    subject, column = distinct_pairs(purchases.subject[known], rows.row[purchases.item[known]], len(rows.item))
    shape = (int(subject.max(initial=-1)) + 1, len(rows.item))
    bought = sparse.csr_matrix((np.ones(len(subject), np.float32), (subject, column)), shape)
    transposed = bought.T.tocsr()
    for start in range(0, len(rows.item), BLOCK):
        stop = min(start + BLOCK, len(rows.item))
        together = (transposed[start:stop] @ bought).toarray().astype(np.float64)
        together[np.arange(stop - start), np.arange(start, stop)] = 0.0
        similarity = together / (np.sqrt(buyers[start:stop, None] * buyers[None, :]) + SHRINKAGE) * weight[None, :]
        yield _best(similarity, together)


def _best(similarity: Floats, together: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Keep the `NEIGHBOURS` best columns of each row, best first, ties by column; none without co-buyers."""
    width = similarity.shape[1]
    rank = min(NEIGHBOURS, width)
    least = np.partition(similarity, width - rank, axis=1)[:, width - rank, None]
    row, column = np.nonzero((similarity >= least) & (together > 0))
    order = np.lexsort((column, -similarity[row, column], row))
    row, column = row[order], column[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    row, column = row[place < NEIGHBOURS], column[place < NEIGHBOURS]
    counts = np.bincount(row, minlength=len(similarity))
    return counts, column, similarity[row, column], together[row, column]


def _people(audience: Audience, row: Indices, max_seeds: int) -> Iterator[tuple[Indices, Indices]]:
    """Yield each person's seeds (rows of the latest bought products, latest first) and all their bought rows.

    The order is that of serving: by last day and item hash, descending; unknown items count as seeds there, too.
    """
    purchases, items = audience.interactions, max(len(audience.items.ids), 1)
    keys, place = np.unique(purchases.subject.astype(np.int64) * items + purchases.item, return_inverse=True)
    last = np.full(len(keys), np.iinfo(np.int64).min)
    np.maximum.at(last, place, purchases.day)
    subject, item = keys // items, keys % items
    order = np.lexsort((-hash_items(audience.items)[item], -last, subject))
    starts = np.searchsorted(subject, np.arange(audience.size + 1))
    for first, stop in pairwise(starts):
        bought = row[item[order[first:stop]]]
        seeds = bought[:max_seeds]
        yield seeds[seeds >= 0], bought[bought >= 0]


class _Neighbours:
    """The packed neighbours as numpy sees them; adds up in the order in which serving does."""

    def __init__(self, sections: Sections) -> None:
        self._ends = numbers(sections, "row_end").astype(np.int64)
        self._starts = np.concatenate([np.zeros(1, np.int64), self._ends[:-1]])
        self._neighbour = numbers(sections, "neighbour").astype(np.int64)
        self._similarity = numbers(sections, "similarity").astype(np.float64)
        self._co_buyers = numbers(sections, "co_buyers").astype(np.float64)
        id_ends, ids = sections["id_end"].tolist(), sections["ids"].tobytes()
        self._ids = [ids[first:last].decode() for first, last in zip([0, *id_ends[:-1]], id_ends, strict=True)]

    def rank(self, seeds: Indices, bought: Indices, k: int) -> list[Scored]:
        spans = [np.arange(self._starts[row], self._ends[row]) for row in seeds]
        at = np.concatenate([np.empty(0, np.int64), *spans])
        scores = np.bincount(self._neighbour[at], self._similarity[at], minlength=len(self._ids))
        scores[bought] = 0.0
        found = np.flatnonzero(scores)
        best = found[np.argsort(-scores[found], kind="stable")[:k]]
        support = np.bincount(self._neighbour[at], self._co_buyers[at], minlength=len(self._ids))
        return [Scored(self._ids[row], float(scores[row]), float(support[row])) for row in best]


KIND = Discover()
