"""What a benchmark is held against, installed from its own lock in an environment of its own."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

UV = Path(__file__).parents[1] / ".build" / "uv" / "bin" / "uv"


def installed(lock: Path, venv: Path) -> Path:
    """Return the Python of `venv` with what `lock` names; installed once, and anew where lock or Python changed.

    Raises `CalledProcessError` or `OSError` where it cannot be installed.
    """
    stamp, wanted = venv / "installed", f"{sha256(lock.read_bytes()).hexdigest()} {sys.version}"
    python = venv / "bin" / "python"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", venv], check=True)  # noqa: S603  # ours
        sync = [str(UV), "pip", "sync", "-q", "--python", str(python), "--require-hashes", str(lock)]
        subprocess.run(sync, check=True, env=dict(os.environ))  # noqa: S603  # ours
        stamp.write_text(wanted, encoding="utf-8")
    return python
