"""Deploying into the twin: outputs are read as one mapping, and what fails says how."""

import json
import sys
from pathlib import Path

import pytest

from twin.deploy import _run, read_outputs
from twin.process import Twin, TwinTrouble
from twin.up import is_own


def test_outputs_of_both_stacks_are_one_mapping(tmp_path: Path):
    """The API's address in AWS becomes the one at which the emulator serves it."""
    stacks = {
        "AddresseeData": {"ProfilesTable": "profiles"},
        "Addressee": {"ApiUrl": "https://a1b2c3.execute-api.us-east-1.amazonaws.com", "KeysSecret": "keys"},
    }
    twin = Twin(tmp_path, 4600)
    twin.outputs_file.write_text(json.dumps(stacks))
    assert read_outputs(twin) == {
        "ProfilesTable": "profiles",
        "KeysSecret": "keys",
        "ApiUrl": "http://localhost:4600/_aws/execute-api/a1b2c3/$default",
    }


def test_a_command_that_fails_shows_the_end_of_its_log(tmp_path: Path):
    """Fifteen lines, under the command's name and the log's."""
    lines = "import sys; print(*range(100), sep='\\n'); sys.exit(3)"
    with pytest.raises(TwinTrouble) as trouble:
        _run([sys.executable, "-c", lines], tmp_path, {}, Twin(tmp_path, 1))
    first, *tail = str(trouble.value).splitlines()
    assert first == f"`{sys.executable} -c` failed; the end of {tmp_path / 'deploy.log'}:"
    assert tail == [str(number) for number in range(85, 100)]


def test_a_command_that_succeeds_is_quiet(tmp_path: Path):
    """Its output is in the log alone, after what was there."""
    (tmp_path / "deploy.log").write_text("before\n")
    _run([sys.executable, "-c", "print('after')"], tmp_path, {}, Twin(tmp_path, 1))
    assert (tmp_path / "deploy.log").read_text() == "before\nafter\n"


@pytest.mark.parametrize("name", ["ProfilesTable", "EventStream", "KeysSecret"])
def test_outputs_for_people_are_shown(name: str):
    """Names of tables, buckets and secrets."""
    assert is_own(name)


@pytest.mark.parametrize("name", ["ApiUrl", "ExportsOutputRefTable0", "ExportKeyArn"])
def test_outputs_that_join_the_stacks_are_not(name: str):
    """The address is shown under a name of its own."""
    assert not is_own(name)


def test_a_command_that_is_not_there_is_one_clear_line(tmp_path: Path):
    """Somebody removed node_modules by hand."""
    with pytest.raises(TwinTrouble, match=r"^cdk-of-nowhere is not installed; .*make setup"):
        _run(["cdk-of-nowhere"], tmp_path, {}, Twin(tmp_path, 1))
