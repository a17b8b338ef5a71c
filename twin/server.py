"""Starts the emulator, wrapped. Runs in the twin's own environment: `python -m twin.server`."""

import ministack.app

from twin.wrapper import InflatedBodies


def main() -> None:
    """Serve until SIGTERM."""
    ministack.app.app = InflatedBodies(ministack.app.app)
    ministack.app.main()


if __name__ == "__main__":
    main()
