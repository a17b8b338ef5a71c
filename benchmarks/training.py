"""Suite `training`: what training and nightly scoring take at the size of a Lambda's memory and time.

python -m benchmarks.training [--only trees,logistic,scoring,ease]
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, process_time
from typing import Any

from benchmarks import training_ease
from benchmarks.rows import Row, row, write

COMMAND = "make bench-training"
ROWS, WIDTH, HELD = 1_000_000, 40, 100_000
PEOPLE = 100_000
MOST_TRAINING_SECONDS, MOST_TRAINING_GB, MOST_SCORING_SECONDS = 300.0, 3.0, 60.0
BILLION = 1e9
SEED = 7
PARTS = ("trees", "logistic", "scoring", "ease")


def rows(options: argparse.Namespace) -> list[Row]:
    """Measure the parts that were asked for, each in a process of its own."""
    wanted = options.only.split(",")
    return [
        *(line for name in ("trees", "logistic") if name in wanted for line in _training(name)),
        *(_scoring() if "scoring" in wanted else ()),
        *(training_ease.rows(options) if "ease" in wanted else ()),
    ]


def _training(name: str) -> list[Row]:
    measured = _measure(name)
    case, given = f"train_1m_{name}", {"command": COMMAND}
    words = f"{ROWS:,} rows x {WIDTH} features, {measured['said']}"
    limit = f"at most {MOST_TRAINING_SECONDS:.0f} s, {MOST_TRAINING_GB:.0f} GB"
    return [
        row(case, words, "s", [measured["wall"]], peer=limit, peer_value=MOST_TRAINING_SECONDS, **given),
        row(case, f"{words}: CPU", "s", [measured["cpu"]], peer=limit, **given),
        row(case, "peak memory", "GB", [measured["peak_gb"]], peer=limit, peer_value=MOST_TRAINING_GB, **given),
    ]


def _scoring() -> list[Row]:
    measured = _measure("scoring")
    words = f"{PEOPLE:,} profiles, {measured['said']}"
    limit = {"peer": f"at most {MOST_SCORING_SECONDS:.0f} s", "peer_value": MOST_SCORING_SECONDS}
    return [
        row("score_100k", words, "s", [measured["wall"]], command=COMMAND, **limit),
        row("score_100k", f"{words}: CPU", "s", [measured["cpu"]], command=COMMAND, **limit),
        row("score_100k", "peak memory", "GB", [measured["peak_gb"]], command=COMMAND),
    ]


def _measure(name: str) -> dict[str, Any]:
    program = [sys.executable, "-m", "benchmarks.training", "--one", name]
    answer = subprocess.run(program, check=True, capture_output=True, text=True)  # noqa: S603  # our own program
    measured: dict[str, Any] = json.loads(answer.stdout)
    return measured


def _one(name: str) -> dict[str, Any]:
    """Measure here: the data are made before the clock runs, and count in the peak."""
    import resource  # noqa: PLC0415  # Unix only, as the suite's memory figures are

    work = _ONES[name]()
    began, cpu = perf_counter(), process_time()
    said = work()
    took = {"wall": perf_counter() - began, "cpu": process_time() - cpu, "said": said}
    return {**took, "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / BILLION}


def _lesson_of(count: int, seed: int) -> Any:  # noqa: ANN401  # numpy is loaded in the measured process alone
    """Make skewed features with gaps, and labels that a few of them, and a product of two, decide."""
    import numpy as np  # noqa: PLC0415

    from addressee.models.candidates import Lesson  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    features = rng.lognormal(sigma=1.0, size=(count, WIDTH))
    signal = np.log(features[:, :6]).sum(axis=1) + np.log(features[:, 6]) * np.log(features[:, 7]) - 1.9
    labels = rng.random(count) < 1.0 / (1.0 + np.exp(-signal))
    for column in range(0, WIDTH, 4):
        features[rng.random(count) < 0.1, column] = np.nan  # noqa: PLR2004  # a tenth is missing
    return Lesson(features, labels, np.ones(count))


def _learner(model: str) -> Callable[[], str]:
    """Train as the kinds of propensity do: the first of their recipes with this model, trees with early stopping."""
    from addressee.models.candidates import learn  # noqa: PLC0415
    from addressee.models.kinds import kind_of  # noqa: PLC0415
    from addressee.models.tables import BUYS  # noqa: PLC0415

    recipe = next(each for each in kind_of(BUYS).recipes() if each.get("model") == model)
    lesson = _lesson_of(ROWS, SEED)
    held = _lesson_of(HELD, SEED + 1) if model == "trees" else None

    def work() -> str:
        settings = learn(recipe, lesson, seed=SEED, held=held).settings
        return f"{settings['rounds']} trees of {recipe['leaves']} leaves" if model == "trees" else model

    return work


def _fault(kind: str, version: str, error: str) -> None:
    raise RuntimeError(f"{kind} {version}: {error}")


def _scorer() -> Callable[[], str]:
    """Score chunk after chunk with every kind: the preferred recipes, and boosted trees for one propensity."""
    from addressee.models.chunks import chunk_spans, pack_chunk, read_chunk  # noqa: PLC0415
    from addressee.models.score import Served, score_chunk  # noqa: PLC0415
    from addressee.models.tables import BUYS  # noqa: PLC0415
    from benchmarks.serving_world import make_world, shop_tables  # noqa: PLC0415

    served = {each.kind: Served(each) for each in make_world(trees=(BUYS,)).bundles}
    tables = shop_tables()
    spans = chunk_spans(len(tables.subjects))
    chunks = [pack_chunk(tables, *span) for span in spans]

    def work() -> str:
        scored = 0
        while scored < PEOPLE:
            for packed in chunks:
                scored += len(score_chunk(read_chunk(packed), served, on_fault=_fault))
        return f"{len(served)} kinds, one of them boosted trees"

    return work


_ONES: Mapping[str, Callable[[], Callable[[], str]]] = {
    "trees": lambda: _learner("trees"),
    "logistic": lambda: _learner("logistic"),
    "scoring": _scorer,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the suite, or (`--one`) a single part for the process that asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default=",".join(PARTS))
    options.add_argument("--one", choices=sorted(_ONES))
    asked = options.parse_args(arguments)
    if asked.one:
        print(json.dumps(_one(asked.one)))  # noqa: T201  # read by `_measure`
    else:
        write("training", rows(asked))


if __name__ == "__main__":
    main()
