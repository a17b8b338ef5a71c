"""How LightGBM boosts here: what a recipe says, and what makes the same input give the same trees."""

from typing import Any

from addressee.models.kind import Recipe

THREADS = 1
"""Kinds are trained side by side; threads that wait for each other cost more than they bring."""


def boosting(recipe: Recipe, seed: int, **objective: Any) -> dict[str, Any]:  # noqa: ANN401  # LightGBM has no types
    """Return LightGBM's parameters. Histograms by column: a sum over rows does not depend on the threads."""
    return {
        **objective,
        "learning_rate": recipe["rate"],
        "num_leaves": recipe["leaves"],
        "min_data_in_leaf": recipe["least"],
        "feature_fraction": recipe.get("share", 1.0),
        "lambda_l2": recipe.get("l2", 1.0),
        "max_bin": 127,
        "seed": seed % 2**31,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": THREADS,
        "verbosity": -1,
    }
