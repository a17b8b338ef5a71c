"""The same tables give the same version, the same takes the same scores, however many threads linear algebra uses."""

import os
import subprocess
import sys
from functools import cache

FACTORISE = """
import hashlib
import numpy as np
from addressee.models.generators.ease import Ease
from addressee.models.generators.factors import Als, PureSvd
from tests.models.takes import takes
matrix, about = takes(people=400)
for recipe in (Ease(20.0), PureSvd(4), Als(8, 1.0, 2.0, 5)):
    fitted = recipe.fit(matrix, rng=np.random.default_rng(0), about=about)
    print(recipe.name, hashlib.sha256(fitted.scores(matrix).tobytes()).hexdigest())
"""
TRAIN = """
from hashlib import sha256
from addressee.models.candidates import Lesson, learn
from addressee.models.packed import pack
from addressee.models.propensity import RECIPES
from addressee.models.kinds import kind_of
from addressee.models.train import Run, train
from tests.models.generated import FEATURES, generate
tables = generate(people=200)
print(*(train(Run(kind_of(name), tables, seed=7)).bundle.version for name in ("buys_in_7_days", "lapses_in_28_days")))
rows = tables.people.known["buys_in_7_days"]
codes = [FEATURES.index(name) for name in ("category_code", "language_code", "country_code")]
lesson = Lesson(tables.people.features[rows], tables.people.labels["buys_in_7_days"][rows], np.ones(rows.sum()), codes)
for recipe in RECIPES:
    print(sha256(pack(learn({**recipe, "rounds": 20}, lesson, seed=3).sections)).hexdigest())
"""
APART = "print('--')"
THREADS = (1, 2)


def start(threads: int) -> subprocess.Popen[str]:
    """Fit in a process of its own, where BLAS reads its number of threads."""
    count = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    environment = {**os.environ, **count, "PYTHONPATH": os.pathsep.join(("layers/core/python", "."))}
    program = FACTORISE + APART + TRAIN
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", program], stdout=-1, text=True, env=environment)


@cache
def told() -> tuple[list[str], list[str]]:
    """Return what processes with one thread and with two print: of generators, and of kinds and candidates."""
    started = [start(threads) for threads in THREADS]
    one, two = (process.communicate(timeout=240)[0].split("--\n") for process in started)
    assert not any(process.returncode for process in started)
    return one, two


def test_the_number_of_threads_changes_no_score_of_a_generator():
    """The first fit of a process is held to one thread, too: its libraries are loaded before."""
    one, two = (each[0] for each in told())
    assert one.count("\n") == 3
    assert one == two


def test_the_number_of_threads_changes_no_byte():
    """A version holds the digest of every file of the bundle; candidates that were not chosen are told by theirs."""
    one, two = (each[1] for each in told())
    assert one.count("2024-10-04-") == 2
    assert one.count("\n") > 3
    assert one == two
