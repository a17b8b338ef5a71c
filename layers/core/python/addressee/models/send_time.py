"""The replay of mails: how often people click in mails that came at the hour that a timer would have chosen.

A mail counts for a timer where it came within one hour of the recommended one (on that weekday, where it names one),
weighted by the inverse of the share of all mails that came then: self-normalised inverse propensity scoring
(Swaminathan and Joachims 2015). The propensity is the share among everybody's mails, not a person's own, which nobody
knows; so that eager people who happen to be mailed at an hour do not speak for it, each mail's clicks are held against
what the person clicked at any hour before (a doubly robust estimate, Dudik et al. 2011).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from addressee.models.kind import Exam, Metric
from addressee.models.mails import Mails
from addressee.models.tables import Flags, Floats, Indices, Ints
from addressee.models.timers import ANY_DAY

HOURS = 24
NEAR_HOURS = 1


@dataclass(frozen=True)
class MailExam(Exam):
    """Mails that came: `hour_of_week` [n], `place` [n] of each one's person in the audience, `expected` [n] clicks."""

    hour_of_week: Indices = field(default_factory=lambda: np.empty(0, np.int32))
    place: Indices = field(default_factory=lambda: np.empty(0, np.int32))
    expected: Floats = field(default_factory=lambda: np.empty(0))


def replayed(exam: MailExam, hours: Sequence[Sequence[int]]) -> Floats:
    """Return the marks [n, 2] of hours for each of the audience: each mail's weight, and the clicks to be expected.

    Who keeps the default is replayed with all mails, as they came.
    """
    best = np.array([each[0] if len(each) else -1 for each in hours], np.int64)[exam.place]
    came = exam.hour_of_week.astype(np.int64)
    weight = np.zeros(len(came))
    weight[best < 0] = 1.0
    for hour in np.unique(best[best >= 0]).tolist():
        near = is_near(came, hour)
        rows = near & (best == hour)
        weight[rows] = len(came) / max(int(near.sum()), 1)
    return np.column_stack([weight, exam.expected])


def is_near(came: Ints, hour: int) -> Flags:
    """Tell which hours of the week lie within `NEAR_HOURS` of one, which may be of any day."""
    round_hours = HOURS if hour >= ANY_DAY else ANY_DAY
    gap = np.abs(came - hour) % round_hours
    return np.asarray(np.minimum(gap, round_hours - gap) <= NEAR_HOURS, np.bool_)


def extra_clicks(truth: Floats, marks: Floats) -> float:
    """Return clicks per mail at the recommended hours, above what these people's mails are expected to get."""
    weight = marks[:, 0]
    return float(weight @ (truth - marks[:, 1])) / max(float(weight.sum()), 1.0)


def click_rate(truth: Floats, marks: Floats) -> float:
    """Return clicks per mail at the recommended hours."""
    return float(marks[:, 0] @ truth) / max(float(marks[:, 0].sum()), 1.0)


def matched(_truth: Floats, marks: Floats) -> float:
    """Return the share of mails that came at the recommended hours: what the figures rest on."""
    return float((marks[:, 0] > 0).mean()) if len(marks) else 0.0


def _drawn_clicks(truth: Floats, marks: Floats, times: Floats) -> Floats:
    return np.asarray(times @ (marks[:, 0] * (truth - marks[:, 1])) / np.maximum(times @ marks[:, 0], 1.0))


def _drawn_rate(truth: Floats, marks: Floats, times: Floats) -> Floats:
    return np.asarray(times @ (marks[:, 0] * truth) / np.maximum(times @ marks[:, 0], 1.0))


METRICS: tuple[Metric, ...] = (
    Metric("extra_clicks", extra_clicks, drawn=_drawn_clicks),
    Metric("click_rate", click_rate, drawn=_drawn_rate),
    Metric("matched", matched),
)


def segments_of(features: Floats, edges: Floats, column: int) -> Ints:
    """Return the segment of each row: between which edges the feature lies; a missing value is in the first."""
    if column < 0:
        return np.zeros(len(features), np.int64)
    return np.searchsorted(edges, np.nan_to_num(features[:, column], nan=-np.inf), side="right").astype(np.int64)


def best_hours(scores: Floats, seen: Floats, *, most: int, least_gain: float) -> list[tuple[int, ...]]:
    """Return the best hours of each row of `scores` [n, 24 or 168], none where the best is hardly above the average.

    `seen` is the share of mails at each hour: the average is weighted by it, and an hour without mails is never named.
    24 columns are hours of any day.
    """
    average = scores @ seen
    first = ANY_DAY if scores.shape[1] == HOURS else 0
    ranked = np.where(seen > 0, scores, -np.inf)
    order = np.argsort(-np.round(ranked, 9), axis=1, kind="stable")[:, : min(most, int((seen > 0).sum()))]
    best = np.take_along_axis(ranked, order, axis=1)
    enough = best >= (1.0 + least_gain) * average[:, None]
    return [
        tuple(first + hour for hour, good in zip(hours, goods, strict=True) if good)
        for hours, goods in zip(order.tolist(), enough.tolist(), strict=True)
    ]


def hours_told(mails: Mails, *, least: int) -> Floats:
    """Return the share of mails at each of the 168 hours; hours of the day with fewer than `least` mails count none."""
    count = np.bincount(mails.hour_of_week, minlength=ANY_DAY).astype(np.float64)
    by_hour = count.reshape(-1, HOURS).sum(axis=0)
    count *= np.tile(by_hour >= least, ANY_DAY // HOURS)
    return count / max(float(count.sum()), 1.0)
