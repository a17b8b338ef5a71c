"""Where propensities' recipes are searched for: what each family may vary, judged on rows that come later."""

from collections.abc import Sequence

import numpy as np

from addressee.models.candidates import FOREST, LOGISTIC, TREES, Lesson, learn
from addressee.models.category_levels import many_levels
from addressee.models.kind import Recipe
from addressee.models.metrics import roc_auc
from addressee.models.scored_rows import answer_rows
from addressee.models.tuning import Best, Budget, Choice, Found, Space, Span, search

_BALANCE = Choice(("none", "weights", "smote"))
_OUTLIERS = Choice(("none", "z_score", "isolation_forest"))
SPACES: Sequence[Space] = (
    Space(
        {"model": LOGISTIC},
        {
            "c": Span(0.001, 10.0, log=True),
            "impute": Choice(("mean", "median", "mode", "knn")),
            "scale": Choice(("z", "minmax")),
            "log": Choice((True, False)),
            "categories": Choice(("one_hot", "target")),
            "embed": Choice((0, 4, 8)),
            "far": Choice((False, True)),
            "outliers": _OUTLIERS,
            "balance": _BALANCE,
        },
        [
            {
                "c": 0.1,
                "impute": "mean",
                "scale": "z",
                "log": True,
                "categories": "one_hot",
                "embed": 0,
                "far": False,
                "outliers": "none",
                "balance": "none",
            }
        ],
    ),
    Space(
        {"model": TREES},
        {
            "rate": Span(0.02, 0.2, log=True),
            "leaves": Span(4, 63, log=True),
            "least": Span(20, 200, log=True),
            "share": Span(0.3, 1.0),
            "l2": Span(0.01, 30.0, log=True),
            "outliers": _OUTLIERS,
            "balance": _BALANCE,
        },
        [{"rate": 0.08, "leaves": 15, "least": 50, "share": 0.8, "l2": 1.0, "outliers": "none", "balance": "none"}],
    ),
    Space(
        {"model": FOREST, "trees": 60},
        {
            "least": Span(5, 100, log=True),
            "share": Span(0.05, 0.7),
            "rows": Span(0.1, 0.9),
            "outliers": _OUTLIERS,
            "balance": _BALANCE,
        },
        [{"least": 20, "share": 0.15, "rows": 0.3, "outliers": "none", "balance": "none"}],
    ),
)


def search_recipes(early: Lesson, held: Lesson, *, budget: Budget, seed: int) -> Found:
    """Return the recipe of each space that has the best ROC-AUC on `held`, fitted on the `early` rows."""

    def value(recipe: Recipe) -> float:
        fitted = learn(recipe, early, seed=seed, held=held)
        return roc_auc(held.labels.astype(np.float64), answer_rows(fitted, held.features))

    spaces = SPACES if many_levels(early.features, early.categorical) else [_without("embed", each) for each in SPACES]
    share = budget._replace(seconds=budget.seconds / len(spaces))
    found = [search(space, value, budget=share, seed=seed) for space in spaces]
    return Found([best.recipe for best in found], "; ".join(map(_said, found)))


def _without(axis: str, space: Space) -> Space:
    """Return the space without an axis along which nothing would change."""
    axes = {name: each for name, each in space.axes.items() if name != axis}
    start = [{name: value for name, value in sample.items() if name != axis} for sample in space.start]
    return Space(space.fixed, axes, start)


def _said(best: Best) -> str:
    ended = "" if best.finished else ", ended by the clock: another run may differ"
    return f"{best.recipe['model']}: {best.tried} trials, ROC-AUC {best.value:.4f} on the inner split{ended}"
