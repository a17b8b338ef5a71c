"""`make up`: starts the local twin, deploys the app into it and prints endpoints and keys."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from twin.deploy import deploy
from twin.keys import make_keys
from twin.process import ROOT, Twin, TwinTrouble

FOLDER = ROOT / ".build" / "twin"
TWIN_PYTHON = ROOT / ".build" / "twin-venv" / "bin" / "python"


def bring_up(twin: Twin, console: Console) -> tuple[dict[str, str], dict[str, str]]:
    """Start, deploy and make keys; return the outputs and the keys by scope.

    A running twin is deployed into again. What a broken-off run left behind (a process without a deployment, a folder
    without a process) is removed first.
    """
    if twin.pid() is None or not twin.outputs_file.exists():
        twin.stop()
        with console.status("starting the emulator"):
            twin.start(TWIN_PYTHON)
    with console.status("bundling layers, synthesising and deploying the app"):
        outputs = deploy(twin)
    return outputs, make_keys(twin, outputs["KeysSecret"])


def show(console: Console, twin: Twin, outputs: dict[str, str], keys: dict[str, str]) -> None:
    """Print what somebody needs to use the twin."""
    table = Table("what", "value", title="Addressee on this machine", title_justify="left")
    table.add_row("API", outputs["ApiUrl"])
    table.add_row("AWS endpoint", twin.endpoint)
    for scope, key in keys.items():
        table.add_row(f"{scope} key", key)
    for name in sorted(set(outputs) - {"ApiUrl"}):
        table.add_row(name, outputs[name])
    console.print(table)


def main() -> None:
    """Run the command; trouble is one clear line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4600)
    twin = Twin(FOLDER, parser.parse_args().port)
    console = Console()
    try:
        outputs, keys = bring_up(twin, console)
    except TwinTrouble as trouble:
        sys.exit(f"addressee: {trouble}")
    show(console, twin, outputs, keys)


if __name__ == "__main__":
    main()
