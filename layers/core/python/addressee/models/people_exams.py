"""Exams about people: which past cut-offs are asked, kept apart in time from those that are learned from."""

from collections.abc import Callable

import numpy as np

from addressee.models.kind import Audience, Cuts, Exam, Window
from addressee.models.occasions import DAY_MS, slices
from addressee.models.tables import Flags, Floats, Tables

WIDTHS_DAYS = (21, 14, 7, 0)


def people_cuts(tables: Tables, horizon_days: int, teaches: Callable[[Flags], bool]) -> Cuts | None:
    """Return the widest windows, up to four weekly cut-offs, that leave enough for validation and training.

    `teaches` tells whether rows of `People` suffice for a part. Several cut-offs tell models apart more surely than
    one. No outcome of training reaches into validation, and none of validation into the test.
    """
    for width in WIDTHS_DAYS:
        test = _window(tables, tables.metadata.as_of_day - horizon_days, width)
        validation = test and _window(tables, test.first - horizon_days, width)
        if test is None or validation is None:
            continue
        trained = tables.people.cut_day <= validation.first - horizon_days
        if all(map(teaches, (trained, in_window(tables, validation), in_window(tables, test)))):
            return Cuts(validation, test)
    return None


def _window(tables: Tables, last: int, width: int) -> Window | None:
    """Return the cut-offs up to `last` that lie at most `width` days before the latest of them."""
    days = np.unique(tables.people.cut_day)
    days = days[days <= last]
    return Window(int(days[days >= days[-1] - width][0]), int(days[-1])) if len(days) else None


def in_window(tables: Tables, window: Window) -> Flags:
    """Tell which rows of `People` lie in the window."""
    days = tables.people.cut_day
    return (days >= window.first) & (days <= window.last)


def people_exam(tables: Tables, rows: Flags, truth: Floats) -> Exam:
    """Ask about rows of `People`; such exams need features, not purchases. Their groups are `occasions.slices`."""
    features, nothing = tables.people.features[rows], tables.interactions.where(slice(0, 0))
    days, subject = tables.people.cut_day[rows], tables.people.subject[rows]
    audience = Audience(
        len(features), int(days.min(initial=tables.metadata.as_of_day)), features, nothing, tables.items
    )
    groups = slices(tables, subject, features, (days.astype(np.int64) + 1) * DAY_MS)
    return Exam(audience, truth, subject, groups=groups)
