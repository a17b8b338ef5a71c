"""BG/NBD: how often somebody will order again, and whether they still are a customer, from three numbers about them.

Fader, Hardie and Lee (2005), whose symbols are used here: while alive a customer orders as a Poisson process, with a
rate that differs as a gamma distribution (shape r, scale 1 / alpha); after each order they leave with a chance that
differs as a beta distribution (a, b).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from addressee.models.likelihood import Estimate, maximise
from addressee.models.tables import Floats
from addressee.models.valuers import MOST_TERMS, SMALLEST_TERM

LEAST = 1e-3


class BgNbd(NamedTuple):
    """The parameters, all positive; the unit of time is that of the customers they were fitted on."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Customers:
    """n customers: `frequency` repeat orders (x), the latest of them at the age `recency` (t_x), now of `age` (T).

    Age counts from the first order. Without a repeat order the recency is 0.
    """

    frequency: Floats
    recency: Floats
    age: Floats


def fit_bg_nbd(customers: Customers) -> Estimate:
    """Return the parameters (r, alpha, a, b) with the greatest likelihood. Needs scipy."""

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        return _likelihood(BgNbd(*parameters.tolist()), customers)

    return maximise(likelihood, start=(1.0, max(float(customers.age.mean()) / 10, 0.1), 1.0, 1.0), least=[LEAST] * 4)


def _likelihood(model: BgNbd, customers: Customers) -> tuple[float, Floats]:
    """Return the log-likelihood (equation 6, as in their implementation note) and its gradient."""
    from scipy.special import gammaln, psi  # noqa: PLC0415  # training only: scoring runs without it

    r, alpha, a, b = model
    x, repeat = customers.frequency, customers.frequency > 0
    until_now, until_last = np.log(alpha + customers.age), np.log(alpha + customers.recency)
    alive = -(r + x) * until_now
    left = np.where(repeat, np.log(a) - np.log(np.where(repeat, b + x - 1.0, 1.0)) - (r + x) * until_last, -np.inf)
    whole = np.logaddexp(alive, left)
    gone = np.exp(left - whole)
    logs = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x)
    total = float((logs - gammaln(b) - gammaln(a + b + x) + whole).sum())
    when = (1.0 - gone) * until_now + gone * until_last
    rate = (1.0 - gone) * np.exp(-until_now) + gone * np.exp(-until_last)
    together = psi(a + b) - psi(a + b + x)
    gradient = (
        psi(r + x) - psi(r) + np.log(alpha) - when,
        r / alpha - (r + x) * rate,
        together + gone / a,
        together + psi(b + x) - psi(b) - gone / np.where(repeat, b + x - 1.0, 1.0),
    )
    return total, np.array([float(part.sum()) for part in gradient])


def alive_chance(model: BgNbd, customers: Customers) -> Floats:
    """Return each customer's chance to be one still (Fader, Hardie and Lee 2008, a note on P(alive))."""
    r, alpha, a, b = model
    x = customers.frequency
    grown = ((alpha + customers.age) / (alpha + customers.recency)) ** (r + x)
    odds = np.where(x > 0, a / np.where(x > 0, b + x - 1.0, 1.0) * grown, 0.0)
    return np.asarray(1.0 / (1.0 + odds), np.float64)


def expected_orders(model: BgNbd, customers: Customers, time: float) -> Floats:
    """Return how many orders each customer places in the next `time`; `valuers.orders_if_alive` has the formula."""
    r, alpha, a, b = model
    x = customers.frequency
    whole, q = a + b + x, a + b - 1.0 - r
    log_rest = -np.log1p(time / (alpha + customers.age))
    share = -np.expm1(log_rest)
    first = -log_rest if a == 1.0 else -np.expm1((a - 1.0) * log_rest) / (a - 1.0)
    term = q * share
    total = term.copy()
    for n in range(1, MOST_TERMS):
        factor = (a + n - 1.0) * (q + n) / ((whole + n - 1.0) * (n + 1.0)) * share
        term = term * factor
        total += term
        if bool(np.all((np.abs(term) <= SMALLEST_TERM * np.abs(total)) & (np.abs(factor) < 1.0))):
            break
    if_alive = (whole - 1.0) * first - np.exp((a - 1.0) * log_rest) * total
    return np.asarray(if_alive * alive_chance(model, customers), np.float64)
