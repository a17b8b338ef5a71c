"""Drift: did a column's distribution move since the model was trained, by how much, how surely, and what moved.

The false-alarm rate of a whole run is known: `docs/adr/0030` says how, `benchmarks/models_drift.py` measures it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from addressee.models import chi_squared
from addressee.models.histograms import Histogram
from addressee.models.tables import Floats

LEAST_EXPECTED = 20.0
"""Of each merged bin, in the smaller sample: with fewer the chi-squared tail would not hold where alarms are made."""

_TINY = 1e-300


@dataclass(frozen=True)
class DriftSettings:
    """When something counts as drift: surely so, and enough to matter.

    `rate` is the chance that a run in which nothing moved alarms at all, whatever the number of columns; of what moves,
    at most that share on average is wrongly named. `floor` is the least PSI that matters, whatever the sample's size.
    """

    rate: float = 0.01
    floor: float = 0.2


class Shift(NamedTuple):
    """How far a column moved.

    `psi` is the population stability index, `kl` the divergence of the current sample from the reference, both in
    nats over `bins` merged bins. `p_value` is the chance of such a PSI without drift. `before` and `after` are the
    shares of the bins, `labels` name them.
    """

    psi: float
    kl: float
    p_value: float
    bins: int
    sizes: tuple[int, int]
    labels: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    middles: tuple[float | None, float | None]

    def chance(self, rate: float) -> float:
        """Return the PSI that samples of these sizes exceed by chance with probability `rate`."""
        return _noise(self.sizes) * chi_squared.quantile(rate, self.bins - 1)


class Moved(NamedTuple):
    """A column that drifted: its name, how far, and the p-value adjusted for all columns of the run."""

    column: str
    shift: Shift
    adjusted: float


def shift_of(reference: Histogram, current: Histogram) -> Shift:
    """Compare two samples in the same bins, after merging those that hold too little.

    Without drift PSI / (1/n + 1/m) is about chi-squared with bins - 1 degrees of freedom: Kullback, "Information Theory
    and Statistics" (1959), chapter 6 (the divergence J); Yurdakul, "Statistical Properties of Population Stability
    Index" (2018). So is Pearson's statistic of the same counts; far out in the tail, in samples of very different size,
    each is a little too large for other counts, so the smaller one gives the p-value. Which bins are merged depends on
    both samples together, not on which of them has what: the level stays. Each bin counts half a person more, so that
    an empty one is no infinite shift. A number that is one for all people in each sample is no distribution.
    """
    sizes = reference.size, current.size
    counts = np.array([reference.counts, current.counts], np.float64)
    if not all(sizes) or (_same_for_all(reference) and _same_for_all(current)):
        return Shift(0.0, 0.0, 1.0, 0, sizes, (), (), (), (reference.middle, current.middle))
    groups = _merged(counts, sizes, ordered=len(reference.edges) + 1 if not reference.names else 0)
    merged = np.stack([counts[:, group].sum(axis=1) for group in groups], axis=1)
    before, after = (merged + 0.5) / (merged + 0.5).sum(axis=1, keepdims=True)
    psi = float(((after - before) * np.log(after / before)).sum())
    return Shift(
        psi=psi,
        kl=float((after * np.log(after / before)).sum()),
        p_value=chi_squared.tail(min(psi, _pearson(merged)) / _noise(sizes), len(groups) - 1),
        bins=len(groups),
        sizes=sizes,
        labels=tuple(_label(reference, group) for group in groups),
        before=tuple(before.tolist()),
        after=tuple(after.tolist()),
        middles=(reference.middle, current.middle),
    )


def _same_for_all(histogram: Histogram) -> bool:
    """Tell whether everybody has the same number, as of the calendar: another day has another one, and nobody moved."""
    return not histogram.names and not histogram.counts[-1] and max(histogram.counts) == histogram.size


def _noise(sizes: tuple[int, int]) -> float:
    return 1.0 / sizes[0] + 1.0 / sizes[1]


def _pearson(counts: Floats) -> float:
    """Return the sum of (q - p)**2 / pooled: Pearson's statistic of a 2 x bins table, over 1 / (1/n + 1/m)."""
    before, after = counts / counts.sum(axis=1, keepdims=True)
    pooled = counts.sum(axis=0) / counts.sum()
    return float(((after - before) ** 2 / np.maximum(pooled, _TINY)).sum())


def _merged(counts: Floats, sizes: tuple[int, int], *, ordered: int) -> list[list[int]]:
    """Group the bins so that each is expected at least `LEAST_EXPECTED` times in the smaller sample.

    The first `ordered` bins merge with their right neighbour, what is left at the end with the group before; others
    (names, missing) are too few each for themselves or go together.
    """
    expected = counts.sum(axis=0) * (min(sizes) / sum(sizes))
    groups: list[list[int]] = []
    for span in (range(ordered), _by_size(expected, ordered)):
        held: list[int] = []
        for place in span:
            held.append(place)
            if expected[held].sum() >= LEAST_EXPECTED:
                groups.append(held)
                held = []
        if held and groups:
            groups[-1] = groups[-1] + held
        elif held:
            groups.append(held)
    return groups


def _by_size(expected: Floats, start: int) -> list[int]:
    """Return the places from `start` on, the fullest first."""
    return [start + int(place) for place in np.argsort(-expected[start:], kind="stable")]


def _label(histogram: Histogram, group: Sequence[int]) -> str:
    """Name a group of bins: a name, a span of numbers, `missing`, or several of them."""
    if histogram.names:
        known = [histogram.names[place] for place in group if place < len(histogram.names)]
        return " or ".join([*known, *(["another"] if len(known) < len(group) else [])])
    numbers = [place for place in group if place <= len(histogram.edges)]
    spans = [_span(histogram.edges, min(numbers), max(numbers))] if numbers else []
    return " or ".join([*spans, *(["missing"] if len(numbers) < len(group) else [])])


def _span(edges: Sequence[float], first: int, last: int) -> str:
    above = edges[first - 1] if first else None
    upto = edges[last] if last < len(edges) else None
    if above is not None and upto is not None and np.nextafter(upto, -np.inf) <= above:
        return f"exactly {upto:g}"
    low = f"above {above:g}" if above is not None else ""
    high = f"up to {upto:g}" if upto is not None else ""
    return " ".join(part for part in (low, high) if part) or "any number"


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return Benjamini and Hochberg's adjusted p-values: what is at most q is a discovery at false-discovery rate q.

    "Controlling the False Discovery Rate" (JRSS B 57, 1995); under positive dependence too: Benjamini and Yekutieli,
    Annals of Statistics 29 (2001). Where nothing moved, the chance of any discovery is at most q.
    """
    order = np.argsort(p_values, kind="stable")[::-1]
    values, least, count = [1.0] * len(p_values), 1.0, len(p_values)
    for rank, place in zip(range(count, 0, -1), order.tolist(), strict=True):
        least = min(least, p_values[place] * count / rank)
        values[place] = least
    return values


def drifted(shifts: Mapping[str, Shift], settings: DriftSettings) -> list[Moved]:
    """Return the columns that moved surely and enough, the furthest first."""
    by_chance = adjusted([shift.p_value for shift in shifts.values()])
    found = [Moved(column, shift, chance) for (column, shift), chance in zip(shifts.items(), by_chance, strict=True)]
    sure = [each for each in found if each.adjusted <= settings.rate and each.shift.psi >= settings.floor]
    return sorted(sure, key=lambda each: (-each.shift.psi, each.column))


def said(moved: Moved, words: str) -> str:
    """Say what moved (`words` name the column), from what to what, by how much and how surely."""
    shift = moved.shift
    parts = [(now - then) * np.log(now / then) for then, now in zip(shift.before, shift.after, strict=True)]
    place = int(np.argmax(parts))
    middle = ""
    if None not in shift.middles and shift.middles[0] != shift.middles[1]:
        middle = f"median {shift.middles[0]:g} -> {shift.middles[1]:g}, "
    share = f"{shift.labels[place]}: {shift.before[place]:.1%} -> {shift.after[place]:.1%} of people"
    return (
        f"{words}: {middle}{share} (PSI {shift.psi:.2f}, KL {shift.kl:.2f}; chance reaches {shift.chance(0.01):.2f}"
        f" in one of 100; p {moved.adjusted:.1g} over all columns)"
    )
