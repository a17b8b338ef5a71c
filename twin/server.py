"""Starts the emulator, mended. Runs in the twin's own environment: `python -m twin.server`."""

import ministack.app

from twin.mends import mend_cors, mend_secret_references
from twin.wrapper import InflatedBodies


def main() -> None:
    """Serve until SIGTERM."""
    mend_secret_references()
    mend_cors()
    ministack.app.app = InflatedBodies(ministack.app.app)
    ministack.app.main()


if __name__ == "__main__":
    main()
