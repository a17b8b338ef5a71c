"""What all segmenters share: the exam by spending, the mean of a group, and each segment's most bought items."""

from array import array
from typing import Any

import numpy as np

from addressee.models.item_sections import count_buyers, item_table, known_rows, most_bought, packed
from addressee.models.kind import Cuts, Exam, Window
from addressee.models.people_exams import in_window, people_cuts, people_exam
from addressee.models.spending import spent_after
from addressee.models.tables import Flags, Floats, Indices, Ints, Tables

HORIZON_DAYS = 28
LEAST_PEOPLE = 50
HALF_SUPPORT = 10.0
TOP_ITEMS = 50
LEAST_BUYERS = 2


class SpendingExams:
    """The exam of every kind of segments: do they part people by what these go on to spend."""

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return windows of up to four weekly cut-offs, or None where a part lacks people."""
        return people_cuts(tables, HORIZON_DAYS, lambda rows: int(rows.sum()) >= LEAST_PEOPLE)

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask about everybody known at a cut-off of the window, for log(1 + revenue) of the days that follow it."""
        rows = in_window(tables, window)
        return people_exam(tables, rows, spent(tables, rows, until=tables.metadata.as_of_day))


def spent(tables: Tables, rows: Flags, *, until: int) -> Floats:
    """Return log(1 + minor units) that each of the chosen examples goes on to spend in `HORIZON_DAYS` days.

    Purchases are those that were known at the end of day `until`.
    """
    known, people = tables.interactions.until(until), tables.people
    return np.log1p(spent_after(known, people.subject[rows], people.cut_day[rows], HORIZON_DAYS))


def latest(tables: Tables, until: int) -> tuple[Indices, Floats]:
    """Return the subjects and their features at the latest time not after `until`."""
    if until >= tables.metadata.as_of_day:
        return np.arange(len(tables.subjects), dtype=np.int32), tables.now.features
    rows = tables.people.cut_day == tables.people.cut_day[tables.people.cut_day <= until].max()
    return tables.people.subject[rows], tables.people.features[rows]


def finished(tables: Tables, until: int) -> tuple[Floats, Floats]:
    """Return features and truth of all examples whose window was over at the end of `until`, as it was known then."""
    rows = tables.people.cut_day + HORIZON_DAYS <= until
    return tables.people.features[rows], spent(tables, rows, until=until)


def means(group: Ints, truth: Floats, groups: int) -> Floats:
    """Return each group's mean truth; the overall mean for a group without people."""
    count = np.bincount(group, minlength=groups)
    total = np.bincount(group, truth, minlength=groups)
    overall = float(truth.mean()) if len(truth) else 0.0
    return np.where(count > 0, total / np.maximum(count, 1), overall)


def bestsellers(
    tables: Tables, subjects: Indices, segment: Ints, segments: int, *, until: int
) -> dict[str, "array[Any]"]:
    """Return the item table and each segment's most bought items; `segment` is that of each of the subjects."""
    purchases = tables.interactions.until(until)
    rows = known_rows(tables.items, count_buyers(purchases, len(tables.items.ids)), least_buyers=LEAST_BUYERS)
    kept = purchases.where(rows.row[purchases.item] >= 0)
    segment_of = np.full(len(tables.subjects) + 1, -1, np.int64)
    segment_of[subjects] = segment
    tops = [
        most_bought(kept.where(segment_of[kept.subject] == index), rows, day=until, k=TOP_ITEMS)
        for index in range(segments)
    ]
    return {
        **item_table(tables.items, rows, kept, day=until),
        "top": packed("I", np.concatenate([top for top, _ in tops])),
        "top_buyers": packed("I", np.concatenate([buyers for _, buyers in tops])),
        "top_end": packed("I", np.cumsum([len(top) for top, _ in tops])),
    }


class EqualGroups:
    """One feature cut into so many equal groups, each with its mean truth: what a segmentation must beat."""

    def __init__(self, values: Floats, truth: Floats, groups: int) -> None:
        """Cut at the quantiles of `values` [n]."""
        self._edges = np.quantile(values, np.arange(1, groups) / groups)
        self._means = means(self.group(values), truth, groups)

    def group(self, values: Floats) -> Ints:
        """Return each value's group; a value on an edge belongs to the upper one."""
        return np.searchsorted(self._edges, values, side="right")

    def of(self, values: Floats) -> Floats:
        """Return the mean truth of each value's group."""
        return np.asarray(self._means[self.group(values)], np.float64)
