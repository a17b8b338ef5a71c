"""What the serving and the scoring path load."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("addressee.models.serving", ("numpy", "scipy", "sklearn", "msgspec", "duckdb", "botocore", "ctypes")),
        (
            "addressee.models.serving",
            ("addressee.models.trees", "addressee.models.native", "addressee.models.prepared"),
        ),
        ("addressee.models.tree_scorers", ("numpy", "ctypes", "pathlib")),
        ("addressee.models.kinds", ("scipy", "sklearn", "lightgbm", "optuna", "imblearn", "duckdb", "botocore")),
        ("addressee.models.score", ("scipy", "sklearn", "duckdb", "botocore")),
        ("addressee.models.watch", ("scipy", "sklearn", "lightgbm", "duckdb", "botocore")),
    ],
)
def test_a_path_loads_nothing_heavy(module, absent):
    """`decide_content` runs without numpy, scoring without scikit-learn and scipy: their layers do not hold them."""
    program = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "layers/core/python"},
    )
    assert answer.stdout.strip() == "[]"
