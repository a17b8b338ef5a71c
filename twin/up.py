"""`make up`: starts the local twin, deploys the app into it and prints endpoints and keys."""

import argparse
import sys

from rich.console import Console

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
    twin.check_port()
    if twin.pid() is None or not twin.outputs_file.exists():
        twin.stop()
        with console.status("starting the emulator"):
            twin.start(TWIN_PYTHON)
    with console.status("bundling layers, synthesising and deploying the app"):
        outputs = deploy(twin)
    return outputs, make_keys(twin, outputs["KeysSecret"])


def show(console: Console, twin: Twin, outputs: dict[str, str], keys: dict[str, str]) -> None:
    """Print what somebody needs to use the twin: lines that a shell can read."""
    console.rule("Addressee on this machine", align="left")
    lines = {"API": outputs["ApiUrl"], **{f"{scope.upper()}_KEY": key for scope, key in keys.items()}}
    lines |= {"AWS_ENDPOINT_URL": twin.endpoint, **{name: value for name, value in outputs.items() if is_own(name)}}
    for name, value in lines.items():
        # No emoji: the ARN of a secret holds the name of one between colons.
        console.print(f"{name}={value}", soft_wrap=True, highlight=False, markup=False, emoji=False)


def is_own(output: str) -> bool:
    """Say whether an output is meant for people, not one by which CDK joins the two stacks."""
    return output != "ApiUrl" and not output.startswith("Export")


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
