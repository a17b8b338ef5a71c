"""The upper tail of the chi-squared distribution and its inverse, without scipy: the watch runs on numpy alone."""

from math import exp, lgamma, log

TOLERANCE = 1e-15
MOST_TERMS = 10_000
_TINY = 1e-300


def tail(x: float, degrees: int) -> float:
    """Return P(X >= x) for `degrees` of freedom: the regularised upper incomplete gamma function Q(degrees/2, x/2).

    Below a + 1 by the series of P (NIST DLMF 8.7.1), above by the continued fraction of Q (DLMF 8.9.2, evaluated by
    Lentz's method), as in Press et al., "Numerical Recipes", 6.2.
    """
    if x <= 0.0 or degrees <= 0:
        return 1.0
    a, half = degrees / 2.0, x / 2.0
    front = exp(a * log(half) - half - lgamma(a))
    return 1.0 - front * _series(a, half) if half < a + 1.0 else front * _fraction(a, half)


def _series(a: float, x: float) -> float:
    """Return the sum of x**n / (a (a + 1) ... (a + n))."""
    term = total = 1.0 / a
    for n in range(1, MOST_TERMS):
        term *= x / (a + n)
        total += term
        if term < total * TOLERANCE:
            break
    return total


def _fraction(a: float, x: float) -> float:
    """Return 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...)))."""
    b = x + 1.0 - a
    c, d = 1.0 / _TINY, 1.0 / b
    value = d
    for n in range(1, MOST_TERMS):
        step, b = -n * (n - a), b + 2.0
        d = 1.0 / (step * d + b or _TINY)
        c = b + step / c or _TINY
        value *= d * c
        if abs(d * c - 1.0) < TOLERANCE:
            break
    return value


def quantile(chance: float, degrees: int) -> float:
    """Return the x that is exceeded with `chance` (0 to 1, both excluded), by bisection."""
    if degrees <= 0:
        return 0.0
    low, high = 0.0, 1.0
    while tail(high, degrees) > chance:
        low, high = high, 2.0 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2.0
        low, high = (middle, high) if tail(middle, degrees) > chance else (low, middle)
    return high
