"""Propensities and values on Complete Journey: floor, interpretable candidate and winner. No claims."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from addressee.models.evaluate import Compared, compare
from addressee.models.kind import Cuts, Kind, Recipe
from addressee.models.kinds import KINDS
from addressee.models.propensity import Propensity
from addressee.models.tables import Tables
from addressee.models.train import Run, train
from addressee.models.tuning import NO_BUDGET, Budget
from addressee.models.value import Value
from benchmarks.journey_tables import FOLDER, asked_tables
from benchmarks.rows import Row, row, write

COMMAND = "make bench-models"
SHOWN = ("roc_auc", "pr_auc", "log_loss", "calibration_error", "skill", "gini", "sum_error")


def rows(options: argparse.Namespace) -> list[Row]:
    """Train each kind; `options.journey` is the folder of the data, `options.trials` a budget for tuning."""
    tables = asked_tables(options)
    if tables is None:
        return []
    trials = int(getattr(options, "trials", 0))
    budget = Budget(trials=trials) if trials else NO_BUDGET
    return [each for kind in KINDS if isinstance(kind, Propensity | Value) for each in _of(kind, tables, budget)]


def _of(kind: Kind, tables: Tables, budget: Budget) -> list[Row]:
    """Return a kind's rows: the interpretable candidate and, where it is another, the winner, beside the floor."""
    cuts = kind.cuts(tables)
    if cuts is None:
        print(f"{kind.name}: the tables hold too little for an honest test")  # noqa: T201
        return []
    trained = train(Run(kind, tables, seed=tables.metadata.as_of_day, budget=budget))
    print(f"{kind.name}: {trained.verdict.reason}")  # noqa: T201
    plain = kind.recipes()[0]
    winner = trained.bundle.meta["recipe"] if trained.bundle else plain
    recipes = {"interpretable and winner": plain} if winner == plain else {"interpretable": plain, "winner": winner}
    return [
        _row(kind, name, recipe, figures)
        for name, recipe in recipes.items()
        for figures in _tested(kind, tables, cuts, recipe)
        if figures.metric in SHOWN
    ]


def _tested(kind: Kind, tables: Tables, cuts: Cuts, recipe: Recipe) -> Sequence[Compared]:
    """Return a recipe's figures on the test set beside the floor's, with paired intervals over people."""
    run = Run(kind, tables, seed=tables.metadata.as_of_day)
    exam, until = kind.exam(tables, cuts.test), cuts.test.first
    fitted = kind.fit(tables, until=until, recipe=recipe, rng=run.rng()).served()
    marks = kind.marks(exam, kind.predict(fitted, exam.audience, k=1))
    floor = kind.floor(tables, exam, until=until)
    return compare(kind.metrics, exam, model=marks, rival=floor, rng=run.rng())


def _row(kind: Kind, name: str, recipe: Recipe, figures: Compared) -> dict[str, Any]:
    said = ", ".join(f"{key} {value}" for key, value in recipe.items())
    return row(
        f"complete_journey_{kind.name}",
        f"{figures.metric}, {name}: {said}",
        "",
        [figures.model.value],
        low=figures.model.low,
        high=figures.model.high,
        peer=f"floor: {kind.floor_title} (no claims: simulated data)",
        peer_value=figures.rival.value,
        command=COMMAND,
    )


def main() -> None:
    """Run this part alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journey", type=Path, default=FOLDER)
    parser.add_argument("--trials", type=int, default=0, help="trials of tuning for each family of models")
    write("models_people", rows(parser.parse_args()))


if __name__ == "__main__":
    main()
