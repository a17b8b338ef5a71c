"""A linear model on prepared columns, as it is served: logged, scaled, filled, encoded; in pure Python."""

from collections.abc import Mapping, Sequence
from math import dist, isfinite, log1p, nan
from operator import mul, sub, truediv
from typing import Any

from addressee.models.ranking import Sections
from addressee.models.scorers import calibration, check_width, sigmoid, thresholds

NUMBER, LOGGED, LEVEL, TARGET, FAR, EMBEDDED = range(6)
"""What a prepared column is made of: a number, its logarithm, "is this level", a level's rate, "is far out", or where a
level lies in one dimension of its embedding."""
FAR_DEVIATIONS = 4.0
"""From how many standard deviations on a value is far out."""
DISTANCE_DIGITS = 9
"""Distances between people are rounded, so that equals are told apart by their order, not by the last bits."""


class PreparedColumns:
    """Makes the k columns of a model from a vector of features.

    Sections, [k] each: `column` (of the features) and `step` (above); numbers become (g(x) - `centre`) / `scale`, and
    `fill` where they are missing; `level` is what a `LEVEL` column asks for (NaN: missing). A `TARGET` or `EMBEDDED`
    column finds its value among `table_at` up to its `table_end` and becomes what `table_to` holds there; a value that
    is not there is `fill`; `level` says which dimension an `EMBEDDED` one is, from 1 on. The one `FAR` column tells
    whether any number is far out. With `donor` [donors x numbers], scaled rows, a missing number is the mean of the
    `neighbours` [1] nearest donors that have it (Troyanskaya et al. 2001); of equally near ones, the first.
    """

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read the sections; setting `features` is the length of a vector. Raises `ValueError` where they differ."""
        self._width = int(settings["features"])
        names = ("column", "step", "centre", "scale", "fill", "level")
        self._columns = list(zip(*(sections[name] for name in names), strict=True))
        if any(column >= self._width for column, *_ in self._columns):
            raise ValueError(f"a column lies beyond the {self._width} features")
        self._tables = _tables(sections)
        self._numbers = _numbers(self._columns)
        self._read = [column for column, *_ in self._numbers]
        self._logged = any(step == LOGGED for _, step, *_ in self._numbers)
        self._centres = [centre for _, _, centre, *_ in self._numbers]
        self._scales = [scale for _, _, _, scale, *_ in self._numbers]
        self._others = [0.0] * (len(self._columns) - len(self._numbers))
        self._levels = _levels(self._columns)
        self._targets = [at for at, (_, step, *_) in enumerate(self._columns) if step in {TARGET, EMBEDDED}]
        self._far = next((at for at, (_, step, *_) in enumerate(self._columns) if step == FAR), -1)
        self._spread = _spread(sections, len(self._numbers))
        self._donors = _donors(sections, len(self._numbers))
        self._neighbours = int(sections["neighbours"][0]) if self._donors else 0
        self._known: dict[tuple[int, ...], list[list[float]]] = {}

    def row(self, features: Sequence[float]) -> list[float]:
        """Return the prepared columns of one vector."""
        check_width(features, self._width)
        flat = [features[column] for column in self._read]
        if self._logged:  # sign(x) * log(1 + |x|)
            flat = [log1p(value) if value >= 0 else -log1p(-value) for value in flat]
        columns = [*map(truediv, map(sub, flat, self._centres), self._scales), *self._others]
        if not isfinite(sum(flat)):
            self._fill(columns, [place for place, value in enumerate(flat) if not isfinite(value)])
        for column, places in self._levels:
            place = places.get(_key(features[column]))
            if place is not None:
                columns[place] = 1.0
        for at in self._targets:
            column, _, centre, scale, _, _ = self._columns[at]
            columns[at] = (self._rate(at, features[column]) - centre) / scale
        if self._far >= 0:
            columns[self._far] = float(self._any_far(flat)) if self._spread else 0.0
        return columns

    def sources(self) -> list[int]:
        """Return of which feature each column is made; the `FAR` column, which is made of all, counts for none: -1."""
        return [-1 if step == FAR else column for column, step, *_ in self._columns]

    def _any_far(self, flat: Sequence[float]) -> bool:
        """Tell whether any number is far out; a missing one is not, nor is an infinite one."""
        return any(
            abs(value - centre) > apart and isfinite(value)
            for value, (centre, apart) in zip(flat, self._spread, strict=True)
        )

    def _rate(self, at: int, value: float) -> float:
        return self._tables[at].get(_key(value), float(self._columns[at][4]))

    def _fill(self, columns: list[float], missing: Sequence[int]) -> None:
        """Put something in place of the numbers that are missing."""
        for place in missing:
            columns[place] = nan
        near = self._nearest(columns[: len(self._numbers)]) if self._donors else []
        for place in missing:
            found = [row[place] for row in near if row[place] == row[place]][: self._neighbours]  # NaN
            columns[place] = sum(found) / len(found) if found else self._columns[place][4]

    def _nearest(self, given: Sequence[float]) -> list[list[float]]:
        """Return the donors that share a number with the row, the nearest first."""
        known = tuple(at for at, value in enumerate(given) if value == value)  # noqa: PLR0124  # NaN
        shared = self._shared(known)
        if shared:
            here, share = [given[at] for at in known], len(given) / len(known)
            apart = [(round(dist(here, there) ** 2 * share, DISTANCE_DIGITS), at) for at, there in enumerate(shared)]
        else:
            apart = [(distance(given, donor), at) for at, donor in enumerate(self._donors)]
        return [self._donors[at] for length, at in sorted(each for each in apart if isfinite(each[0]))]

    def _shared(self, known: tuple[int, ...]) -> list[list[float]]:
        """Return the donors at the `known` places, none where one of them lacks any: `dist` is 40 times as quick."""
        if known not in self._known:
            rows = [[donor[at] for at in known] for donor in self._donors]
            whole = bool(known) and all(value == value for row in rows for value in row)  # noqa: PLR0124  # NaN
            self._known = {known: rows if whole else []}  # the last pattern alone: gaps are few and mostly the same
        return self._known[known]


class PreparedLogistic:
    """A logistic regression on prepared columns: p = sigmoid(bias + sum of weight * column), then the calibration."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `PreparedColumns`' sections, `weight` and `mean` [k] (the training rows' means) and `bias` [1]."""
        self._columns = PreparedColumns(sections, settings)
        self._parts = list(zip(sections["weight"], sections["mean"], self._columns.sources(), strict=True))
        self._weights: list[float] = [weight for weight, _, _ in self._parts]
        self._bias: float = sections["bias"][0]
        self._width = int(settings["features"])
        self.expected = self._bias + sum(weight * mean for weight, mean, _ in self._parts)
        self._calibrate = calibration(sections)
        self.thresholds = thresholds(settings)

    def score(self, features: Sequence[float]) -> float:
        """Return the probability for one feature vector. Raises `WrongFeatures` where its length differs."""
        logit = sum(map(mul, self._weights, self._columns.row(features)), self._bias)
        return self._calibrate(sigmoid(logit))

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return what each feature adds to the log-odds, against the mean of the training rows."""
        given = [0.0] * self._width
        for value, (weight, mean, source) in zip(self._columns.row(features), self._parts, strict=True):
            if source >= 0:
                given[source] += weight * (value - mean)
        return given


def distance(left: Sequence[float], right: Sequence[float]) -> float:
    """Return the squared distance over what both have, scaled up to all (Dixon 1979); infinite where nothing is."""
    both = [(one, other) for one, other in zip(left, right, strict=True) if one == one and other == other]  # noqa: PLR0124  # NaN
    if not both:
        return float("inf")
    total = 0.0
    for one, other in both:
        total += (one - other) ** 2
    return round(total * len(left) / len(both), DISTANCE_DIGITS)


def _key(value: float) -> object:
    """Return what stands for a level: itself, but for NaN, which differs from itself and is no key."""
    return "missing" if value != value else value  # noqa: PLR0124


def _numbers(columns: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the numeric columns: those that come first, logged all or none. Raises `ValueError` where they do not."""
    steps = [step for _, step, *_ in columns]
    numbers = [step for step in steps if step in {NUMBER, LOGGED}]
    if steps[: len(numbers)] != numbers or len(set(numbers)) > 1:
        raise ValueError("numbers do not come first, or only some are logged")
    return list(columns[: len(numbers)])


def _levels(columns: Sequence[tuple[Any, ...]]) -> list[tuple[int, dict[object, int]]]:
    """Return each feature that is asked for levels, with the column that stands for each of them."""
    places: dict[int, dict[object, int]] = {}
    for at, (column, step, _, _, _, level) in enumerate(columns):
        if step == LEVEL:
            places.setdefault(column, {})[_key(level)] = at
    return list(places.items())


def _tables(sections: Sections) -> list[dict[Any, float]]:
    """Return for each column its levels and what they become; empty for a column without levels."""
    at, to, first, tables = sections["table_at"], sections["table_to"], 0, []
    for last in sections["table_end"]:
        keys = [_key(each) for each in at[first:last]]
        tables.append(dict(zip(keys, to[first:last], strict=True)))
        first = last
    return tables


def _spread(sections: Sections, numbers: int) -> list[tuple[float, float]]:
    """Return of each number its centre and how far from it a value is far out; empty where none is ever far out."""
    centres, scales = sections["far_centre"], sections["far_scale"]
    if len(centres) not in {0, numbers}:
        raise ValueError(f"{len(centres)} centres for {numbers} numbers")
    return [(centre, FAR_DEVIATIONS * scale) for centre, scale in zip(centres, scales, strict=True)]


def _donors(sections: Sections, numbers: int) -> list[list[float]]:
    flat = sections["donor"].tolist()
    return [flat[first : first + numbers] for first in range(0, len(flat), numbers)] if numbers else []
