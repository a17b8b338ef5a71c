"""The `addressee` command, run as an engineer would: a process of its own, against the twin."""

import os
import subprocess
import sys

from tests.e2e.stack import Stack
from twin.process import ROOT


def run(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command and return what it said, however it ended."""
    environment = {**os.environ, **stack.twin.environment(), "COLUMNS": "400"}
    command = [sys.executable, "-m", "cli.main", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def addressee(stack: Stack, *words: str) -> str:
    """Run the command, which must succeed, and return what it printed."""
    done = run(stack, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
