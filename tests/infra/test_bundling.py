"""Layers: the same input gives the same bytes, and what is too large does not pass."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from infra.bundling import (
    FIXED_DATE,
    ROOT,
    _compile,
    _keep_only,
    _share_openmp,
    _strip,
    _zip,
    core_layer,
    unzipped_bytes,
)
from infra.layers import LIMIT_BYTES, Layers, TooLarge
from infra.native import FOLDER, SOURCES, native_library, provide_openmp

ELF_MACHINE = {"arm64": 183, "x86_64": 62}
LARGEST_LIBRARY = 16_384

LOCKS = sorted((ROOT / "layers").glob("*/requirements-*.lock"))


def _packages(folder: Path) -> Path:
    packages = folder / "python"
    for name in ("pkg/__init__.py", "pkg/core.py", "pkg/core.pyi", "pkg/tests/test_core.py", "pkg/include/core.h"):
        path = packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"""{name}"""\n')
    return packages


def test_a_layer_holds_code_and_neither_tests_nor_headers_nor_stubs(tmp_path: Path):
    """Size is cold start."""
    packages = _packages(tmp_path)
    _strip(packages)
    assert sorted(path.name for path in packages.rglob("*") if path.is_file()) == ["__init__.py", "core.py"]


def test_of_a_data_folder_stays_what_the_layer_names(tmp_path: Path):
    """By the beginning of its name; the rest of the layer is not touched."""
    for name in ("data/de.dat", "data/de_AT.dat", "data/den.dat", "data/fr.dat", "code/fr.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    _keep_only(tmp_path, {"data": ["de"]})
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["de.dat", "de_AT.dat", "fr.py"]


def test_the_same_packages_give_the_same_bytes_whenever_and_wherever_they_are_zipped(tmp_path: Path):
    """No time stamp, no path of the machine, compiled files included."""
    zips = []
    for place in ("one", "two"):
        packages = _packages(tmp_path / place)
        _strip(packages)
        _compile(packages)
        _zip(packages.parent, tmp_path / f"{place}.zip")
        zips.append((tmp_path / f"{place}.zip").read_bytes())
    assert zips[0] == zips[1]
    assert str(tmp_path).encode() not in zips[0]


@pytest.mark.parametrize("target", ["arm64", "host"])
def test_the_core_layer_is_addressee_without_compiled_files(target):
    """The same bytes each time; nothing from `__pycache__`; the target's own library, and no source in C."""
    first = core_layer(target).read_bytes()
    assert core_layer(target).read_bytes() == first
    with ZipFile(core_layer(target)) as archive:
        names = archive.namelist()
        assert {entry.date_time for entry in archive.infolist()} == {FIXED_DATE}
        library = archive.read("python/addressee/models/libmodels.so")
    assert "python/addressee/settings.py" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".c")]
    assert library == native_library(target).read_bytes()


def test_the_models_library_is_small_and_made_for_lambdas_processor():
    """An ELF library of machine AArch64 that needs no other one."""
    library = native_library("arm64").read_bytes()
    assert library[:4] == b"\x7fELF"
    assert int.from_bytes(library[18:20], "little") == ELF_MACHINE["arm64"]
    assert len(library) < LARGEST_LIBRARY
    assert b"libc.so" not in library


@pytest.mark.parametrize("there", [True, False])
def test_a_machine_without_openmp_is_given_one(tmp_path: Path, monkeypatch, there):
    """Nothing is put there where the machine has its own."""
    monkeypatch.setattr("infra.native.OPENMP", "libc.so.6" if there else "libnowhere.so.1")
    (tmp_path / "scikit_learn.libs").mkdir()
    (tmp_path / "scikit_learn.libs" / "libgomp-0123abcd.so.1.0.0").write_bytes(b"openmp")
    provide_openmp(tmp_path, tmp_path / "lib")
    assert [path.name for path in tmp_path.glob("lib/*")] == ([] if there else ["libnowhere.so.1"])


@pytest.mark.parametrize("target", ["arm64", "host"])
def test_the_models_library_is_the_same_wherever_it_is_compiled(tmp_path: Path, monkeypatch, target):
    """The folder, the cache and the time leave no trace."""
    for name in SOURCES:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    here = native_library(target).read_bytes()
    monkeypatch.setattr("infra.native.FOLDER", tmp_path)
    monkeypatch.setattr("infra.native.ROOT", tmp_path)
    again = native_library(target)
    assert tmp_path in again.parents
    assert again.read_bytes() == here
    assert str(tmp_path).encode() not in again.read_bytes()


def test_lightgbm_finds_openmp_in_the_layer(tmp_path: Path):
    """Lambda's runtime has no `libgomp.so.1`; scikit-learn's copy stands in /opt/lib, where Lambda looks."""
    packages = _packages(tmp_path)
    _share_openmp(packages)
    assert not (tmp_path / "lib").exists()
    (packages / "lightgbm").mkdir()
    (packages / "scikit_learn.libs").mkdir()
    (packages / "scikit_learn.libs" / "libgomp-0123abcd.so.1.0.0").write_bytes(b"openmp")
    _share_openmp(packages)
    assert (tmp_path / "lib" / "libgomp.so.1").read_bytes() == b"openmp"


def test_a_function_that_is_too_large_is_refused(tmp_path: Path):
    """The gate is 250 MB, AWS's limit 262."""
    zipped = tmp_path / "megabyte.zip"
    with ZipFile(zipped, "w", ZIP_DEFLATED) as archive:
        archive.writestr("python/megabyte", bytes(1_000_000))

    class Megabytes(Layers):
        def zipped(self, name: str) -> Path:
            del name
            return zipped

    layers = LIMIT_BYTES // 1_000_000
    assert unzipped_bytes(zipped) == 1_000_000
    assert Megabytes("arm64").function_bytes("decide_content", ("megabyte",) * (layers - 1)) < LIMIT_BYTES
    with pytest.raises(TooLarge, match=r"decide_content: 250\.\d MB with its layers, the gate is 250"):
        Megabytes("arm64").function_bytes("decide_content", ("megabyte",) * layers)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_lock_pins_hashes_and_names_no_host(lock: Path):
    """Any mirror of the registry will do."""
    text = lock.read_text()
    assert re.findall(r"^[a-z0-9-]+==\S+", text, re.MULTILINE)
    assert text.count("==") <= text.count("--hash=sha256:")
    assert "://" not in text
    assert "file:" not in text


def test_each_third_party_layer_is_locked_for_both_targets():
    """Lambda's arm64, and the Python of the machine that runs the twin."""
    assert {(path.parent.name, path.stem.rpartition("-")[2]) for path in LOCKS} == {
        (layer, target) for layer in ("learning", "preparing", "rendering", "runtime") for target in ("arm64", "host")
    }


WITHOUT = """
import json, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in json.loads(sys.argv[1]):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=12)
"""


def test_what_the_learning_layer_leaves_out_is_not_needed():
    """Optuna searches in memory without the packages of its databases."""
    left_out = (ROOT / "layers" / "learning" / "left_out.json").read_text(encoding="utf-8")
    subprocess.run([sys.executable, "-c", WITHOUT, left_out], check=True)
