"""The same takes give the same scores however many threads the linear algebra uses."""

import os
import subprocess
import sys

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


def start(threads: int) -> subprocess.Popen[str]:
    """Fit in a process of its own, where BLAS reads its number of threads."""
    count = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    environment = {**os.environ, **count, "PYTHONPATH": os.pathsep.join(("layers/core/python", "."))}
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", FACTORISE], stdout=-1, text=True, env=environment)


def test_the_number_of_threads_changes_no_score_of_a_generator():
    """The first fit of a process is held to one thread, too: its libraries are loaded before."""
    one, two = (process.communicate(timeout=120)[0] for process in (start(1), start(2)))
    assert one.count("\n") == 3
    assert one == two
