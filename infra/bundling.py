"""Lambda layers as zip files, built from their locks without Docker: the same lock gives the same bytes."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from typing import TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from infra import native

ROOT = native.ROOT
Target: TypeAlias = native.Target
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
LAMBDA_PYTHON = "3.14"
# Amazon Linux 2023 has glibc 2.34; pip matches each tag literally, so every age that wheels are tagged with is named.
ARM64_TAGS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_24", "manylinux_2_17", "manylinux2014")
STRIPPED_FOLDERS = frozenset({"__pycache__", "tests", "include", "bin", "share"})
STRIPPED_SUFFIXES = frozenset({".h", ".hpp", ".pxd", ".pyx", ".pyi", ".c", ".cpp", ".a", ".pyc"})
STRIPPED_RECORDS = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


class LayerNotBuilt(Exception):
    """pip could not install what the lock names; the message ends with pip's own words."""


def third_party_layer(name: str, target: Target) -> Path:
    """Return the zip of layer `name` for `target`, built when its lock has changed since the last time."""
    lock = ROOT / "layers" / name / f"requirements-{target}.lock"
    zipped = ROOT / ".build" / "layers" / target / f"{name}-{_fingerprint(lock, target)}.zip"
    if not zipped.exists():
        with TemporaryDirectory() as scratch:
            packages = Path(scratch) / "python"
            _install(lock, target, packages)
            _strip(packages)
            _keep_only(packages, _kept(lock))
            _share_openmp(packages)
            _leave_out(packages, _left_out(lock))
            if target == "host":
                _compile(packages)
            _zip(Path(scratch), zipped)
    return zipped


def core_layer(target: Target) -> Path:
    """Return the zip of the layer that holds Addressee's own code, with the library in C for `target`."""
    source = ROOT / "layers" / "core"
    with TemporaryDirectory() as scratch:
        python, kept_out = (
            Path(scratch) / "python",
            shutil.ignore_patterns("__pycache__", native.LIBRARY, *native.SOURCES),
        )
        shutil.copytree(source / "python", python, ignore=kept_out)
        library = python / (native.FOLDER / native.LIBRARY).relative_to(source / "python")
        shutil.copyfile(native.native_library(target), library)
        zipped = ROOT / ".build" / "layers" / target / "core.zip"
        _zip(Path(scratch), zipped)
    return zipped


def unzipped_bytes(zipped: Path) -> int:
    """Return what the zip occupies once Lambda has unpacked it; AWS limits the sum over a function's layers."""
    with ZipFile(zipped) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _fingerprint(lock: Path, target: Target) -> str:
    """Hash everything that decides a layer's bytes: the lock, this file, and on the host also its Python."""
    python = sys.version if target == "host" else LAMBDA_PYTHON
    chosen = f"{json.dumps(_kept(lock)) if _kept(lock) else ''}{''.join(_left_out(lock))}"
    return sha256(lock.read_bytes() + Path(__file__).read_bytes() + f"{python}{chosen}".encode()).hexdigest()[:16]


def _kept(lock: Path) -> dict[str, list[str]]:
    """Read what of a layer's data folders stays: folder -> beginnings of names, up to the first `_`; else all stays."""
    path = lock.with_name("kept.json")
    kept: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return kept


def _left_out(lock: Path) -> list[str]:
    """Read which of a layer's packages no function imports, though another one requires them; else none."""
    path = lock.with_name("left_out.json")
    names: list[str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return names


def _install(lock: Path, target: Target, into: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes"]
    command += ["--only-binary=:all:", "--requirement", str(lock), "--target", str(into)]
    if target == "arm64":
        command += ["--implementation", "cp", "--python-version", LAMBDA_PYTHON, "--ignore-requires-python"]
        command += [option for tag in ARM64_TAGS for option in ("--platform", f"{tag}_aarch64")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words, no shell
    if done.returncode:
        raise LayerNotBuilt(f"{lock.parent.name} for {target}: {done.stderr.strip()[-2000:]}")


def _strip(packages: Path) -> None:
    """Delete what no function imports: tests, headers, stubs, sources of extensions, pip's records."""
    for path in sorted(packages.rglob("*"), reverse=True):
        if path.is_dir() and path.name in STRIPPED_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and (path.suffix in STRIPPED_SUFFIXES or path.name in STRIPPED_RECORDS):
            path.unlink()


def _keep_only(packages: Path, kept: dict[str, list[str]]) -> None:
    """Delete what of the named folders is not to stay: Babel knows 1,100 locales, 30 MB."""
    for folder, beginnings in kept.items():
        for path in sorted((packages / folder).iterdir()):
            if path.stem.partition("_")[0] not in beginnings:
                path.unlink()


def _leave_out(packages: Path, names: list[str]) -> None:
    """Delete whole packages: Optuna requires SQLAlchemy and Alembic, 20 MB, for a storage that nothing here uses."""
    for name in names:
        shutil.rmtree(packages / name)
        for about in packages.glob(f"{name}-*.dist-info"):
            shutil.rmtree(about)


def _share_openmp(packages: Path) -> None:
    """Put scikit-learn's OpenMP where LightGBM looks: it needs `libgomp.so.1`, which Lambda's runtime does not have.

    Lambda searches /opt/lib. Wheels of scikit-learn bring a copy under a name of its own.
    """
    if not (packages / "lightgbm").is_dir():
        return
    (found,) = packages.glob("scikit_learn.libs/libgomp-*.so*")
    (packages.parent / "lib").mkdir()
    shutil.copyfile(found, packages.parent / "lib" / native.OPENMP)


def _compile(packages: Path) -> None:
    """Write `.pyc` files that are never checked against their source: no time stamps, paths as Lambda sees them."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(
        str(packages), stripdir=str(packages.parent), prependdir="/opt", quiet=2, invalidation_mode=mode
    )


def _zip(folder: Path, zipped: Path) -> None:
    """Write `folder` as a zip whose bytes depend on names and contents alone; appears whole or not at all."""
    zipped.parent.mkdir(parents=True, exist_ok=True)
    part = zipped.with_suffix(f".{os.getpid()}")
    with ZipFile(part, "w", ZIP_DEFLATED, compresslevel=6) as archive:
        for path in _files(folder):
            entry = ZipInfo(path.relative_to(folder).as_posix(), FIXED_DATE)
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=6)
    part.replace(zipped)


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.rglob("*") if path.is_file()))
