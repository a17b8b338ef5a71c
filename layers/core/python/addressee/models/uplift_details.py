"""What an uplift's card tells besides its figures: both groups, the mean effect, which features move it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from addressee.models.kind import Fitted
from addressee.models.scorers import SCORER_FAMILIES
from addressee.models.uplift_learners import Trial, uplift_rows

SHOWN = 12
EXPLAINED_ROWS = 300
_NORMAL = 1.959964


def uplift_details(fitted: Fitted, trial: Trial) -> dict[str, Mapping[str, Any]]:
    """Return titles -> names -> numbers, over the campaigns that were learned from."""
    said = uplift_rows(fitted, trial.features)
    return {
        "groups": _groups(trial),
        "uplift (of those who were learned from)": {
            "mean": round(float(said.mean()), 4),
            "share below 0": round(float((said < 0).mean()), 4),
        },
        "tiers from": dict(fitted.settings["gains"]),
        "importance (mean absolute contribution to the uplift)": _importance(fitted, trial),
    }


def _groups(trial: Trial) -> dict[str, Any]:
    """Return sizes and rates, and the mean effect with its 95 % interval (Wald's, of two independent rates).

    Rates are weighted, so that campaigns which held out different shares are compared each with itself.
    """
    rates, variance, said = dict[str, float](), 0.0, dict[str, Any]()
    for name, arm in {"mailed": trial.mailed, "held out": ~trial.mailed}.items():
        bought, part = trial.bought[arm].astype(np.float64), trial.weights[arm] / trial.weights[arm].sum()
        rates[name] = float(part @ bought)
        variance += float(part**2 @ (bought - rates[name]) ** 2)
        said[name] = f"{len(bought)} rows, {rates[name]:.2%} bought"
    effect, spread = rates["mailed"] - rates["held out"], float(np.sqrt(variance))
    low, high = effect - _NORMAL * spread, effect + _NORMAL * spread
    return {**said, "mean effect": f"{effect:+.4f} [{low:+.4f}, {high:+.4f}]"}


def _importance(fitted: Fitted, trial: Trial) -> dict[str, float]:
    rows = trial.features[:: max(1, len(trial.features) // EXPLAINED_ROWS)]
    model = SCORER_FAMILIES[fitted.family](fitted.sections, fitted.settings)
    given = np.abs([model.explain(row) for row in rows.tolist()]).mean(axis=0)
    order = np.argsort(-given, kind="stable")[:SHOWN]
    return {fitted.settings["names"][at]: round(float(given[at]), 5) for at in order if given[at]}
