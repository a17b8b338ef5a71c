"""Boosted trees for amounts: Tweedie's distribution, many zeros and few large ones. Trained with LightGBM."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from addressee.models.boosting import boosting
from addressee.models.kind import Recipe
from addressee.models.pack_trees import Packed, pack_trees
from addressee.models.prepared_columns import finite
from addressee.models.tables import Flags, Floats

ROUNDS = 400
PATIENCE = 30


class Spent(NamedTuple):
    """Rows to learn from: `columns` [n, F], `amounts` [n]; which columns hold categories."""

    columns: Floats
    amounts: Floats
    codes: Sequence[int] = ()

    def where(self, rows: Flags) -> "Spent":
        """Return the chosen rows."""
        return Spent(self.columns[rows], self.amounts[rows], self.codes)


def boost_amounts(recipe: Recipe, lesson: Spent, *, parts: tuple[Flags, Flags], seed: int) -> Packed:
    """Return trees whose sum is the logarithm of the expected amount over `unit`, the mean (Jorgensen 1987's Tweedie).

    `parts` are rows that are learned from first, and rows that say after how many rounds nothing is gained: what lies
    between them (`occasions.inner_split`) would tell the held ones' outcome. All rows then teach as many rounds, or the
    recipe's `rounds`. The same input gives the same trees.
    """
    unit = float(f"{max(float(lesson.amounts.mean()), 1.0):.9g}")
    lesson = Spent(finite(lesson.columns), lesson.amounts / unit, lesson.codes)
    rounds = int(recipe.get("rounds", 0))
    if not rounds:
        early, held = map(lesson.where, parts)
        trial = _train(recipe, early, seed, ROUNDS, held=held)
        rounds = max(int(trial.best_iteration), 1)
    sections, settings = pack_trees(_train(recipe, lesson, seed, rounds).model_to_string())
    return sections, {**settings, "unit": unit, "rounds": rounds}


def _train(recipe: Recipe, lesson: Spent, seed: int, rounds: int, *, held: Spent | None = None) -> Any:  # noqa: ANN401  # LightGBM has no types
    import lightgbm  # noqa: PLC0415  # training only: scoring runs without it

    data = _dataset(lesson)
    stops: dict[str, Any] = {}
    if held is not None:
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        stops = {"valid_sets": [_dataset(held, data)], "callbacks": [stop]}
    return lightgbm.train(boosting(recipe, seed, **_objective(recipe["power"])), data, num_boost_round=rounds, **stops)


def _dataset(lesson: Spent, reference: Any = None) -> Any:  # noqa: ANN401  # the same
    import lightgbm  # noqa: PLC0415  # the same

    codes = list(lesson.codes)
    return lightgbm.Dataset(lesson.columns, lesson.amounts, reference=reference, categorical_feature=codes)


def _objective(power: float) -> dict[str, Any]:
    """Return the objective of a power: that of 1 is Poisson's, whose deviance LightGBM knows under that name alone."""
    return {"objective": "poisson" if power == 1 else "tweedie", "tweedie_variance_power": power}
