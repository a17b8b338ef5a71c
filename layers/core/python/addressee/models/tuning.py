"""Bayesian tuning: recipes searched for by a tree-structured Parzen estimator, counted in trials, seeded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from addressee.models.kind import Recipe
from addressee.models.tables import Tables


class Budget(NamedTuple):
    """What tuning may spend on a kind: so many trials in each family, and at most so many seconds in all.

    The seconds are a guard: trials alone make a run repeatable, and a card says where the guard ended the search.
    """

    trials: int = 0
    seconds: float = 300.0


NO_BUDGET = Budget()


class Found(NamedTuple):
    """The recipes that tuning proposes, and what it says of itself, for the card."""

    recipes: Sequence[Recipe]
    said: str


@runtime_checkable
class Tunable(Protocol):
    """A kind that can search for recipes besides those it lists."""

    def tuned(self, tables: Tables, *, until: int, budget: Budget, seed: int) -> Found:
        """Return recipes that did best in inner temporal splits of what was known at the end of day `until`."""
        ...


class Choice(NamedTuple):
    """One of these."""

    among: Sequence[Any]


class Span(NamedTuple):
    """A number from `low` to `high`, on a logarithmic scale where `log`; whole numbers where both ends are."""

    low: float
    high: float
    log: bool = False


class Space(NamedTuple):
    """Recipes of one family: what is `fixed`, what may differ, by the recipe's keys, and samples to try first."""

    fixed: Recipe
    axes: Mapping[str, Choice | Span]
    start: Sequence[Mapping[str, Any]] = ()


class Best(NamedTuple):
    """The best recipe that a search met, its value, how many were tried, and whether all trials were taken."""

    recipe: Recipe
    value: float
    tried: int
    finished: bool


def search(space: Space, value: Callable[[Recipe], float], *, budget: Budget, seed: int) -> Best:
    """Look for the recipe of the space with the highest value (Bergstra et al. 2011: TPE).

    The same seed and number of trials give the same answer.
    """
    import optuna  # noqa: PLC0415  # training only: scoring runs without it

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    for each in space.start:
        study.enqueue_trial(dict(each))

    def ask(trial: "optuna.Trial") -> float:
        recipe = {**space.fixed, **{name: _sampled(trial, name, axis) for name, axis in space.axes.items()}}
        trial.set_user_attr("recipe", recipe)
        return value(recipe)

    study.optimize(ask, n_trials=budget.trials, timeout=budget.seconds)
    tried, best = len(study.trials), study.best_trial
    return Best(best.user_attrs["recipe"], float(best.values[0]), tried, finished=tried >= budget.trials)


def _sampled(trial: Any, name: str, axis: Choice | Span) -> Any:  # noqa: ANN401  # optuna's trial; whatever a recipe holds
    if isinstance(axis, Choice):
        return trial.suggest_categorical(name, list(axis.among))
    if isinstance(axis.low, int) and isinstance(axis.high, int):
        return trial.suggest_int(name, axis.low, axis.high, log=axis.log)
    return float(f"{trial.suggest_float(name, axis.low, axis.high, log=axis.log):.4g}")
