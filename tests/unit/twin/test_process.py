"""The emulator's process: what stands in its way is one clear line, what a broken-off run left is removed."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_socket import enable_socket

from twin.process import ROOT, Twin, TwinTrouble, free_port, shown


@pytest.fixture
def loopback(_no_network):
    """Allow sockets: these tests ask this machine's own ports."""
    enable_socket()


def ended_pid():
    """Return the id of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_behind(folder: Path, pid: int) -> Twin:
    """Make the folder of a run that was broken off."""
    folder.mkdir()
    (folder / "process.json").write_text(json.dumps({"pid": pid, "port": 1}))
    (folder / "server.log").write_text("...")
    return Twin(folder, 1)


@pytest.mark.usefixtures("loopback")
def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path):
    """The line says what to type, and the folder of whoever runs there is not touched."""
    kept = tmp_path / "kept"
    kept.touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TwinTrouble) as trouble:
            Twin(tmp_path, port).start(Path(sys.executable))
    line = str(trouble.value)
    assert f"port {port} is taken" in line
    assert "TWIN_PORT=" in line
    assert "\n" not in line
    assert kept.exists()


@pytest.mark.usefixtures("loopback")
def test_what_a_broken_off_run_left_is_removed_before_the_start(tmp_path: Path):
    """Here the start itself fails, at once and in one line: this Python has no emulator."""
    twin = left_behind(tmp_path / "twin", ended_pid())
    (twin.folder / "outputs.json").write_text("{}")
    with pytest.raises(TwinTrouble, match=r"ended at once; see .*twin/server\.log$"):
        Twin(twin.folder, free_port()).start(Path(sys.executable))
    assert not twin.outputs_file.exists()
    assert "ministack" in (twin.folder / "server.log").read_text()


@pytest.mark.usefixtures("loopback")
def test_a_free_port_is_free():
    """Somebody can listen on it at once."""
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert server.getsockname()[1] > 0


@pytest.mark.parametrize(
    ("path", "named"),
    [(ROOT / ".build" / "twin", Path(".build/twin")), (Path("/elsewhere/twin"), Path("/elsewhere/twin"))],
)
def test_messages_name_paths_from_the_root_of_the_repository(path: Path, named: Path):
    """A folder elsewhere keeps its whole name."""
    assert shown(path) == named


def test_no_folder_means_no_process(tmp_path: Path):
    """Nothing was started."""
    twin = Twin(tmp_path / "none", 1)
    assert twin.pid() is None
    assert twin.stop() is False


@pytest.mark.parametrize("written", ["", "{}", '{"pid": "x"}', "nonsense"])
def test_a_process_file_that_was_cut_short_names_nobody(tmp_path: Path, written: str):
    """A run may be broken off between any two bytes."""
    (tmp_path / "process.json").write_text(written)
    assert Twin(tmp_path, 1).pid() is None


def test_a_dead_process_is_nobody_and_its_folder_goes(tmp_path: Path):
    """The id in the file is of a process that ended."""
    twin = left_behind(tmp_path / "twin", ended_pid())
    assert twin.pid() is None
    assert twin.stop() is False
    assert not twin.folder.exists()


def test_another_process_with_the_same_id_is_left_alone(tmp_path: Path):
    """Ids are used again: this test's own is no emulator, and survives."""
    twin = left_behind(tmp_path / "twin", os.getpid())
    assert twin.pid() is None
    assert twin.stop() is False
    assert not twin.folder.exists()


def test_clients_are_pointed_at_loopback():
    """Whatever profile a developer has, nothing goes to AWS."""
    values = Twin(Path("twin"), 4600).environment()
    assert values["AWS_ENDPOINT_URL"] == "http://localhost:4600"
    assert values["AWS_ACCESS_KEY_ID"] == values["AWS_SECRET_ACCESS_KEY"] == "test"
    assert values["AWS_REGION"] == values["AWS_DEFAULT_REGION"]
    assert "AWS_CA_BUNDLE" not in values


def test_with_iam_enforced_clients_speak_https_and_trust_the_emulator():
    """Python's clients, Node's and plain OpenSSL each read a variable of their own."""
    twin = Twin(Path("twin"), 4600, enforce_iam=True)
    values = twin.environment()
    assert values["AWS_ENDPOINT_URL"] == twin.endpoint == "https://localhost:4600"
    for name in ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        assert values[name] == str(twin.certificate)


@pytest.mark.parametrize(("enforce_iam", "expected"), [(False, None), (True, "true")])
def test_the_emulator_listens_on_loopback_and_keeps_to_its_folder(tmp_path: Path, enforce_iam: bool, expected):
    """Its default would be every interface and the machine's own temporary folder; credentials do not reach it."""
    values = Twin(tmp_path, 4600, enforce_iam=enforce_iam)._server_environment()
    assert values["BIND_HOST"] == "127.0.0.1"
    assert values["GATEWAY_PORT"] == "4600"
    assert values["TMPDIR"] == str(tmp_path / "tmp")
    assert values.get("AUTH") == expected
    assert not [name for name in values if name.startswith("AWS_")]


def test_a_twin_that_runs_on_another_port_is_not_deployed_into(tmp_path: Path):
    """Two ports, one folder: say which one is in use."""
    command = [sys.executable, "-c", "print(flush=True); input()", "twin.server"]  # as the emulator is told apart
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        running = left_behind(tmp_path / "twin", process.pid)
        assert running.pid() == process.pid
        running.check_port()
        with pytest.raises(TwinTrouble, match=r"a twin runs on port 1; .*`make down` first"):
            Twin(running.folder, 2).check_port()
        process.communicate(b"\n")


def test_where_nothing_runs_any_port_will_do(tmp_path: Path):
    """The first start, and one after a crash."""
    Twin(tmp_path, 1).check_port()
    left_behind(tmp_path / "twin", ended_pid()).check_port()
