"""Exams for recommenders: who is asked at a cut-off, which products count as found, and how answers are marked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import numpy as np

from addressee.models.item_sections import count_buyers, distinct_pairs
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Window, audience_at
from addressee.models.list_metrics import coverage, diversity_of
from addressee.models.metrics import ndcg, precision, recall
from addressee.models.occasions import DAY_MS, exposure
from addressee.models.ranking import ItemTable, Scored
from addressee.models.tables import Floats, Indices, Interactions, Ints, Tables

K = 10
LEAST_HISTORY_DAYS = 28
LISTED = 2_000
"""So many people's lists, evenly taken, tell coverage and diversity."""
FEW = 3

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
    bought = np.sort(before.subject * width + before.item)
    asked = later.subject * width + later.item
    known = np.searchsorted(bought, asked, "right") > np.searchsorted(bought, asked)
    return _exam(tables, cut, later.where(~known))


def _exam(tables: Tables, cut: int, later: Interactions) -> Exam:
    """Make the exam of those who had bought at the cut-off and have something to be found; the others are apart."""
    known = np.bincount(tables.interactions.until(cut).subject, minlength=len(tables.subjects)) > 0
    asked = _asked(tables, cut, later.where(known[later.subject]))
    newcomers = _asked(tables, cut, later.where(~known[later.subject]))
    apart = replace(newcomers, groups={"history": ["no purchase yet"] * newcomers.audience.size})
    return replace(asked, newcomers=apart)


def _asked(tables: Tables, cut: int, later: Interactions) -> Exam:
    subjects, starts = np.unique(later.subject, return_index=True)
    baskets = np.split(later.item, starts[1:]) if len(subjects) else []
    relevant = [frozenset(tables.items.ids[item] for item in basket) for basket in baskets]
    audience = audience_at(tables, subjects, np.empty((len(subjects), 0)), cut)
    groups = _groups(tables, audience, baskets) | _mailed(tables, subjects, cut)
    return Exam(audience, np.zeros(len(subjects)), subjects, relevant, groups)


def _mailed(tables: Tables, subjects: Indices, cut: int) -> dict[str, Sequence[str]]:
    """Tell who had just been sent a mail, where mails are known at all."""
    moment_ms = np.full(len(subjects), (cut + 1) * DAY_MS, np.int64)
    return dict(exposure(tables.sends, subjects, moment_ms))


def with_bestsellers(fitted: Fitted, answers: Answers) -> Answers:
    """Return the answers as they are served to whom the model has nothing to say: with what it knows to be popular."""
    bestsellers = ItemTable(fitted.sections).popular(K)
    return Answers(candidates=[ranked or bestsellers for ranked in answers.candidates])


def _groups(tables: Tables, audience: Audience, baskets: Sequence[Indices]) -> dict[str, Sequence[str]]:
    """Tell how many products each person had bought, and whether there is one to be found that nobody had."""
    person, _ = distinct_pairs(audience.interactions.subject, audience.interactions.item, len(tables.items.ids))
    known: Ints = np.bincount(person, minlength=audience.size)
    sold = count_buyers(tables.interactions.until(audience.day), len(tables.items.ids)) > 0
    return {
        "history": [f"{FEW} products or more" if count >= FEW else f"1 to {FEW - 1} products" for count in known],
        "cold_products": ["all were known" if sold[basket].all() else "some are new" for basket in baskets],
    }


def list_details(
    tables: Tables, fitted: Fitted, predict: Callable[..., Answers]
) -> Mapping[str, Mapping[str, float | str]]:
    """Return, for the card, how much of the catalogue today's lists hold, and how unlike their products are.

    Two products of one category are alike, of two categories or of an unknown one they are not.
    """
    step = -(-len(tables.subjects) // LISTED) or 1
    subjects = np.arange(0, len(tables.subjects), step, dtype=np.int32)
    audience = audience_at(tables, subjects, np.empty((len(subjects), 0)), tables.metadata.as_of_day)
    lists = _listed_items(tables, predict(fitted.served(), audience, k=K).candidates)
    used, place = np.unique(lists[lists >= 0], return_inverse=True)
    compact = np.full(lists.shape, -1, np.int32)
    compact[lists >= 0] = place
    answered = compact[(compact >= 0).any(axis=1)]
    figures: dict[str, Any] = {
        "coverage of the catalogue": round(coverage(lists, len(tables.items.ids)), 4),
        "different products": len(used),
    }
    if any(tables.items.categories) and len(answered):
        alike = _one_category(tables, used)
        figures["diversity within a list"] = round(float(diversity_of(answered, alike).mean()), 4)
    return {"lists of ten": figures}


def _listed_items(tables: Tables, candidates: Sequence[Sequence[Scored]]) -> Indices:
    index = {item_id: place for place, item_id in enumerate(tables.items.ids)}
    lists = np.full((len(candidates), K), -1, np.int32)
    for row, ranked in enumerate(candidates):
        lists[row, : len(ranked)] = [index[each.item_id] for each in ranked[:K]]
    return lists


def _one_category(tables: Tables, used: Indices) -> Any:  # noqa: ANN401  # scipy.sparse has no types
    """Return 1 for each pair of items of one category, sparse [used, used]."""
    from scipy import sparse  # noqa: PLC0415  # training only

    names = [tables.items.categories[item] for item in used]
    known = [row for row, name in enumerate(names) if name]
    numbers = {name: column for column, name in enumerate(sorted(set(names)))}
    columns = [numbers[names[row]] for row in known]
    member = sparse.csr_matrix((np.ones(len(known)), (known, columns)), (len(names), len(numbers)))
    return (member @ member.T).tocsr()


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
    starts = np.searchsorted(audience.interactions.subject, np.arange(audience.size + 1)).tolist()
    bought = [frozenset(audience.interactions.item[first:last].tolist()) for first, last in pairwise(starts)]
    return Answers(candidates=[[ranking[at] for at in _first_unbought(order, seen)] for seen in bought])


def _first_unbought(order: Sequence[int], seen: frozenset[int]) -> list[int]:
    """Return the places of the first `K` items that are not among the seen."""
    return list(islice((place for place, item in enumerate(order) if item not in seen), K))
