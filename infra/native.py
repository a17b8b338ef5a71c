"""The C of models, compiled by Zig's C compiler, which comes as a Python package: the same bytes on any machine.

python -m infra.native  # puts this machine's library beside its source, and OpenMP where LightGBM finds it
"""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from sysconfig import get_path
from typing import Literal

Target = Literal["arm64", "host"]

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "layers" / "core" / "python" / "addressee" / "models"
SOURCES = ("neighbours.c", "trees.c")
LIBRARY = "libmodels.so"
OPENMP = "libgomp.so.1"
GLIBC = "2.26"
"""Amazon Linux 2023 has 2.34; the library calls nothing of it, but an older one costs nothing either."""
# Without contraction a * b + c rounds twice on every processor: arm64 and x86-64 give the same contributions.
FLAGS = ("-std=c11", "-O2", "-ffp-contract=off", "-fPIC", "-shared", "-nostdlib", "-g0", "-s")
WARNINGS = ("-Wall", "-Wextra", "-Werror")


class NotCompiled(Exception):
    """The compiler refused; the message ends with its own words."""


def native_library(target: Target) -> Path:
    """Return the library for `target`, compiled where source, flags or compiler have changed since the last time."""
    triple = _triple(target)
    wanted = f"{triple} {FLAGS} {version('ziglang')}".encode()
    sources = b"".join((FOLDER / name).read_bytes() for name in SOURCES)
    library = ROOT / ".build" / "native" / f"{target}-{sha256(sources + wanted).hexdigest()[:16]}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        part = library.with_suffix(f".{os.getpid()}")
        _compile(triple, part)
        part.replace(library)
    return library


def _triple(target: Target) -> str:
    if target == "arm64":
        return f"aarch64-linux-gnu.{GLIBC}"
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    return f"{machine}-linux-gnu.{GLIBC}" if sys.platform == "linux" else f"{machine}-macos"


def _compile(triple: str, into: Path) -> None:
    """Compile beside the sources, by their bare names: no path of this machine gets into the library."""
    cache = str(ROOT / ".build" / "zig")
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        triple,
        *FLAGS,
        *WARNINGS,
        *SOURCES,
        "-o",
        str(into),
    ]
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    done = subprocess.run(  # noqa: S603  # our own words, no shell
        command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotCompiled(f"{triple}: {done.stderr.strip()[-2000:]}")


def beside_source() -> None:
    """Put this machine's library where Python finds it in a checkout; appears whole or not at all."""
    beside = FOLDER / LIBRARY
    part = beside.with_suffix(f".{os.getpid()}")
    shutil.copyfile(native_library("host"), part)
    part.replace(beside)


def provide_openmp(packages: Path, into: Path) -> None:
    """Copy scikit-learn's OpenMP into a folder of `LD_LIBRARY_PATH`, where this machine has none of its own."""
    try:
        ctypes.CDLL(OPENMP)
    except OSError:
        into.mkdir(parents=True, exist_ok=True)
        for found in packages.glob("scikit_learn.libs/libgomp-*.so*"):
            shutil.copyfile(found, into / OPENMP)


if __name__ == "__main__":
    beside_source()
    provide_openmp(Path(get_path("platlib")), ROOT / ".build" / "lib")
