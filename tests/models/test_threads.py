"""The same tables give the same version however many threads the linear algebra uses."""

import os
import subprocess
import sys

TRAIN = """
from hashlib import sha256
import numpy as np
from addressee.models.candidates import Lesson, learn
from addressee.models.packed import pack
from addressee.models.propensity import RECIPES
from addressee.models.kinds import kind_of
from addressee.models.train import Run, train
from tests.models.generated import generate
tables = generate(people=200)
print(*(train(Run(kind_of(name), tables, seed=7)).bundle.version for name in ("buys_in_7_days", "lapses_in_28_days")))
rows = tables.people.known["buys_in_7_days"]
lesson = Lesson(tables.people.features[rows], tables.people.labels["buys_in_7_days"][rows], np.ones(rows.sum()))
for recipe in RECIPES:
    print(sha256(pack(learn({**recipe, "rounds": 20}, lesson, seed=3).sections)).hexdigest())
"""


def versions(threads: int) -> str:
    """Train in a process of its own, where BLAS reads its number of threads."""
    count = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    environment = {**os.environ, **count, "PYTHONPATH": os.pathsep.join(("layers/core/python", "."))}
    run = subprocess.run(
        [sys.executable, "-c", TRAIN], check=True, capture_output=True, text=True, env=environment, timeout=120
    )
    return run.stdout


def test_the_number_of_threads_changes_no_byte():
    """A version holds the digest of every file of the bundle; candidates that were not chosen are told by theirs."""
    one = versions(1)
    assert one.count("2024-10-04-") == 2
    assert versions(2) == one
