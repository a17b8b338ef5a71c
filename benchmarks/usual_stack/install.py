"""Install the peer into an environment of its own, as a Lambda layer would hold it: without tests, stubs, headers."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".build" / "bench-venv"
LOCK = ROOT / "requirements" / "bench.lock"
PYTHON = VENV / "bin" / "python"
IN_LAMBDAS_RUNTIME = ("boto3", "botocore", "s3transfer")
LIMIT_MB = 250.0
_FOLDERS = ("tests", "include")
_SUFFIXES = (".pyi", ".h", ".pxd", ".pyx", ".a")


def install() -> None:
    """Install the locked versions once; a changed lock file, or another Python, installs anew."""
    stamp, wanted = VENV / "installed", f"{sha256(LOCK.read_bytes()).hexdigest()} {sys.version}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", VENV], check=True)  # noqa: S603  # ours
    uv = ROOT / ".build" / "uv" / "bin" / "uv"
    sync = [str(uv), "pip", "sync", "-q", "--python", str(PYTHON), "--require-hashes", str(LOCK)]
    subprocess.run(sync, check=True, env={**os.environ, "UV_COMPILE_BYTECODE": "0"})  # noqa: S603  # ours
    _strip(packages())
    stamp.write_text(wanted, encoding="utf-8")


def packages() -> Path:
    """Return the environment's site-packages."""
    return next((VENV / "lib").glob("python3*")) / "site-packages"


def _strip(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and path.name in _FOLDERS and path.parent.name != "_core":
            shutil.rmtree(path)
        elif path.suffix in _SUFFIXES and path.is_file():
            path.unlink()


def unzipped_mb() -> float:
    """Return what a function would carry besides Lambda's own runtime, in MB (10^6 bytes).

    Bytecode is not counted: with it the stack would not fit. It is given all the same, which favours it.
    """
    carried = (
        path
        for path in packages().rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and path.relative_to(packages()).parts[0].partition("-")[0] not in IN_LAMBDAS_RUNTIME
    )
    return sum(path.stat().st_size for path in carried) / 1e6
