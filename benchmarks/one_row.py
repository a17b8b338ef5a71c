"""One row through 200 trees of 31 leaves: our served scorer, and a pickled `LGBMClassifier`, each in its own process.

python -m benchmarks.one_row train|peer|ours FOLDER
"""

import json
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

WIDTH = 40
TREES = 200
LEAVES = 31
ROWS = 20_000
ASKED = 1_000
TURNS = 3
MODEL, TEXT, QUESTIONS = "model.pickle", "booster.txt", "rows.json"


def train(folder: Path) -> None:
    """Train with a fixed seed, and write the pickle, LightGBM's text and the rows that both are asked."""
    import lightgbm  # noqa: PLC0415  # in the peer's environment alone
    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(7)
    features = rng.normal(size=(ROWS, WIDTH))
    labels = (features[:, :8].sum(axis=1) + rng.normal(size=ROWS) > 0).astype(int)
    settings: dict[str, Any] = {
        "n_estimators": TREES,
        "num_leaves": LEAVES,
        "random_state": 7,
        "n_jobs": 1,
        "verbosity": -1,
    }
    model = lightgbm.LGBMClassifier(**settings).fit(features, labels)
    (folder / MODEL).write_bytes(pickle.dumps(model))
    (folder / TEXT).write_text(model.booster_.model_to_string(), encoding="utf-8")
    (folder / QUESTIONS).write_text(json.dumps(features[:ASKED].tolist()), encoding="utf-8")


def peer(folder: Path) -> Callable[[Sequence[float]], float]:
    """Load the pickle; a row becomes an array, as `predict_proba` wants it."""
    import numpy as np  # noqa: PLC0415

    model = pickle.loads((folder / MODEL).read_bytes())  # noqa: S301  # what the usual stack does; we wrote it
    return lambda row: float(model.predict_proba(np.array([row]))[0, 1])


def ours(folder: Path) -> Callable[[Sequence[float]], float]:
    """Pack the same trees and open them as `decide_content` does."""
    from addressee.models.pack_trees import pack_trees  # noqa: PLC0415  # not in the peer's environment
    from addressee.models.scorers import SCORER_FAMILIES  # noqa: PLC0415

    sections, settings = pack_trees((folder / TEXT).read_text(encoding="utf-8"))
    score: Callable[[Sequence[float]], float] = SCORER_FAMILIES["trees"](sections, settings).score
    return score


def timed(score: Callable[[Sequence[float]], float], rows: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Ask each row several times; the first turn warms up. Microseconds."""
    answers = [score(row) for row in rows]
    spent = []
    for _ in range(TURNS):
        for row in rows:
            begun = perf_counter()
            score(row)
            spent.append((perf_counter() - begun) * 1e6)
    percentiles = quantiles(spent, n=100)
    return {"p50": percentiles[49], "p99": percentiles[98], "answers": answers}


def main() -> None:
    """Train, or time one side."""
    side, folder = sys.argv[1], Path(sys.argv[2])
    if side == "train":
        train(folder)
        return
    rows = json.loads((folder / QUESTIONS).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(timed({"peer": peer, "ours": ours}[side](folder), rows)))


if __name__ == "__main__":
    main()
