"""Estimates with intervals: a share, a mean, differences of both, and the check of an assignment's shares.

Closed forms, so that the same counts give the same interval everywhere: no draws, no seed. scipy is imported where a
Student quantile is needed, in the command line alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import erfc, fsum, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value between the ends of its interval."""

    value: float
    low: float
    high: float

    @property
    def spans_zero(self) -> bool:
        """Say whether 0 lies in the interval: then even the sign is not known."""
        return self.low <= 0.0 <= self.high

    def scaled(self, factor: float) -> "Estimate":
        """Multiply all three; the factor must not be negative."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What an interval for a mean needs of the values: how many, their mean, sample variance (n - 1) and skewness."""

    n: int
    mean: float
    variance: float
    skewness: float

    @classmethod
    def of(cls, values: Iterable[float], n: int) -> "Sample":
        """Sum up `n` values of which those that `values` leaves out are 0: most people buy nothing."""
        given = list(values)
        mean = fsum(given) / n if n else 0.0
        squares = _central(given, n, mean, 2)
        variance = squares / (n - 1) if n > 1 else 0.0
        spread = squares / n if n else 0.0
        skewness = _central(given, n, mean, 3) / n / spread**1.5 if spread else 0.0
        return cls(n, mean, variance, skewness)

    def __add__(self, other: "Sample") -> "Sample":
        """Put two samples together (P. Pebay, "Formulas for robust, one-pass parallel computation", 2008)."""
        n, apart = self.n + other.n, other.mean - self.mean
        if not n:
            return self
        both = self.n * other.n
        squares = self._squares + other._squares + apart**2 * both / n
        cubes = self._cubes + other._cubes + apart**3 * both * (self.n - other.n) / n**2
        cubes += 3 * apart * (self.n * other._squares - other.n * self._squares) / n
        mean = self.mean + apart * other.n / n
        skewness = cubes / n / (squares / n) ** 1.5 if squares else 0.0
        return Sample(n, mean, squares / (n - 1) if n > 1 else 0.0, skewness)

    @property
    def _squares(self) -> float:
        return self.variance * (self.n - 1)

    @property
    def _cubes(self) -> float:
        return float(self.skewness * (self._squares / self.n) ** 1.5 * self.n) if self.n else 0.0


def _central(given: list[float], n: int, mean: float, power: int) -> float:
    """Sum the powers of the deviations of `given`, in any order the same, and of the `n - len(given)` zeros."""
    return fsum((value - mean) ** power for value in given) + (n - len(given)) * (-mean) ** power


def wilson(share: Share, *, confidence: float = CONFIDENCE) -> Estimate | None:
    """Return a share with Wilson's score interval; None of nothing.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927); without
    continuity correction.
    """
    if not share.of:
        return None
    z2 = _z(confidence) ** 2
    n, p = share.of, share.value
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return Estimate(
        p, max(centre - half, 0.0) if share.hits else 0.0, min(centre + half, 1.0) if share.hits < n else 1.0
    )


def newcombe(share: Share, control: Share, *, confidence: float = CONFIDENCE) -> Estimate | None:
    """Return the difference of two independent shares with the hybrid score interval; None where a group is empty.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17
    (1998), method 10: the Wilson limits of both sides, put together by squares.
    """
    one, other = wilson(share, confidence=confidence), wilson(control, confidence=confidence)
    if one is None or other is None:
        return None
    difference = one.value - other.value
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Estimate(difference, difference - below, difference + above)


def student(sample: Sample, *, confidence: float = CONFIDENCE) -> Estimate | None:
    """Return a mean with Student's t interval; None below two values."""
    if sample.n < 2:  # noqa: PLR2004  # one value has no variance
        return None
    half = _t(sample.n - 1, confidence) * sqrt(sample.variance / sample.n)
    return Estimate(sample.mean, sample.mean - half, sample.mean + half)


def welch(sample: Sample, control: Sample, *, confidence: float = CONFIDENCE) -> Estimate | None:
    """Return the difference of two means, variances unequal; None where a group has fewer than two values.

    B. L. Welch, "The generalization of Student's problem when several different population variances are involved",
    Biometrika 34 (1947), with Satterthwaite's degrees of freedom.
    """
    if min(sample.n, control.n) < 2:  # noqa: PLR2004  # one value has no variance
        return None
    a, b = sample.variance / sample.n, control.variance / control.n
    difference = sample.mean - control.mean
    if not a + b:
        return Estimate(difference, difference, difference)
    freedom = (a + b) ** 2 / (a * a / (sample.n - 1) + b * b / (control.n - 1))
    half = _t(freedom, confidence) * sqrt(a + b)
    return Estimate(difference, difference - half, difference + half)


def sample_ratio(held_out: int, assigned: int, *, share: float) -> float:
    """Return the p-value of Pearson's chi-square test (1 degree of freedom) that `share` of all was held out.

    1 where nobody was to be held out, or nobody is there. With one degree of freedom the tail is `erfc(sqrt(x / 2))`.
    """
    total = held_out + assigned
    expected = total * share
    if not 0.0 < expected < total:
        return 1.0
    squared = (held_out - expected) ** 2
    return erfc(sqrt((squared / expected + squared / (total - expected)) / 2))


def skewness_of_difference(sample: Sample, control: Sample) -> float:
    """Return the skewness of the studentised difference of two means of the same values; 0 where a group is empty.

    The skewness of a value is that of both groups together: a small group that lacks the rare large value looks tidy,
    and its own figures would hide what is wrong with it. By the first term of the Edgeworth expansion an end of `welch`
    misses by about 0.085 times this beyond its 2.5 %, to one side (P. Hall, "The Bootstrap and Edgeworth Expansion",
    1992; for two samples X.-H. Zhou and P. Dinh, "Nonparametric confidence intervals for the one- and two-sample
    problems", Biostatistics 6, 2005).
    """
    if not sample.n or not control.n:
        return 0.0
    third = 1 / sample.n**2 - 1 / control.n**2
    return float((sample + control).skewness * third / (1 / sample.n + 1 / control.n) ** 1.5)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def _t(freedom: float, confidence: float) -> float:
    from scipy.special import stdtrit  # noqa: PLC0415  # no function's layer needs it for the rest of this package

    return float(stdtrit(freedom, 0.5 + confidence / 2))
