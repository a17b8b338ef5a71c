"""Recommenders on Complete Journey: floor and what was chosen, on the temporal test set. No catalogue, no claims."""

import argparse
from typing import Any

from addressee.models.kind import Kind
from addressee.models.kinds import kind_of
from addressee.models.tables import Tables
from addressee.models.train import Run, train
from benchmarks.journey_tables import asked_tables
from benchmarks.rows import Row, row

COMMAND = "make bench-models"
RECOMMENDERS = ("buy_again", "discover", "next_product")
SHOWN = ("ndcg_at_10", "recall_at_10")


def rows(options: argparse.Namespace) -> list[Row]:
    """Train each recommender as `train_models` does; `options.journey` is the folder of the data."""
    tables = asked_tables(options)
    if tables is None:
        return []
    return [each for name in RECOMMENDERS for each in trained_rows(kind_of(name), tables)]


def trained_rows(kind: Kind, tables: Tables) -> list[Row]:
    """Return a row for each shown figure: the chosen recipe beside the floor, with its interval over people."""
    trained = train(Run(kind, tables, seed=tables.metadata.as_of_day))
    print(f"{kind.name}: {trained.verdict.reason}")  # noqa: T201
    recipe = trained.bundle.meta["recipe"] if trained.bundle else {"published": "no"}
    said = ", ".join(f"{name} {value}" for name, value in recipe.items())
    return [_row(kind, f"{name}; {said}", trained.metrics[name]) for name in SHOWN if name in trained.metrics]


def _row(kind: Kind, metric: str, figures: dict[str, Any]) -> Row:
    model, floor = figures["model"], figures["rival"]
    return row(
        f"complete_journey_{kind.name}",
        metric,
        "",
        [model["value"]],
        low=model["low"],
        high=model["high"],
        peer=f"floor: {kind.floor_title} (no claims: simulated data)",
        peer_value=floor["value"],
        command=COMMAND,
    )
