"""What a value's card tells besides its figures: parameters, who is alive, importance, deciles."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from addressee.models.item_sections import numbers
from addressee.models.kind import Fitted
from addressee.models.scorers import SCORER_FAMILIES
from addressee.models.tables import Floats

SHOWN = 12
EXPLAINED_ROWS = 300
DECILES = 10
_IN_A_DECILE = "mean predicted, mean spent, minor units"
_NAMES = ("r", "alpha (days)", "a", "b", "p", "q", "v (minor units)")


def value_details(fitted: Fitted, features: Floats, said: Floats, spent: Floats) -> dict[str, Mapping[str, Any]]:
    """Return titles -> names -> numbers, for the people of one cut-off: features [n, F], predicted and spent [n]."""
    about = {f"deciles by prediction, of those who were learned from ({_IN_A_DECILE})": _deciles(said, spent)}
    if "bg_nbd" not in fitted.sections:
        return {"importance (mean absolute contribution, minor units)": _importance(fitted, features), **about}
    values = np.concatenate([numbers(fitted.sections, "bg_nbd"), numbers(fitted.sections, "gamma_gamma")]).tolist()
    rows = zip(_NAMES, values, fitted.settings["errors"], strict=True)
    parameters = {name: f"{value:g}, standard error {error or 'unknown'}" for name, value, error in rows}
    return {"parameters (BG/NBD, Gamma-Gamma)": parameters, "alive": _alive(fitted, features), **about}


def _alive(fitted: Fitted, features: Floats) -> dict[str, float]:
    model = SCORER_FAMILIES["bg_nbd"](fitted.sections, fitted.settings)
    chances = np.array([model.alive(row) for row in features.tolist()])
    chances = chances[chances > 0]
    return {"customers": len(chances), "mean chance": round(float(chances.mean()), 4) if len(chances) else 0.0}


def _importance(fitted: Fitted, features: Floats) -> dict[str, float]:
    """Return the mean absolute SHAP value of the features that matter most, over rows evenly chosen."""
    rows = features[:: max(1, len(features) // EXPLAINED_ROWS)]
    model = SCORER_FAMILIES[fitted.family](fitted.sections, fitted.settings)
    given = np.abs([model.explain(row) for row in rows.tolist()]).mean(axis=0) if len(rows) else np.empty(0)
    order = np.argsort(-given, kind="stable")[:SHOWN]
    return {fitted.settings["names"][at]: round(float(given[at]), 2) for at in order if given[at]}


def _deciles(said: Floats, spent: Floats) -> dict[str, str]:
    parts = np.array_split(np.argsort(-said, kind="stable"), DECILES)
    return {
        f"{place}.": f"{said[part].mean():.0f}, {spent[part].mean():.0f}"
        for place, part in enumerate(parts, 1)
        if len(part)
    }
