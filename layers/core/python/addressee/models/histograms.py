"""Histograms that two samples share: quantile bins of the first one, what is missing and each common value apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addressee.models.tables import Floats

BINS = 10
MOST_NAMES = 20
DIGITS = 6


@dataclass(frozen=True)
class Histogram:
    """How often a column's values fell into each bin.

    Of numbers, `edges` [e] make e + 1 bins, each up to its edge inclusive, the last one open; of names, `names` [k]
    make k bins and one for all others. The last count is that of missing numbers, or of other names. `middle` is the
    median of the numbers that are there; None where there are none.
    """

    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    middle: float | None = None

    @property
    def size(self) -> int:
        """Return how many values there were."""
        return sum(self.counts)

    def as_json(self) -> dict[str, Any]:
        """Return what `read_histogram` reads."""
        return vars(self)


def read_histogram(said: Mapping[str, Any]) -> Histogram:
    """Read what `Histogram.as_json` said."""
    return Histogram(tuple(said["counts"]), tuple(said["edges"]), tuple(said["names"]), said["middle"])


def histogram_of(values: Floats | Sequence[str], *, bins: int = BINS) -> Histogram:
    """Choose bins for a column and count it: of numbers about `bins`, of names the most frequent ones."""
    if isinstance(values, np.ndarray):
        return _count_numbers(values, _edges(values[np.isfinite(values)], bins))
    names, counts = np.unique(np.array(values, np.str_), return_counts=True)
    kept = sorted(names[np.argsort(-counts, kind="stable")[:MOST_NAMES]].tolist())
    return _count_names(values, tuple(kept))


def counted_as(reference: Histogram, values: Floats | Sequence[str]) -> Histogram:
    """Count another sample of the same column in the bins of `reference`."""
    if isinstance(values, np.ndarray):
        return _count_numbers(values, reference.edges)
    return _count_names(values, reference.names)


def _edges(present: Floats, bins: int) -> tuple[float, ...]:
    """Return the quantiles and the greatest value; who holds a bin's share alone (mostly 0) gets a bin of its own.

    So there is a bin for what lies above all that was seen, and below, where the least value is such a common one.
    """
    if not len(present):
        return ()
    ordered = np.sort(present)
    cuts = ordered[[-(-len(ordered) * each // bins) - 1 for each in range(1, bins)]]
    values, counts = np.unique(ordered, return_counts=True)
    heavy = values[counts >= len(ordered) / bins]
    edges: Floats = np.unique(np.concatenate([cuts, heavy, np.nextafter(heavy, -np.inf), ordered[-1:]]))
    return tuple(edges.tolist())


def _count_numbers(values: Floats, edges: tuple[float, ...]) -> Histogram:
    present = values[np.isfinite(values)]
    places = np.searchsorted(np.array(edges, np.float64), present, side="left")
    counts = np.bincount(places, minlength=len(edges) + 1).tolist()
    middle = float(f"{np.median(present):.{DIGITS}g}") if len(present) else None
    return Histogram((*counts, len(values) - len(present)), edges=edges, middle=middle)


def _count_names(values: Sequence[str], names: tuple[str, ...]) -> Histogram:
    given: NDArray[np.str_] = np.array(values, np.str_)
    counts = [int((given == name).sum()) for name in names]
    return Histogram((*counts, len(given) - sum(counts)), names=names)
