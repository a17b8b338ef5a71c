"""Bootstraps, synthesises and deploys the real CDK app into a running twin, and makes its API keys."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from twin.process import ROOT, Twin, TwinTrouble, shown

ACCOUNT, REGION = "000000000000", "us-east-1"
TWIN_CONTEXT = {
    "layers": "host",
    "runtime": f"python3.{sys.version_info.minor}",
    "architecture": "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64",
    "retain": "false",
    "sender": "Example Shop <mail@shop.example.com>",
    "postal_address": "1 Example Street, 12345 Example City",
}
SCOPES = ("write", "decide", "admin")


def deploy(twin: Twin, context: Mapping[str, str] | None = None) -> dict[str, str]:
    """Deploy both stacks and return their outputs, flat. Raises `TwinTrouble` with the last lines of what failed."""
    building = {**os.environ, "CDK_DEFAULT_ACCOUNT": ACCOUNT, "CDK_DEFAULT_REGION": REGION}  # pip meets the real world
    deploying = {**building, **twin.environment()}
    assembly, outputs = twin.folder / "cdk.out", twin.folder / "outputs.part.json"
    settings = {**TWIN_CONTEXT, "links_url": twin.links_url, **(context or {})}
    flags = [part for name, value in settings.items() for part in ("-c", f"addressee_{name}={value}")]
    with tempfile.TemporaryDirectory() as elsewhere:  # a folder without cdk.json: nothing is synthesised for it
        _run(["cdk", "bootstrap", f"aws://{ACCOUNT}/{REGION}"], Path(elsewhere), deploying, twin)
    _run(["cdk", "synth", "-q", "-o", str(assembly), *flags], ROOT, building, twin)
    deployment = ["cdk", "deploy", "--all", "--require-approval", "never", "--app", str(assembly)]
    _run([*deployment, "--outputs-file", str(outputs)], ROOT, deploying, twin)
    outputs.replace(twin.outputs_file)
    return read_outputs(twin)


def read_outputs(twin: Twin) -> dict[str, str]:
    """Return the outputs of both stacks as one mapping; `ApiUrl` is the address at which the emulator serves it."""
    stacks = json.loads(twin.outputs_file.read_text())
    flat = {name: value for outputs in stacks.values() for name, value in outputs.items()}
    api_id = flat["ApiUrl"].split("//")[1].split(".")[0]
    return flat | {"ApiUrl": f"{twin.endpoint}/_aws/execute-api/{api_id}/$default"}


def _run(command: Sequence[str], cwd: Path, environment: Mapping[str, str], twin: Twin) -> None:
    log = twin.folder / "deploy.log"
    try:
        with log.open("ab") as sink:
            done = subprocess.run(command, cwd=cwd, env=environment, stdout=sink, stderr=subprocess.STDOUT, check=False)  # noqa: S603  # fixed commands
    except FileNotFoundError:
        raise TwinTrouble(f"{command[0]} is not installed; remove .build/node.stamp, then `make setup`") from None
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise TwinTrouble(f"`{' '.join(command[:2])}` failed; the end of {shown(log)}:\n{tail}")
