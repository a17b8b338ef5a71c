"""Maximum likelihood over positive parameters: searched on logarithms, with standard errors."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from addressee.models.tables import Floats

LARGEST_LOG = 9.0
_STEP = 1e-4
_DIGITS = 7


class Estimate(NamedTuple):
    """Parameters, their standard errors in the same order, and the log-likelihood."""

    parameters: tuple[float, ...]
    errors: tuple[float, ...]
    log_likelihood: float


Likelihood = Callable[[Floats], tuple[float, Floats]]
"""Parameters [k] -> the log-likelihood and its gradient [k]."""


def maximise(likelihood: Likelihood, *, start: Sequence[float], least: Sequence[float]) -> Estimate:
    """Return the parameters with the greatest likelihood, none below its `least`, by L-BFGS (Byrd et al. 1995).

    Standard errors come of the observed information, by the delta method; NaN where the likelihood is flat. Parameters
    are rounded to seven digits: below that, the last bits of a sum decide.
    """
    from scipy.optimize import minimize  # noqa: PLC0415  # training only: scoring runs without it

    def down(logs: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood(np.exp(logs))
        return -value, -gradient * np.exp(logs)

    bounds = [(low, LARGEST_LOG) for low in np.log(least).tolist()]
    options = {"maxiter": 2000, "maxfun": 10_000, "ftol": 1e-15, "gtol": 1e-7}
    found = minimize(down, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    parameters = [float(f"{value:.{_DIGITS}g}") for value in np.exp(found.x).tolist()]
    errors = np.exp(found.x) * _errors(down, np.asarray(found.x, np.float64))
    return Estimate(tuple(parameters), tuple(errors.tolist()), -float(found.fun))


def _errors(down: Likelihood, logs: Floats) -> Floats:
    """Return standard errors of the logarithms: the Hessian by differences of the gradient, inverted."""
    steps = np.eye(len(logs)) * _STEP
    hessian = np.array([(down(logs + step)[1] - down(logs - step)[1]) / (2 * _STEP) for step in steps])
    try:
        variance = np.diag(np.linalg.inv((hessian + hessian.T) / 2))
    except np.linalg.LinAlgError:
        variance = np.full(len(logs), np.nan)
    return np.sqrt(np.where(variance > 0, variance, np.nan))
