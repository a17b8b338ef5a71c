"""How much better an hour is than others: everybody's profile, shrunk to a segment's, shrunk to a person's own.

A profile holds relative click rates of the 24 local hours, 1 being the average. At each level clicks are held against
what the level above expects of the same mails: O / E of each hour, as incidence is mapped (Clayton and Kaldor 1987),
shrunk to 1 by a gamma prior of mean 1 and variance v: (1 / v + O) / (1 / v + E), the Poisson-gamma posterior mean.
v is found by moments, over pairs of different mails alone, so that it needs no law of a single mail's outcome.
Neighbouring hours count in part: a local likelihood (Tibshirani and Hastie 1987) with a Gaussian kernel on the clock.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from addressee.models.mails import Mails
from addressee.models.tables import Floats, Indices, Ints

HOURS = 24
WEEK = 168
WIDTH_HOURS = 1.5
REACH = 4
LEAST_SPREAD = 1e-6
_BLOCK = 4_096
_DIGITS = 9


@dataclass(frozen=True)
class HourModel:
    """Profiles and how far each level strays from the one above.

    `rate` is everybody's clicks per mail, `hours` [24] and `week` [168] everybody's profiles (`week` on top of `hours`,
    ones where weekdays are left out), `segments` [S, 24] on top of `hours`. `rates_spread` and `hours_spread` are the
    variances of people's own rates and of their hours, relative.
    """

    rate: float
    hours: Floats
    week: Floats
    segments: Floats
    rates_spread: float
    hours_spread: float


class Cells(NamedTuple):
    """Sums over mails in cells [groups, hours]: residuals, expectations, and the squares of both."""

    residual: Floats
    expected: Floats
    residual_squares: Floats
    expected_squares: Floats


def fit_hours(mails: Mails, segment: Ints, *, segments: int, weekdays: bool) -> HourModel:
    """Fit all levels; `segment` [m] is that of each mail's person. The same mails give the same numbers."""
    clicked, hour = mails.clicked.astype(np.float64), mails.hour_of_week % HOURS
    rate = float(clicked.mean()) if len(clicked) else 0.0
    people = _Groups(mails.subject)
    spread = _spread_of_rates(people, clicked - rate, np.full(len(clicked), rate))
    expected = rate * _own_rates(mails, rate, spread)[people.of]
    hours = _level(np.zeros(len(hour), np.int64), hour, clicked, expected, (1, HOURS))[0]
    expected = expected * hours[hour]
    week = np.ones(WEEK)
    if weekdays:
        week = _level(np.zeros(len(hour), np.int64), mails.hour_of_week, clicked, expected, (1, WEEK))[0]
        expected = expected * week[mails.hour_of_week]
    profiles = _level(segment, hour, clicked, expected, (segments, HOURS))
    common = rate * hours[hour] * week[mails.hour_of_week] * profiles[segment, hour]
    apart = _spread_of_hours(people, hour, clicked - common, common)
    return HourModel(rate, hours, week, profiles, round(spread, _DIGITS), round(apart, _DIGITS))


def own_profiles(model: HourModel, mails: Mails, segment: Ints, people: int) -> Floats:
    """Return [people, 24]: each person's hours on top of their segment's; ones for who was never mailed."""
    if model.hours_spread < LEAST_SPREAD or not len(mails.subject):
        return np.ones((people, HOURS))
    hour = mails.hour_of_week % HOURS
    own = own_rates(model, mails, people)[mails.subject]
    shared = model.hours[hour] * model.week[mails.hour_of_week] * model.segments[segment[mails.subject], hour]
    shape = (people, HOURS)
    clicks = _smooth(_sums(mails.subject, hour, mails.clicked.astype(np.float64), shape))
    expected = _smooth(_sums(mails.subject, hour, model.rate * own * shared, shape))
    return _shrunk(clicks, expected, model.hours_spread)


def own_rates(model: HourModel, mails: Mails, people: int) -> Floats:
    """Return [people]: each person's clicks per mail over everybody's, shrunk; 1 for who was never mailed."""
    clicks = np.bincount(mails.subject, mails.clicked, minlength=people)
    count = np.bincount(mails.subject, minlength=people)
    if model.rates_spread < LEAST_SPREAD:
        return np.ones(people)
    return _shrunk(clicks.astype(np.float64), np.asarray(count * model.rate, np.float64), model.rates_spread)


class _Groups:
    """Rows sorted by a key, and the place of each row's group."""

    def __init__(self, key: Indices) -> None:
        self.keys, place = np.unique(key, return_inverse=True)
        self.of: Ints = place.reshape(-1)

    def __len__(self) -> int:
        return len(self.keys)


def _own_rates(mails: Mails, rate: float, spread: float) -> Floats:
    people = _Groups(mails.subject)
    if spread < LEAST_SPREAD:
        return np.ones(len(people))
    clicks, count = np.bincount(people.of, mails.clicked), np.bincount(people.of)
    return _shrunk(clicks.astype(np.float64), np.asarray(count * rate, np.float64), spread)


def _shrunk(clicks: Floats, expected: Floats, spread: float) -> Floats:
    """Return the posterior mean of a rate relative to what is expected, the prior having mean 1 and this variance."""
    return np.asarray((1.0 + spread * clicks) / (1.0 + spread * expected), np.float64)


def _level(group: Ints, hour: Indices | Ints, clicked: Floats, expected: Floats, shape: tuple[int, int]) -> Floats:
    """Return the profiles of groups [groups, hours] relative to the level above, each of mean 1 over its mails."""
    clicks, awaited = (_smooth(_sums(group, hour, values, shape)) for values in (clicked, expected))
    spread = _spread(_cells(group, hour, clicked - expected, expected, shape))
    if spread < LEAST_SPREAD:
        return np.ones(shape)
    return np.asarray(np.round(_shrunk(clicks, awaited, spread), _DIGITS), np.float64)


def _sums(group: Ints | Indices, hour: Ints | Indices, values: Floats, shape: tuple[int, int]) -> Floats:
    cells = np.bincount(group.astype(np.int64) * shape[1] + hour, values, minlength=shape[0] * shape[1])
    return cells.astype(np.float64).reshape(shape)


def _smooth(cells: Floats, *, power: int = 1) -> Floats:
    """Add neighbouring hours of the clock, or of the week, with the weights of a Gaussian kernel (1 for the hour)."""
    steps = range(-REACH, REACH + 1)
    weights = [float(np.exp(-0.5 * (step / WIDTH_HOURS) ** 2)) ** power for step in steps]
    return sum(
        (weight * np.roll(cells, step, axis=1) for step, weight in zip(steps, weights, strict=True)), 0.0 * cells
    )


def _cells(group: Ints, hour: Ints | Indices, residual: Floats, expected: Floats, shape: tuple[int, int]) -> Cells:
    """Sum residuals and expectations around each hour, and their squares, for `_spread`."""
    one = (_smooth(_sums(group, hour, values, shape)) for values in (residual, expected))
    squares = (_smooth(_sums(group, hour, values**2, shape), power=2) for values in (residual, expected))
    return Cells(*one, *squares)


def _pairs(cells: Cells) -> tuple[float, float]:
    """Return the products over all pairs of different mails of a cell: of residuals, of expectations."""
    over = float((cells.residual**2 - cells.residual_squares).sum())
    under = float((cells.expected**2 - cells.expected_squares).sum())
    return over, under


def _spread(cells: Cells) -> float:
    """Return the variance of relative rates between cells: E[r_j r_k] / (e_j e_k) of a cell's different mails j, k."""
    over, under = _pairs(cells)
    return max(over / under, 0.0) if under > 0 else 0.0


def _spread_of_rates(people: _Groups, residual: Floats, expected: Floats) -> float:
    """Return the variance of people's relative rates, from pairs of mails of the same person."""
    columns = (residual, expected, residual**2, expected**2)
    sums = [np.bincount(people.of, values).astype(np.float64) for values in columns]
    return _spread(Cells(*sums))


def _spread_of_hours(people: _Groups, hour: Indices, residual: Floats, expected: Floats) -> float:
    """Return the variance of a person's hours around the person's own rate.

    Two mails of a person agree by the rate, at near hours also by the hour: (1 + near) / (1 + any) - 1. The person's
    own estimated rate is not used: it holds the very mails, which would hide what is looked for.
    """
    order = np.argsort(people.of, kind="stable")
    ends = np.searchsorted(people.of[order], np.arange(0, len(people) + _BLOCK, _BLOCK))
    near = np.zeros(2)
    for first, last in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        rows = order[first:last]
        own = people.of[rows] - people.of[rows[0]] if len(rows) else people.of[rows]
        shape = (int(own.max(initial=0)) + 1, HOURS)
        near += _pairs(_cells(own, hour[rows], residual[rows], expected[rows], shape))
    among_all = _spread_of_rates(people, residual, expected)
    among_near = near[0] / near[1] if near[1] > 0 else 0.0
    return float(max((1.0 + among_near) / (1.0 + among_all) - 1.0, 0.0))
