"""The emulator as a process: started, waited for, found again and stopped, by its own id."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from twin.outbox import FOLDER as OUTBOX
from twin.outbox import Outbox
from twin.public_links import LINKS

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
STOP_SECONDS = 10.0
_STARTED: list[subprocess.Popen[bytes]] = []  # kept: the emulator outlives the call that starts it


class TwinTrouble(Exception):
    """Something that a person must look at; the message is one clear line."""


@dataclass(frozen=True)
class Twin:
    """One emulator: its folder (state, logs, outputs, outbox), its port on loopback, and whether IAM is enforced.

    `send_rate` is what its SES names as the account's quota, mails a second; `metered`, all calls are counted.
    """

    folder: Path
    port: int
    enforce_iam: bool = False
    send_rate: float = 100.0
    metered: bool = False

    @property
    def endpoint(self) -> str:
        """The emulator's URL."""
        return f"{'https' if self.enforce_iam else 'http'}://localhost:{self.port}"

    @property
    def links_url(self) -> str:
        """Where links in mails begin: known before anything is deployed, as a domain name of one's own would be."""
        return f"{self.endpoint}{LINKS}"

    @property
    def outbox(self) -> Outbox:
        """The mails that its SES took."""
        return Outbox(self.folder / OUTBOX)

    @property
    def certificate(self) -> Path:
        """The self-signed certificate that the emulator makes where IAM is enforced."""
        return self.folder / "tmp" / "ministack-tls" / "server.crt"

    @property
    def outputs_file(self) -> Path:
        """What `cdk deploy` wrote; it exists once a deployment is complete."""
        return self.folder / "outputs.json"

    def environment(self) -> dict[str, str]:
        """Return the variables with which any AWS client talks to this twin."""
        values = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.enforce_iam:
            certificate = str(self.certificate)
            names = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
            values |= dict.fromkeys(names, certificate)
        return values

    def start(self, python: Path) -> None:
        """Start the emulator under `python` (the twin's own environment) and wait until it answers."""
        if _is_open(self.port):
            raise TwinTrouble(f"port {self.port} is taken; choose another: make up TWIN_PORT=4601")
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "tmp").mkdir(parents=True)
        with (self.folder / "server.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [str(python), "-m", "twin.server"],
                cwd=ROOT,
                env=self._server_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _STARTED.append(process)
        (self.folder / "process.json").write_text(json.dumps({"pid": process.pid, "port": self.port}))
        self._await_health(process)

    def _server_environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "TMPDIR": str(self.folder / "tmp"),
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
            "TWIN_FOLDER": str(self.folder),
            "TWIN_SEND_RATE": str(self.send_rate),
        }
        own |= {"TWIN_METER": "1"} if self.metered else {}
        return kept | own | ({"AUTH": "true", "USE_SSL": "1"} if self.enforce_iam else {})

    def _await_health(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise TwinTrouble(f"the emulator ended at once; see {shown(self.folder)}/server.log")
            if _is_open(self.port):
                return
            time.sleep(0.1)
        raise TwinTrouble(f"the emulator did not answer within {START_SECONDS:.0f} s")

    def pid(self) -> int | None:
        """Return the id of the running emulator that this folder started, or None."""
        try:
            pid = int(json.loads((self.folder / "process.json").read_text())["pid"])
            command = _command_of(pid)
            os.kill(pid, 0)
        except (OSError, ValueError, KeyError):
            return None
        return pid if b"twin.server" in command else None

    def check_port(self) -> None:
        """Raise `TwinTrouble` where this folder's emulator runs on another port than the one asked for."""
        started = json.loads((self.folder / "process.json").read_text())["port"] if self.pid() else self.port
        if started != self.port:
            raise TwinTrouble(f"a twin runs on port {started}; use it (TWIN_PORT={started}), or `make down` first")

    def stop(self) -> bool:
        """Stop the emulator and its workers, delete its folder; say whether one was running."""
        pid = self.pid()
        if pid is not None:
            _end_group(pid)
        shutil.rmtree(self.folder, ignore_errors=True)
        return pid is not None


def shown(path: Path) -> Path:
    """Return a path as messages name it: from the repository's root where it lies below it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _command_of(pid: int) -> bytes:
    """Return what a process was started as; ids are used again, and nobody else's process may be ended."""
    if Path("/proc").is_dir():
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    asked = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, check=False).stdout  # noqa: S603  # fixed words and a number


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_group(pid: int) -> None:
    """End the session that the emulator leads: itself and its Lambda workers."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and _alive(pid):
            time.sleep(0.1)


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True
