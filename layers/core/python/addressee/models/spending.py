"""What people spent after cut-offs: the occasions that a value is learned from, and the amounts."""

from collections.abc import Callable

import numpy as np

from addressee.models.occasions import DAY_MS, Occasions
from addressee.models.tables import Flags, Floats, Indices, Interactions, Tables

LEAST_PEOPLE = 50
LEAST_REPEATING = 50
"""People with repeat orders, without whom BG/NBD would guess."""


def spending(tables: Tables, days: int, *, until: int | None = None) -> tuple[Occasions, Floats]:
    """Return people at cut-offs (the label: whether they spent anything) and what they spent in the `days` after, [n].

    Purchases are those that were known at the end of day `until`, else all.
    """
    people, as_of_day = tables.people, tables.metadata.as_of_day
    known_then = tables.interactions.until(as_of_day if until is None else until)
    amounts = spent_after(known_then, people.subject, people.cut_day, days)
    moment_ms = (people.cut_day.astype(np.int64) + 1) * DAY_MS
    ready = people.cut_day + np.int32(days)
    known = ready <= as_of_day
    return Occasions(people.features, people.subject, moment_ms, people.cut_day, ready, amounts > 0, known), amounts


def spent_after(purchases: Interactions, subject: Indices, cut_day: Indices, days: int) -> Floats:
    """Return what each subject [n] spent in the `days` after `cut_day` [n]; refunds do not make it negative."""
    spent = np.zeros(len(subject))
    people = int(max(subject.max(initial=-1), purchases.subject.max(initial=-1))) + 1
    for day in np.unique(cut_day).tolist():
        after, at = purchases.after(day, days=days), cut_day == day
        totals = np.bincount(after.subject, after.amount_minor_units.astype(np.float64), people)
        spent[at] = totals[subject[at]]
    return np.maximum(spent, 0.0)


def teaches(rows: Occasions, orders: Floats) -> Callable[[Flags], bool]:
    """Return what tells whether chosen rows suffice: people, revenue, repeat orders (`orders` [n] are those so far)."""

    def suffices(chosen: Flags) -> bool:
        known = chosen & rows.known
        people, repeating = (len(np.unique(rows.subject[each])) for each in (known, known & (orders > 1)))
        return people >= LEAST_PEOPLE and repeating >= LEAST_REPEATING and bool(rows.labels[known].any())

    return suffices
