"""Random models and rows for the tests of trees: gaps, zeros, categories, unknown categories, stumps of one leaf."""

from functools import cache

import lightgbm
import numpy as np

WIDTH = 6
CATEGORY = 3
PLAIN = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, "min_data_per_group": 5, "seed": 3}


def rows(seed, count=400):
    """Return rows with a category in one column, a tenth of the values missing and a tenth 0."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, WIDTH)) * 10.0 ** rng.integers(-3, 4, WIDTH)
    values[:, CATEGORY] = rng.integers(0, 70, count)
    values[rng.random(values.shape) < 0.1] = np.nan
    values[rng.random(values.shape) < 0.1] = 0.0
    return values


def asked(seed, count=300):
    """Return rows with more gaps, with categories that no training row had, and beyond all numbers."""
    values = rows(seed, count)
    rng = np.random.default_rng(seed + 1)
    values[:, CATEGORY] = rng.choice([-3.0, -0.5, 0.0, 1.7, 5.0, 69.0, 95.0, 1e6, 3e9, np.nan], count)
    values[0], values[1], values[2] = np.nan, np.inf, -np.inf
    values[1:3, CATEGORY] = 2.0
    return values


@cache
def boosted(seed=0, rounds=25, **given):
    """Train a LightGBM booster; `given` are its parameters."""
    values = rows(seed)
    rng = np.random.default_rng(seed)
    signal = np.nan_to_num(values[:, 0]) + 2.0 * np.isin(values[:, CATEGORY] % 7, [2, 3]) + rng.normal(size=len(values))
    objective = given.get("objective", "binary")
    label = (
        signal
        if objective == "regression"
        else np.exp(np.clip(signal, -3, 3))
        if objective == "tweedie"
        else signal > 0
    )
    groups = [20] * (len(values) // 20) if objective == "lambdarank" else None
    data = lightgbm.Dataset(values, label.astype(float), categorical_feature=[CATEGORY], group=groups)
    return lightgbm.train({"objective": objective, **PLAIN, **given}, data, rounds)
