"""Hillstrom's experiment: uplift among the best 30 %, and the Qini coefficient, on five 70/30 splits.

python -m benchmarks.models_hillstrom --hillstrom PATH  # rows `hillstrom_uplift_at_30`, `hillstrom_qini`
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from addressee.models.metrics_uplift import qini, uplift_at
from addressee.models.scored_rows import score_rows
from addressee.models.tables import Floats, Ints
from addressee.models.uplift import RECIPES
from addressee.models.uplift_learners import Trial, buys_anyway, learn_uplift, uplift_rows
from benchmarks.hillstrom import load
from benchmarks.rows import Row, row, write

COMMAND = "make bench-models HILLSTROM=<path>"
SEEDS = (0, 1, 2, 3, 4)
TRAINED = 0.7
PUBLISHED = {"hillstrom_uplift_at_30": ".0661", "hillstrom_qini": ".0478 to .0668"}
FIGURES = {"hillstrom_uplift_at_30": uplift_at, "hillstrom_qini": qini}
RANDOM, ANYWAY = "a random order", "who visits anyway (logistic)"


def rows(options: argparse.Namespace) -> list[Row]:
    """Judge all learners on the same splits; `options.hillstrom` is the path of the CSV."""
    path = getattr(options, "hillstrom", None)
    if path is None or not Path(path).exists():
        print(f"Hillstrom's CSV is not at {path} (--hillstrom PATH): its rows are left out")  # noqa: T201  # a command's output
        return []
    trial = load(Path(path))
    splits = [_judged(trial, seed) for seed in SEEDS]
    return [_row(case, name, [split[name][case] for split in splits]) for case in FIGURES for name in splits[0]]


def _judged(trial: Trial, seed: int) -> Mapping[str, Mapping[str, float]]:
    """Return the figures of each order of the people who were not learned from."""
    drawn = np.random.default_rng(seed).permutation(len(trial.mailed))
    learned, asked = np.split(drawn, [round(len(drawn) * TRAINED)])
    early, late = _part(trial, learned), _part(trial, asked)
    return {name: _figures(late, scores) for name, scores in _orders(early, late, seed)}


def _part(trial: Trial, rows: Ints) -> Trial:
    mailed = trial.mailed[rows]
    return Trial(trial.features[rows], mailed, trial.bought[rows], np.full(len(mailed), mailed.mean()))


def _orders(early: Trial, late: Trial, seed: int) -> Iterator[tuple[str, Floats]]:
    for recipe in RECIPES:
        learner = str(recipe["learner"]).replace("_", " ")
        yield f"{learner}, {recipe['model']}", uplift_rows(learn_uplift(recipe, early, seed=seed), late.features)
    yield ANYWAY, score_rows(buys_anyway({"model": "logistic", "c": 0.1}, early, seed=seed), late.features)
    yield RANDOM, np.zeros(len(late.mailed))


def _figures(late: Trial, scores: Floats) -> dict[str, float]:
    bought, mailed = late.bought.astype(np.float64), late.mailed.astype(np.float64)
    return {case: figure(bought, mailed, scores) for case, figure in FIGURES.items()}


def _row(case: str, name: str, values: Sequence[float]) -> Row:
    """Return the mean over splits, and one standard deviation to each side, as the published figures are given."""
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    figures = {"ours": mean, "low": mean - spread, "high": mean + spread}
    return row(
        case,
        f"{name}, mean and deviation of 5 splits",
        "",
        values,
        **figures,
        published=PUBLISHED[case],
        command=COMMAND,
    )


def main() -> None:
    """Run this part alone."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hillstrom", type=Path, help="the CSV of the experiment, gzipped or not")
    write("models_hillstrom", rows(options.parse_args()))


if __name__ == "__main__":
    main()
