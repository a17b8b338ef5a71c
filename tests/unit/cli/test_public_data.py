"""Public data are unpacked from the expected wheel alone."""

import zipfile
from dataclasses import replace
from hashlib import sha256

import pytest

from cli.public_data import CDNOW, DATA_SETS, WrongDownload, fetch, main, unpack


@pytest.fixture
def wheel(tmp_path):
    """Write a wheel that holds CDNOW's files and another one."""
    path = tmp_path / "lifetimes.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*CDNOW.files, "lifetimes/__init__.py"):
            archive.writestr(name, f"text of {name}")
    return path


def test_only_the_expected_wheel_is_unpacked(wheel, tmp_path):
    """Anything else is refused by its SHA-256, before a file is written; of the expected one the data alone come."""
    with pytest.raises(WrongDownload, match="SHA-256"):
        unpack(wheel, CDNOW, tmp_path)
    assert not CDNOW.folder(tmp_path).exists()
    expected = replace(CDNOW, sha256=sha256(wheel.read_bytes()).hexdigest())
    unpack(wheel, expected, tmp_path)
    assert sorted(path.name for path in (tmp_path / "cdnow").iterdir()) == ["CDNOW_master.txt", "CDNOW_sample.txt"]
    assert (tmp_path / "cdnow" / "CDNOW_master.txt").read_text() == "text of lifetimes/datasets/CDNOW_master.txt"


def test_what_is_there_is_not_downloaded_again(wheel, tmp_path):
    """Sockets are off here: a download would fail."""
    expected = replace(CDNOW, sha256=sha256(wheel.read_bytes()).hexdigest())
    assert not expected.is_there(tmp_path)
    unpack(wheel, expected, tmp_path)
    assert fetch(CDNOW, tmp_path) == tmp_path / "cdnow"


def test_each_data_set_has_a_folder_of_its_own():
    """The names are those of the folders below `.data/`."""
    folders = {data_set.folder().name for data_set in DATA_SETS.values()}
    assert folders == {"complete-journey", "cdnow", "ml-100k"}


def test_an_unknown_name_is_refused_before_anything_is_fetched(capsys):
    """And the names that exist are said."""
    assert main(["cdnow", "netflix"]) == 2
    assert "netflix: not one of complete-journey, cdnow, ml-100k" in capsys.readouterr().err
