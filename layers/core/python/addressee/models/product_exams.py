"""Exams for recommenders: who is asked at a cut-off, which products count as found, and how answers are marked."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from addressee.models.item_sections import count_buyers
from addressee.models.kind import Answers, Audience, Cuts, Exam, Metric, Window, audience_at
from addressee.models.metrics import ndcg, precision, recall
from addressee.models.ranking import Scored
from addressee.models.tables import Floats, Interactions, Tables

K = 10
LEAST_HISTORY_DAYS = 28
LEAST_PEOPLE = 50

METRICS: Sequence[Metric] = (
    Metric("ndcg_at_10", lambda _, marks: float(marks[:, 0].mean())),
    Metric("recall_at_10", lambda _, marks: float(marks[:, 1].mean())),
    Metric("precision_at_10", lambda _, marks: float(marks[:, 2].mean())),
    Metric("answered", lambda _, marks: float(marks[:, 3].mean())),
)
"""Means over people of NDCG@10, recall@10, precision@10 and of "at least one product was ranked"."""


def product_cuts(tables: Tables, *, horizon_days: int) -> Cuts | None:
    """Return test = `horizon_days` before `as_of`, validation as long before that; None without four weeks before."""
    test = tables.metadata.as_of_day - horizon_days
    validation = test - horizon_days
    return (
        Cuts(Window(validation, validation), Window(test, test))
        if validation - tables.metadata.first_day >= LEAST_HISTORY_DAYS
        else None
    )


def next_baskets(tables: Tables, cut: int, *, days: int) -> Exam:
    """Ask everybody who bought before and buys again within `days` for the products of the next order."""
    later = tables.interactions.after(cut, days=days)
    _, first_row = np.unique(later.subject, return_index=True)  # rows are sorted by subject, time and order
    next_basket = later.basket[first_row]
    return _exam(tables, cut, later.where(np.isin(later.basket, next_basket)))


def new_products(tables: Tables, cut: int, *, days: int) -> Exam:
    """Ask everybody who bought before for the products that they buy within `days`, never having bought them."""
    later, before = tables.interactions.after(cut, days=days), tables.interactions.until(cut)
    width = np.int64(len(tables.items.ids))
    known = np.isin(later.subject * width + later.item, before.subject * width + before.item)
    return _exam(tables, cut, later.where(~known))


def _exam(tables: Tables, cut: int, later: Interactions) -> Exam:
    """Make the exam of the people who were known at the cut-off and have something to be found."""
    known = np.unique(tables.interactions.until(cut).subject)
    later = later.where(np.isin(later.subject, known))
    subjects, starts = np.unique(later.subject, return_index=True)
    baskets = np.split(later.item, starts[1:]) if len(subjects) else []
    relevant = [frozenset(tables.items.ids[item] for item in basket) for basket in baskets]
    audience = audience_at(tables, subjects, np.empty((len(subjects), 0)), cut)
    return Exam(audience, np.zeros(len(subjects)), subjects, relevant)


def product_marks(exam: Exam, candidates: Sequence[Sequence[Scored]]) -> Floats:
    """Return [n, 4]: NDCG@10, recall@10, precision@10, answered."""
    marks = np.zeros((exam.audience.size, 4))
    for row, (ranked, relevant) in enumerate(zip(candidates, exam.relevant, strict=True)):
        ids = [each.item_id for each in ranked]
        marks[row] = (ndcg(ids, relevant, K), recall(ids, relevant, K), precision(ids, relevant, K), bool(ids))
    return marks


def popular_answers(tables: Tables, audience: Audience, *, days: int, unbought_only: bool) -> Answers:
    """Answer with what the most people bought in the `days` days before: the floor of every recommender."""
    known = tables.interactions.until(audience.day)
    lately = known.where(known.day > audience.day - days)
    buyers = count_buyers(lately, len(tables.items.ids))
    order = [int(item) for item in np.argsort(-buyers, kind="stable") if buyers[item]]
    ranking = [Scored(tables.items.ids[item], float(buyers[item]), float(buyers[item])) for item in order]
    if not unbought_only:
        return Answers(candidates=[ranking[:K]] * audience.size)
    bought = bought_ids(audience)
    return Answers(candidates=[_first_unbought(ranking, seen) for seen in bought])


def _first_unbought(ranking: Sequence[Scored], seen: frozenset[str]) -> list[Scored]:
    chosen: list[Scored] = []
    for each in ranking:
        if each.item_id not in seen:
            chosen.append(each)
            if len(chosen) == K:
                break
    return chosen


def bought_ids(audience: Audience) -> list[frozenset[str]]:
    """Return the ids of everything that each person bought."""
    starts = np.searchsorted(audience.interactions.subject, np.arange(audience.size + 1))
    items, ids = audience.interactions.item, audience.items.ids
    return [frozenset(ids[item] for item in items[first:last].tolist()) for first, last in pairwise(starts)]
