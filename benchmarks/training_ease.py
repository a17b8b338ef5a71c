"""EASE for a catalogue of 20,000 items: CPU time and memory of one fit, in a process of its own.

`python -m benchmarks.training_ease --sizes` measures the generators at several sizes: the table of docs/models.md.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from time import perf_counter, process_time
from typing import Any

from benchmarks.rows import Row, row, write

COMMAND = "make bench-training"
ITEMS, USERS, TAKES = 20_000, 200_000, 6_000_000
MOST_SECONDS, MOST_GB = 300.0, 10.0
BILLION = 1e9
SMALL, LARGE = (50_000, 5_000, 1_500_000), (100_000, 10_000, 3_000_000)
SIZES: Mapping[str, Sequence[tuple[int, int, int]]] = {
    "ease": [SMALL, LARGE],
    "item_item": [SMALL, LARGE],
    "rp3beta": [SMALL, LARGE],
    "als": [SMALL, LARGE],
    "svd": [SMALL, LARGE],
    "user_user": [(10_000, 5_000, 300_000), (50_000, 5_000, 1_500_000)],
    "content": [(1_000, 5_000, 30_000), (1_000, 20_000, 30_000)],
}
"""Users, items and takes that are measured; larger ones are extrapolated from them."""
ASKED = 1_000


def rows(options: argparse.Namespace) -> list[Row]:  # noqa: ARG001  # the suite's interface
    """Fit once; the row's limits are the issue's."""
    measured = measure("ease", USERS, ITEMS, TAKES)
    given = {"command": COMMAND, "peer": f"at most {MOST_SECONDS:.0f} s, {MOST_GB:.0f} GB"}
    return [
        row(
            "ease_20000_items", "training, one thread", "s CPU", [measured["fit_cpu"]], peer_value=MOST_SECONDS, **given
        ),
        row("ease_20000_items", "training", "s", [measured["fit_wall"]], peer_value=MOST_SECONDS, **given),
        row("ease_20000_items", "peak memory", "GB", [measured["peak_gb"]], peer_value=MOST_GB, **given),
    ]


def measure(name: str, users: int, items: int, takes: int) -> dict[str, float]:
    """Fit and ask a generator in a process of its own, whose peak memory is then the generator's."""
    program = [sys.executable, "-m", "benchmarks.training_ease", "--one", name, str(users), str(items), str(takes)]
    answer = subprocess.run(program, check=True, capture_output=True, text=True)  # noqa: S603  # our own program
    measured: dict[str, float] = json.loads(answer.stdout)
    return measured


def _one(name: str, users: int, items: int, takes: int) -> dict[str, float]:
    """Measure here; the generated takes are popular ones more often, as in shops (Zipf)."""
    import resource  # noqa: PLC0415  # Unix only, as the suite's memory figures are

    import numpy as np  # noqa: PLC0415  # not before the process is the measured one

    matrix, about = _generated(users, items, takes)
    began, cpu = perf_counter(), process_time()
    fitted = _recipe(name).fit(matrix, rng=np.random.default_rng(0), about=about)
    fit_wall, fit_cpu = perf_counter() - began, process_time() - cpu
    cpu = process_time()
    fitted.scores(matrix[:ASKED])
    return {
        "fit_wall": fit_wall,
        "fit_cpu": fit_cpu,
        "ask_cpu": process_time() - cpu,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / BILLION,
    }


def _recipe(name: str) -> Any:  # noqa: ANN401  # a recipe; its package loads numpy, which only the measured process may
    from addressee.models.generators.content import Content  # noqa: PLC0415  # see above
    from addressee.models.generators.ease import Ease  # noqa: PLC0415
    from addressee.models.generators.factors import Als, PureSvd  # noqa: PLC0415
    from addressee.models.generators.neighbours import ItemItem, UserUser  # noqa: PLC0415
    from addressee.models.generators.walks import Rp3Beta  # noqa: PLC0415

    recipes = (Ease(), ItemItem(), Rp3Beta(), UserUser(), Als(32, 20.0, 4.0), PureSvd(), Content())
    return {each.name: each for each in recipes}[name]


def _generated(users: int, items: int, takes: int) -> Any:  # noqa: ANN401  # scipy has no types
    import numpy as np  # noqa: PLC0415  # see _one
    from scipy import sparse  # noqa: PLC0415

    from addressee.models.generators.generator import About  # noqa: PLC0415

    rng = np.random.default_rng(0)
    chance = 1.0 / np.arange(1, items + 1) ** 0.8
    item = rng.choice(items, takes, p=chance / chance.sum()).astype(np.int32)
    user = rng.integers(0, users, takes, dtype=np.int32)
    matrix = sparse.csr_matrix((np.ones(takes, np.float32), (user, item)), (users, items))
    matrix.data[:] = 1.0
    words = rng.integers(0, 5_000, (items, 8))
    return matrix, About(texts=tuple(" ".join(f"w{each}" for each in line) for line in words))


def _sizes() -> list[Row]:
    lines = [(name, size, measure(name, *size)) for name, sizes in SIZES.items() for size in sizes]
    return [
        row(f"{name} {users:,} x {items:,}, {takes:,} takes", metric, unit, [measured[key]], command=COMMAND)
        for name, (users, items, takes), measured in lines
        for key, metric, unit in (
            ("fit_cpu", "training", "s CPU"),
            ("ask_cpu", f"scores of {ASKED:,} people", "s CPU"),
            ("peak_gb", "peak memory", "GB"),
        )
    ]


def main() -> None:
    """Measure EASE, all generators at several sizes, or (`--one`) a single fit for the process that asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", action="store_true")
    options.add_argument("--one", nargs=4, metavar=("NAME", "USERS", "ITEMS", "TAKES"))
    asked = options.parse_args()
    if asked.one:
        name, *size = asked.one
        print(json.dumps(_one(name, *map(int, size))))  # noqa: T201  # read by `measure`
    else:
        write("training_ease", _sizes() if asked.sizes else rows(asked))


if __name__ == "__main__":
    main()
