"""`rfm_tiers`: recency, frequency and monetary value in quintiles, combined into segments with names."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from addressee.models.item_sections import numbers, packed
from addressee.models.kind import Answers, Audience, Exam, Fitted, Metric, Reason, Recipe, Role
from addressee.models.metrics import explained, spearman
from addressee.models.segments import (
    HALF_SUPPORT,
    HORIZON_DAYS,
    EqualGroups,
    SpendingExams,
    bestsellers,
    finished,
    latest,
    means,
)
from addressee.models.tables import Floats, Ints, Tables
from addressee.profiles.measures import NEVER_DAYS

NEW_DAYS = 28.0
QUANTILES = (0.2, 0.4, 0.6, 0.8)
BY_WORTH = ((10, "champions"), (8, "loyal"), (6, "promising"), (4, "occasional"), (2, "rare"))
LATE_BY_WORTH = ((8, "cannot_lose"), (6, "at_risk"), (4, "hibernating"), (2, "lapsed"))
SEGMENTS = (*(name for _, name in (*BY_WORTH, *LATE_BY_WORTH)), "new", "prospects")
AXES = ("recency_days", "orders_90d", "revenue_90d", "customer_days")
_NEVER_TIER = len(QUANTILES) + 1
_MIDDLE_TIER = len(QUANTILES) // 2


class RfmTiers(SpendingExams):
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

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:  # noqa: ARG002  # nothing random
        """Cut the axes at the latest known features; `value` is each segment's mean truth on finished windows."""
        subjects, features = latest(tables, until)
        columns = [tables.metadata.feature_names.index(axis) for axis in AXES]
        edges = _edges(features[:, columns], QUANTILES)
        sections: dict[str, array[Any]] = {
            "column": packed("I", np.array(columns)),
            "edges": packed("d", np.concatenate(edges)),
            "edges_end": packed("I", np.cumsum([len(each) for each in edges])),
            "segment": array("B", [SEGMENTS.index(_name(tiers, recipe["late_tiers"])) for tiers in _cells()]),
        }
        sections["value"] = packed("d", _values(tables, sections, until))
        sections.update(bestsellers(tables, subjects, _segments(sections, features), len(SEGMENTS), until=until))
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
        features, truth = finished(tables, until)
        groups = [EqualGroups(features[:, column], truth, len(SEGMENTS)) for column in columns]
        best = int(
            np.argmax(
                [explained(truth, group.of(features[:, column])) for group, column in zip(groups, columns, strict=True)]
            )
        )
        return groups[best].of(exam.audience.features[:, columns[best]])

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Return how many tiers each person is above (below) the middle one, by axis; customers alone have tiers."""
        columns = numbers(fitted.sections, "column")[:3]
        ends = numbers(fitted.sections, "edges_end")
        edges = np.split(numbers(fitted.sections, "edges"), ends[:-1])[:3]
        tiers = [
            np.searchsorted(each[: len(QUANTILES)], audience.features[:, column], side="right") - _MIDDLE_TIER
            for column, each in zip(columns, edges, strict=True)
        ]
        tiers[0] = -tiers[0]  # a long time ago is a low tier
        customer = audience.features[:, columns[0]] < NEVER_DAYS
        return [
            sorted(map(Reason, AXES, map(float, row)), key=lambda reason: -abs(reason.contribution)) if bought else []
            for row, bought in zip(np.column_stack(tiers).tolist(), customer.tolist(), strict=True)
        ]

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return how many people each segment has now, and what its people went on to spend."""
        segments = _segments(fitted.sections, tables.now.features)
        counts = np.bincount(segments, minlength=len(SEGMENTS))
        value = numbers(fitted.sections, "value")
        return {
            "people": dict(zip(SEGMENTS, counts.tolist(), strict=True)),
            "mean log(1 + spent)": dict(zip(SEGMENTS, np.round(value, 4).tolist(), strict=True)),
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


def _values(tables: Tables, sections: Mapping[str, "array[Any]"], until: int) -> Floats:
    features, truth = finished(tables, until)
    return means(_segments(sections, features), truth, len(SEGMENTS))


KIND = RfmTiers()
