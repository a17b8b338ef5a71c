"""Print the history of a seed: `python -m tests.simulation.replay <seed> [subject or campaign]`."""

import sys
from collections.abc import Sequence

from tests.simulation.schedule import run_schedule

LINES = 100_000


def main(arguments: Sequence[str]) -> None:
    """Run the schedule of a seed and print all of it, or what names a subject or campaign."""
    seed, about = int(arguments[0]), arguments[1] if len(arguments) > 1 else ""
    sys.stdout.write(run_schedule(seed).text(about, lines=LINES) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
