"""`rfm_tiers`: recency, frequency and monetary value in quintiles, combined into segments with names."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from addressee.models.item_sections import count_buyers, item_table, known_rows, most_bought, numbers, packed
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Recipe, Role, Window
from addressee.models.metrics import explained, spearman
from addressee.models.people_exams import in_window, people_cuts, people_exam
from addressee.models.tables import Flags, Floats, Indices, Ints, Tables
from addressee.profiles.measures import NEVER_DAYS

HORIZON_DAYS = 28
NEW_DAYS = 28.0
QUANTILES = (0.2, 0.4, 0.6, 0.8)
BY_WORTH = ((10, "champions"), (8, "loyal"), (6, "promising"), (4, "occasional"), (2, "rare"))
LATE_BY_WORTH = ((8, "cannot_lose"), (6, "at_risk"), (4, "hibernating"), (2, "lapsed"))
SEGMENTS = (*(name for _, name in (*BY_WORTH, *LATE_BY_WORTH)), "new", "prospects")
TOP_ITEMS = 50
LEAST_BUYERS = 2
LEAST_PEOPLE = 50
HALF_SUPPORT = 10.0
AXES = ("recency_days", "orders_90d", "revenue_90d", "customer_days")
_NEVER_TIER = len(QUANTILES) + 1


class RfmTiers:
    """Quintiles among customers; recency is turned round, so that 5 is best on every axis."""

    name = "rfm_tiers"
    role: Role = "segmenter"
    families = ("tiers",)
    uses_features = True
    title = f"segments that part people by what they spend in the next {HORIZON_DAYS} days"
    floor_title = "the best of recency, frequency or monetary value alone, cut into as many equal groups"
    limits: Sequence[str] = (
        "Tiers are relative to this installation's customers at the training day, not to any outside scale.",
        "A segment describes; it is no reason why somebody buys.",
    )
    metrics: Sequence[Metric] = (Metric("explained", explained), Metric("spearman", spearman))

    def recipes(self) -> Sequence[Recipe]:
        """Return how many of the worst recency quintiles count as late: the rhythm of shops differs."""
        return [{"late_tiers": tiers} for tiers in (1, 2, 3)]

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return windows of up to four weekly cut-offs, or None where a part lacks people."""
        return people_cuts(tables, HORIZON_DAYS, lambda rows: int(rows.sum()) >= LEAST_PEOPLE)

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask about everybody known at a cut-off of the window, for log(1 + revenue) of the days that follow it."""
        rows = in_window(tables, window)
        return people_exam(tables, rows, _spent(tables, rows))

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:  # noqa: ARG002  # nothing random
        """Cut the axes at the latest known features; `value` is each segment's mean truth on finished windows."""
        subjects, features = _latest(tables, until)
        columns = [tables.metadata.feature_names.index(axis) for axis in AXES]
        edges = _edges(features[:, columns], QUANTILES)
        sections: dict[str, array[Any]] = {
            "column": packed("I", np.array(columns)),
            "edges": packed("d", np.concatenate(edges)),
            "edges_end": packed("I", np.cumsum([len(each) for each in edges])),
            "segment": array("B", [SEGMENTS.index(_name(tiers, recipe["late_tiers"])) for tiers in _cells()]),
        }
        sections["value"] = packed("d", _values(tables, sections, until))
        sections.update(_popular(tables, subjects, _segments(sections, features), until))
        settings = {"segments": list(SEGMENTS), "half_support": HALF_SUPPORT, "features": features.shape[1]}
        return Fitted(recipe, settings, sections, self.families[0])

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:  # noqa: ARG002  # a segment has no k
        """Return each person's segment, and as score what its people spent: log(1 + revenue), mean."""
        segment = _segments(fitted.sections, audience.features)
        value = numbers(fitted.sections, "value")
        return Answers(segments=[SEGMENTS[index] for index in segment], scores=value[segment])

    def marks(self, exam: Exam, answers: Answers) -> Floats:  # noqa: ARG002  # the metrics read the exam's truth
        """Return the expected spending of each person's segment."""
        return answers.scores

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:
        """Return the same, from equal groups of the single axis that explains most on the training days."""
        columns = [tables.metadata.feature_names.index(axis) for axis in AXES[:3]]
        features, truth = _finished(tables, until)
        groups = [_Groups(features[:, column], truth) for column in columns]
        best = int(
            np.argmax(
                [explained(truth, group.of(features[:, column])) for group, column in zip(groups, columns, strict=True)]
            )
        )
        return groups[best].of(exam.audience.features[:, columns[best]])

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return how many people each segment has now, and what its people went on to spend."""
        segments = _segments(fitted.sections, tables.now.features)
        counts = np.bincount(segments, minlength=len(SEGMENTS))
        spent = numbers(fitted.sections, "value")
        return {
            "people": dict(zip(SEGMENTS, counts.tolist(), strict=True)),
            "mean log(1 + spent)": dict(zip(SEGMENTS, np.round(spent, 4).tolist(), strict=True)),
        }


def _edges(values: Floats, quantiles: Sequence[float]) -> list[Floats]:
    """Return each axis' edges: quantiles among customers; recency ends with "never", age is cut at `NEW_DAYS`.

    A value on an edge belongs to the upper tier.
    """
    customers = values[values[:, 0] < NEVER_DAYS]
    if not len(customers):
        customers = np.zeros((1, len(AXES)))
    cuts = [np.quantile(customers[:, axis], quantiles) for axis in range(3)]
    return [np.append(cuts[0], NEVER_DAYS), cuts[1], cuts[2], np.array([NEW_DAYS])]


def _cells() -> Iterator[tuple[int, ...]]:
    """Yield all combinations of tiers, the last axis fastest: the order of the table of names."""
    return product(range(_NEVER_TIER + 1), range(_NEVER_TIER), range(_NEVER_TIER), range(2))


def _name(tiers: tuple[int, ...], late_tiers: int) -> str:
    """Name a combination of tiers; worth is frequency plus monetary value, 1 to 5 each, recency 1 the longest ago."""
    recency, worth = 5 - tiers[0], tiers[1] + tiers[2] + 2
    if tiers[0] == _NEVER_TIER:
        return "prospects"
    if tiers[3] == 0:
        return "new"
    names = LATE_BY_WORTH if recency <= late_tiers else BY_WORTH
    return next(name for least, name in names if worth >= least)


def _segments(sections: Mapping[str, "array[Any]"], features: Floats) -> Ints:
    """Return the index of each person's segment: numpy's form of `segmenters.Tiers.segment`."""
    cell = np.zeros(len(features), np.int64)
    first = 0
    for column, last in zip(sections["column"], sections["edges_end"], strict=True):
        edges = numbers(sections, "edges")[first:last]
        cell = cell * (len(edges) + 1) + np.searchsorted(edges, features[:, column], side="right")
        first = last
    return numbers(sections, "segment").astype(np.int64)[cell]


def _spent(tables: Tables, rows: Flags) -> Floats:
    """Return log(1 + minor units) that each of the chosen examples goes on to spend in `HORIZON_DAYS` days."""
    subjects, cuts = tables.people.subject[rows], tables.people.cut_day[rows]
    spent = np.zeros(len(subjects))
    for cut in np.unique(cuts):
        later = tables.interactions.after(int(cut), days=HORIZON_DAYS)
        amounts = np.bincount(later.subject, later.amount_minor_units, minlength=len(tables.subjects))
        spent[cuts == cut] = np.log1p(np.maximum(amounts[subjects[cuts == cut]], 0.0))
    return spent


def _latest(tables: Tables, until: int) -> tuple[Indices, Floats]:
    """Return the subjects and their features at the latest time not after `until`."""
    if until >= tables.metadata.as_of_day:
        return np.arange(len(tables.subjects), dtype=np.int32), tables.now.features
    rows = tables.people.cut_day == tables.people.cut_day[tables.people.cut_day <= until].max()
    return tables.people.subject[rows], tables.people.features[rows]


def _finished(tables: Tables, until: int) -> tuple[Floats, Floats]:
    """Return features and truth of all examples whose window was over at the end of `until`."""
    rows = tables.people.cut_day + HORIZON_DAYS <= until
    return tables.people.features[rows], _spent(tables, rows)


def _values(tables: Tables, sections: Mapping[str, "array[Any]"], until: int) -> Floats:
    features, truth = _finished(tables, until)
    return _means(_segments(sections, features), truth, len(SEGMENTS))


def _means(group: Ints, truth: Floats, groups: int) -> Floats:
    """Return each group's mean truth; the overall mean for a group without people."""
    count = np.bincount(group, minlength=groups)
    total = np.bincount(group, truth, minlength=groups)
    overall = float(truth.mean()) if len(truth) else 0.0
    return np.where(count > 0, total / np.maximum(count, 1), overall)


def _popular(tables: Tables, subjects: Indices, segment: Ints, until: int) -> dict[str, "array[Any]"]:
    """Return the item table and each segment's most bought items."""
    purchases = tables.interactions.until(until)
    rows = known_rows(tables.items, count_buyers(purchases, len(tables.items.ids)), least_buyers=LEAST_BUYERS)
    kept = purchases.where(rows.row[purchases.item] >= 0)
    segment_of = np.full(len(tables.subjects) + 1, -1, np.int64)
    segment_of[subjects] = segment
    tops = [
        most_bought(kept.where(segment_of[kept.subject] == index), rows, day=until, k=TOP_ITEMS)
        for index in range(len(SEGMENTS))
    ]
    return {
        **item_table(tables.items, rows, kept, day=until),
        "top": packed("I", np.concatenate([top for top, _ in tops])),
        "top_buyers": packed("I", np.concatenate([buyers for _, buyers in tops])),
        "top_end": packed("I", np.cumsum([len(top) for top, _ in tops])),
    }


class _Groups:
    """One feature cut into as many equal groups as there are segments, each with its mean truth."""

    def __init__(self, values: Floats, truth: Floats) -> None:
        self._edges = np.quantile(values, np.arange(1, len(SEGMENTS)) / len(SEGMENTS))
        self._means = _means(np.searchsorted(self._edges, values, side="right"), truth, len(SEGMENTS))

    def of(self, values: Floats) -> Floats:
        return np.asarray(self._means[np.searchsorted(self._edges, values, side="right")], np.float64)


KIND = RfmTiers()
