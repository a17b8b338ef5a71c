"""Figures of uplift: do those at the top of an order gain more by a mail than those below. Arrays are [n].

`bought` and `mailed` are 0 or 1, who was mailed having been drawn; equal scores are never ordered among themselves.
`weights` are what each row counts, 1 where there are none: a row of a rare assignment counts for others like it.
"""

from typing import NamedTuple

import numpy as np

from addressee.models.tables import Floats

TOP_SHARE = 0.3


class _Counts(NamedTuple):
    """How many people (weights) have at least each distinct score, the highest first, and who did what; [k + 1]."""

    people: Floats
    mailed: Floats
    bought_mailed: Floats
    bought_held: Floats


def _counts(bought: Floats, mailed: Floats, scores: Floats, weights: Floats | None) -> _Counts:
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, [True])) if len(scores) else np.empty(0, np.int64)
    weighed = np.ones(len(scores)) if weights is None else weights
    columns = (weighed, weighed * mailed, weighed * bought * mailed, weighed * bought * (1.0 - mailed))
    return _Counts(*(np.append(0.0, np.cumsum(column[order])[ends]) for column in columns))


def qini(bought: Floats, mailed: Floats, scores: Floats, *, weights: Floats | None = None) -> float:
    """Return the Qini coefficient (Radcliffe 2007): 0 for a random order, 1 for the best that the outcomes allow.

    It is the area between the Qini curve and the random line, over that of the perfect order: mailed people who
    bought first, held-out people who bought last. 0 where a group or every purchase is missing.
    """
    if not (bought.any() and mailed.any() and not mailed.all()):
        return 0.0
    best = _area(_counts(bought, mailed, bought * mailed - bought * (1.0 - mailed), weights))
    return _area(_counts(bought, mailed, scores, weights)) / best if best > 0 else 0.0


def _area(counts: _Counts) -> float:
    """Return the area between the Qini curve and the line to its end."""
    gained = qini_curve(counts)
    steps = np.diff(counts.people)
    under_curve = float((steps * (gained[1:] + gained[:-1])).sum() / 2)
    return under_curve - float(gained[-1] * counts.people[-1] / 2)


def qini_curve(counts: _Counts) -> Floats:
    """Return how many purchases the mails brought among the first people: those of the mailed, less as many as are due.

    The held-out people's purchases are scaled to the number of mailed ones.
    """
    held = counts.people - counts.mailed
    scale = np.divide(counts.mailed, held, out=np.zeros(len(held)), where=held > 0)
    return np.asarray(counts.bought_mailed - counts.bought_held * scale, np.float64)


def uplift_at(
    bought: Floats, mailed: Floats, scores: Floats, *, weights: Floats | None = None, share: float = TOP_SHARE
) -> float:
    """Return by how much more of the mailed than of the held-out people bought, among the best `share` of all people.

    Of people with an equal score on the border, as many of each group count as there are on average. 0 where a group
    is missing there.
    """
    counts = _counts(bought, mailed, scores, weights)
    at = share * float(counts.people[-1])
    sent, with_mail, without = (float(np.interp(at, counts.people, each)) for each in counts[1:])
    return with_mail / sent - without / (at - sent) if 0 < sent < at else 0.0
