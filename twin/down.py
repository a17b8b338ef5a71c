"""`make down`: stops the local twin and deletes what it kept."""

import sys

from twin.process import ROOT, Twin

FOLDER = ROOT / ".build" / "twin"


def main() -> None:
    """Stop the twin if it runs; either way its folder is gone afterwards."""
    was_running = Twin(FOLDER, port=0).stop()
    sys.stdout.write("twin stopped\n" if was_running else "no twin was running\n")


if __name__ == "__main__":
    main()
