"""Resolves every lock file anew from its `.in` (`make lock`): universal ones for tools, one per target for layers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from infra.bundling import LAMBDA_PYTHON, ROOT

UV = ROOT / ".build" / "uv" / "bin" / "uv"
OLDEST_PYTHON = "3.11"
"""The oldest Python on which `make` runs: tools, twin and the host's layers have to resolve there."""
ANYWHERE = ("--universal", "--python-version", OLDEST_PYTHON)
# uv counts every manylinux tag up to this glibc as installable: what infra/bundling.py lets pip take, and no newer one.
ON_LAMBDA = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", LAMBDA_PYTHON)


class Lock(NamedTuple):
    """A lock file, what it is resolved from, and uv's options for where it has to work."""

    path: Path
    source: Path
    options: tuple[str, ...]


class NotResolved(Exception):
    """uv found no versions that fit together; the message ends with its own words."""


def locks(root: Path = ROOT) -> Iterator[Lock]:
    """List all lock files."""
    for source in sorted((root / "requirements").glob("*.in")):
        yield Lock(source.with_suffix(".lock"), source, ANYWHERE)
    for source in sorted((root / "layers").glob("*/requirements.in")):
        yield Lock(source.with_name("requirements-arm64.lock"), source, (*ON_LAMBDA, "--only-binary", ":all:"))
        yield Lock(source.with_name("requirements-host.lock"), source, (*ANYWHERE, "--only-binary", ":all:"))


def resolve(lock: Lock, root: Path = ROOT) -> None:
    """Write one lock file, with hashes and without the address of any registry. Raises `NotResolved`."""
    source, path = (each.relative_to(root) for each in (lock.source, lock.path))
    command = [str(UV), "pip", "compile", "--quiet", "--upgrade", "--generate-hashes", "--no-header"]
    command += ["--no-emit-index-url", *lock.options, "--output-file", str(path), str(source)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603  # our own words, no shell
    if done.returncode:
        raise NotResolved(f"{source}: {done.stderr.strip()[-2000:]}")


def main() -> None:
    """Resolve all of them; the first that does not resolve stops with uv's words."""
    try:
        for lock in locks():
            resolve(lock)
            sys.stdout.write(f"{lock.path.relative_to(ROOT)}\n")
    except NotResolved as problem:
        sys.exit(f"addressee: {problem}")


if __name__ == "__main__":
    main()
