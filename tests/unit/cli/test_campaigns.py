"""`addressee campaigns` against the real handler, over loopback."""

import json
import re
from dataclasses import fields
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
import typer
from pytest_socket import enable_socket
from typer.testing import CliRunner

from addressee.emails.plan import PlanPorts
from addressee.emails.plan_steps import StepPorts
from cli.campaigns import app, counted
from cli.deployment import Deployment
from functions.plan_campaign.handler import Wiring, handle
from tests.fakes.campaign_ports import InMemoryAudience, NotedRuns, ToldVersions
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.sends import InMemorySends
from tests.unit.emails.campaigns import NOON, somebody
from tests.unit.emails.test_run_campaign import BODY, DEFAULTS

KEY = "adr_admin_00000000_made-up"


class Gateway(BaseHTTPRequestHandler):
    """What API Gateway and the authorizer do: the route, its parameters, the scope of the key."""

    def __init__(self, wires, *given):
        """Serve one request of `wires`."""
        self._wires = wires
        super().__init__(*given)

    def _serve(self):
        parts = urlsplit(self.path)
        campaign = re.fullmatch(r"/v1/campaigns/([^/]+)(/\w+)?", parts.path)
        path = f"/v1/campaigns/{{campaign}}{campaign[2] or ''}" if campaign else parts.path
        event = {
            "routeKey": f"{self.command} {path}",
            "pathParameters": {"campaign": campaign[1]} if campaign else {},
            "queryStringParameters": dict(parse_qsl(parts.query)),
            "body": self.rfile.read(int(self.headers.get("content-length", 0))).decode(),
            "requestContext": {
                "authorizer": {"lambda": {"scope": "admin" if self.headers["authorization"] == f"Bearer {KEY}" else ""}}
            },
        }
        answer = handle(event, None, wired=self._wires)
        self.send_response(answer["statusCode"])
        body = answer["body"].encode()
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _serve  # noqa: N815  # http.server's names

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def wires():
    """Wire the handler to 30 people, some of whom are held out."""
    audience = InMemoryAudience(*(somebody(number) for number in range(30)))
    steps = StepPorts(PlanPorts(InMemorySends(), InMemoryCampaigns(), InMemoryChunks()), audience, audience)
    return Wiring(steps, ToldVersions(digest="0123456789abcdef"), NotedRuns(), DEFAULTS, now_ms=lambda: NOON)


@pytest.fixture
def command(wires, tmp_path):
    """Serve the handler and give the command, told where the deployment is."""
    enable_socket()  # loopback
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Gateway, wires))
    thread = Thread(target=server.serve_forever)
    thread.start()
    outputs = tmp_path / "outputs.json"
    names = {"".join(word.capitalize() for word in each.name.split("_")): "x" for each in fields(Deployment)}
    outputs.write_text(json.dumps({**names, "ApiUrl": f"http://127.0.0.1:{server.server_port}"}))
    whole = typer.Typer()
    whole.add_typer(app, name="campaigns")

    @whole.callback()
    def main(context: typer.Context):
        """Point at the deployment, as cli/main.py does."""
        context.obj = outputs

    def run(*words, key=KEY):
        return CliRunner().invoke(whole, ["campaigns", *words], env={"ADDRESSEE_ADMIN_KEY": key, "COLUMNS": "120"})

    yield run
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def file(tmp_path):
    """Write a request to a file."""
    path = tmp_path / "autumn.json"
    path.write_text(json.dumps(BODY))
    return str(path)


def plan(wires):
    """Run the state machine's steps."""
    for step in ({"step": "list"}, {"step": "chunk", "segment": 0, "of": 1}, {"step": "planned"}):
        handle({"campaign": "autumn", **step}, None, wired=wires)


def test_a_campaign_is_created_followed_and_stopped(command, wires, file):
    """Each command prints where it stands."""
    for _ in range(2):
        created = command("create", file)
        assert created.exit_code == 0
        assert "autumn: running, planning" in created.output
    plan(wires)
    shown = command("status", "autumn").output
    assert "autumn: running, planned, 30 recipients" in shown
    held_out = int(re.search(r"holdout\s+│\s+(\d+)", shown)[1])
    assert re.search(rf"planned\s+│\s+{30 - held_out}\b", shown)
    assert f"{held_out} settled; not finished" in shown
    for move, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert f"autumn: {status}" in command(move, "autumn").output
    assert len(wires.planner.runs) == 2


def test_the_status_can_be_had_as_json(command, file):
    """For scripts."""
    command("create", file)
    shown = command("status", "autumn", "--json").output
    assert json.loads(shown[shown.index("{\n") :])["counts"]["planned"] == 0


def test_what_is_refused_is_told_in_one_line(command, file, tmp_path):
    """With exit code 1: an unknown campaign, a wrong key, a stopped campaign, a file that is no request."""
    assert command("status", "winter").exit_code == 1
    assert command("create", file, key="adr_decide_x_y").exit_code == 1
    command("create", file)
    command("cancel", "autumn")
    stopped = command("resume", "autumn")
    assert stopped.exit_code == 1
    assert "409" in stopped.output
    for text in ("{", "[]"):
        (tmp_path / "bad.json").write_text(text)
        assert command("create", str(tmp_path / "bad.json")).exit_code == 1


class Parts:
    """An API that counts by chunk alone."""

    def campaign(self, name, *, chunk=None):
        """Answer for the whole, or for a chunk."""
        if chunk is None:
            return {"campaign": name, "counts": None, "chunks": 2, "planning": "planned", "recipients": 7}
        counts = [{"sent": 3, "skipped": 1}, {"sent": 2, "skipped": 1}][chunk]
        reasons = [{"skipped": {"cap": 1}}, {"skipped": {"holdout": 1}}][chunk]
        return {
            "campaign": name,
            "chunk": chunk,
            "counts": counts,
            "reasons": reasons,
            "unwritten": 0,
            "settled": 3 + chunk,
        }


def test_chunks_are_added_up():
    """Counts, reasons, settled; finished once all are settled."""
    said = counted(Parts(), "autumn")
    assert said["counts"] == {"sent": 5, "skipped": 2}
    assert said["reasons"] == {"skipped": {"cap": 1, "holdout": 1}}
    assert (said["settled"], said["unwritten"], said["finished"]) == (7, 0, True)
