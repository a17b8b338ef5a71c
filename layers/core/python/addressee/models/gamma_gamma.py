"""Gamma-Gamma: what a customer spends an order, from the mean of their orders (Fader and Hardie 2013, a note).

Orders of a customer differ as a gamma distribution (shape p, scale 1 / nu); nu differs between customers as a gamma
distribution (shape q, scale 1 / v). A mean of few orders is drawn to the mean of all customers.
"""

from typing import NamedTuple

import numpy as np

from addressee.models.likelihood import Estimate, maximise
from addressee.models.tables import Floats

LEAST = 1e-3
LEAST_Q = 1.01
"""With q up to 1, the mean over customers does not exist."""


class GammaGamma(NamedTuple):
    """The parameters; `v` is in the unit of the amounts that they were fitted on."""

    p: float
    q: float
    v: float


def fit_gamma_gamma(orders: Floats, mean_amount: Floats) -> Estimate:
    """Return (p, q, v) with the greatest likelihood: `orders` [n] per customer, at least 1, and their mean amounts > 0.

    Needs scipy.
    """

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        return _likelihood(GammaGamma(*parameters.tolist()), orders, mean_amount)

    return maximise(likelihood, start=(2.0, 2.0, float(mean_amount.mean())), least=(LEAST, LEAST_Q, LEAST))


def _likelihood(model: GammaGamma, x: Floats, z: Floats) -> tuple[float, Floats]:
    """Return the log-likelihood (equation 1a) and its gradient."""
    from scipy.special import gammaln, psi  # noqa: PLC0415  # training only: scoring runs without it

    p, q, v = model
    spread = np.log(v + x * z)
    logs = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
    total = float((logs + (p * x - 1.0) * np.log(z) + p * x * np.log(x) - (p * x + q) * spread).sum())
    gradient = (
        x * (psi(p * x + q) - psi(p * x) + np.log(z) + np.log(x) - spread),
        psi(p * x + q) - psi(q) + np.log(v) - spread,
        q / v - (p * x + q) / (v + x * z),
    )
    return total, np.array([float(part.sum()) for part in gradient])


def expected_amount(model: GammaGamma, orders: Floats, mean_amount: Floats) -> Floats:
    """Return what each customer's next order is worth (equation 5): p (v + x z) / (p x + q - 1)."""
    p, q, v = model
    return np.asarray(p * (v + orders * mean_amount) / (p * orders + q - 1.0), np.float64)
