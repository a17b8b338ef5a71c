"""Recommenders on MovieLens-100K: hybrid, single generators, ALS and SLIM as peers, temporal and cold slices.

Protocol of the README of Microsoft's `recommenders`: all ratings are positives, 75/25 per person at random, k = 10.
Whatever is chosen is chosen on hidden parts of the 75 %. Five seeded splits; 95 % intervals by bootstrap over people
and seeds.
"""

import argparse
import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from addressee.models.evaluate import Interval
from addressee.models.list_metrics import mean_interval
from addressee.models.tables import Floats
from benchmarks.movielens import FOLDER, available
from benchmarks.movielens_contest import GRIDS
from benchmarks.movielens_outer import Outcome, examine
from benchmarks.movielens_slices import Slice, Temporal, cold_items, cold_users, temporal
from benchmarks.rows import Row, row, write

COMMAND = "make bench-models"
SEEDS = range(5)
WORKERS = 2
PUBLISHED = {
    "hybrid": {"ndcg_at_10": "BiVAE .475", "precision_at_10": "BiVAE .412", "recall_at_10": "BiVAE .219"},
    "ease": {"ndcg_at_10": ".470 to .473"},
    "als": {"ndcg_at_10": ".044 (Spark); well tuned .471"},
    "item_item": {"ndcg_at_10": "SAR .3825, item-kNN .382"},
    "svd": {"ndcg_at_10": ".096"},
    "popularity": {"ndcg_at_10": ".245"},
}
"""`recommenders`' README; its other lines: BPR .442, LightGCN .420, NCF .396."""
SINGLE = tuple(GRIDS)
SHOWN = (*SINGLE, "slim", "linear_blend", "served", "blend", "hybrid", "hybrid_mmr")


def rows(options: argparse.Namespace) -> list[Row]:
    """Run everything, two processes at a time; `options.movielens` is the folder of the data."""
    folder = Path(getattr(options, "movielens", FOLDER))
    if not available(folder):
        print(f"MovieLens-100K is not in {folder} (make data): its rows are left out")  # noqa: T201  # a command's output
        return []
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(examine, seed, folder) for seed in SEEDS]
        later, people = pool.submit(temporal, folder), pool.submit(cold_users, folder)
        films = pool.submit(cold_items, folder)
        outcomes = [each.result() for each in waiting]
        return [*_of_splits(outcomes), *_of_time(later.result()), *_of_cold(people.result(), films.result())]


def _of_splits(outcomes: Sequence[Outcome]) -> list[Row]:
    main = [_merit(outcomes, name, "ndcg_at_10") for name in SHOWN]
    others = ("precision_at_10", "recall_at_10", "map_at_10", "mrr_at_10")
    more = [_merit(outcomes, name, metric) for name in ("hybrid", "als", "ease") for metric in others]
    lists = [
        row(f"movielens_{name}", metric, "share", [each.lists[name][metric] for each in outcomes], command=COMMAND)
        for name in ("hybrid", "hybrid_mmr", "als", "popularity")
        for metric in ("coverage", "diversity")
    ]
    return [*main, *_differences(outcomes), *more, *lists, *_training(outcomes)]


def _merit(outcomes: Sequence[Outcome], name: str, metric: str) -> Row:
    """Return a contestant's figure beside ALS's (beside SLIM's for EASE) of the same splits."""
    peer = {"ease": "slim", "als": "ease"}.get(name, "als")
    theirs = float(_runs(outcomes, peer, metric).mean())
    published = PUBLISHED.get(name, {}).get(metric)
    return _row(f"movielens_{name}", metric, _interval(_runs(outcomes, name, metric)), (peer, theirs), published)


def _differences(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return the hybrid minus each of the others, and EASE minus SLIM, paired over people and seeds."""
    ours = _runs(outcomes, "hybrid", "ndcg_at_10")
    pairs = [
        ("hybrid", name, ours - _runs(outcomes, name, "ndcg_at_10")) for name in (*SINGLE, "linear_blend", "blend")
    ]
    ease = _runs(outcomes, "ease", "ndcg_at_10") - _runs(outcomes, "slim", "ndcg_at_10")
    return [
        _row(f"movielens_{name}", f"ndcg_at_10 - {other}", _interval(gap), (other, None))
        for name, other, gap in [*pairs, ("ease", "slim", ease)]
    ]


def _training(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return CPU seconds of one fit on all training data, EASE beside SLIM."""
    seconds = {name: [each.seconds[name] for each in outcomes] for name in (*SINGLE, "slim", "blend", "hybrid")}
    slim = float(np.median(seconds["slim"]))
    return [
        row(
            f"movielens_{name}",
            "training",
            "s CPU",
            values,
            peer="slim (scikit-learn)",
            peer_value=slim,
            ratio=slim / float(np.median(values)),
            command=COMMAND,
        )
        for name, values in seconds.items()
        if name != "slim"
    ]


def _of_time(later: Temporal) -> list[Row]:
    """Return the temporal split's table: who was known before the cut, asked for everything after it."""
    als = float(later.people["als"].mean())
    return [
        _row("movielens_temporal", f"ndcg_at_10 {name}", _interval(values), ("als", als))
        for name, values in later.people.items()
    ]


def _of_cold(people: Mapping[int, Slice], films: Slice) -> list[Row]:
    """Return cold people by the number of their first clicks, and cold films, beside popularity."""
    named = [(f"ndcg_at_10 after {clicks} clicks", each) for clicks, each in people.items()]
    users = [line for metric, figures in named for line in _beside_popularity("movielens_cold_user", metric, figures)]
    return [*users, *_beside_popularity("movielens_cold_item", "ndcg_at_10", films)]


def _beside_popularity(case: str, metric: str, figures: Slice) -> list[Row]:
    floor = figures["popularity"]
    contestants = {name: values for name, values in figures.items() if name != "popularity"}
    shown = [
        _row(case, f"{metric} {name}", _interval(values), ("popularity", float(np.nanmean(floor))))
        for name, values in contestants.items()
    ]
    gap = _interval(figures["best"] - floor)
    return [*shown, _row(case, f"{metric} best - popularity", gap, ("popularity", None))]


def _row(
    case: str, metric: str, figure: Interval, beside: tuple[str, float | None], published: str | None = None
) -> dict[str, Any]:
    """Make a row of a figure with its interval, beside a peer's figure where there is one."""
    peer, theirs = beside
    ratio = figure.value / theirs if theirs else None
    given = {"low": figure.low, "high": figure.high, "peer": peer, "peer_value": theirs, "ratio": ratio}
    return row(case, metric, "share", [figure.value], **given, published=published, command=COMMAND)


def _runs(outcomes: Sequence[Outcome], name: str, metric: str) -> Floats:
    """Return [people, seeds]."""
    return np.stack([each.people[name][metric] for each in outcomes], axis=1)


def _interval(values: Floats) -> Interval:
    """Return the mean and its interval; people of whom nothing was asked are left out."""
    known = values[np.isfinite(values.reshape(len(values), -1)).all(axis=1)]
    return mean_interval(known, rng=np.random.default_rng(0))


def main() -> None:
    """Run this part alone."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--movielens", type=Path, default=FOLDER, help="folder of ml-100k.{inter,item,user}")
    write("models_movielens", rows(options.parse_args()))


if __name__ == "__main__":
    main()
