"""The app, deployed once per run into a twin that enforces IAM."""

import json
import os
from collections.abc import Iterator

import pytest

from tests.e2e.correspondence import Correspondence, correspond
from tests.e2e.feedback import Told, mail_and_listen
from tests.e2e.mailing import Mailing
from tests.e2e.sent import Sent, send_to_four
from tests.e2e.stack import Stack
from twin.deploy import deploy, read_outputs
from twin.keys import make_keys
from twin.process import ROOT, Twin, free_port

FOLDER = ROOT / os.environ.get("ADDRESSEE_TWIN_FOLDER", ".build/twin-e2e")  # one for each run at the same time
PYTHON = ROOT / ".build" / "twin-venv" / "bin" / "python"
CONTEXT = {
    "send_timeout_seconds": "8",  # a killed worker's message comes again after six times that
    "unknown_after_minutes": "2",
    "soft_bounce_limit": "2",
    "canary_share": "0.5",
    "topics": '{"news": "News and offers", "tips": "Tips"}',
}
KEEP = "ADDRESSEE_KEEP_TWIN"  # set to a port, the twin of the last run is used again and left running


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Start, deploy, make keys; stop at the end."""
    kept = os.environ.get(KEEP)
    twin = Twin(FOLDER, int(kept or free_port()), enforce_iam=True)
    if not (kept and twin.pid() and twin.outputs_file.exists()):
        twin.stop()
        twin.start(PYTHON)
        deploy(twin, CONTEXT)
    outputs = read_outputs(twin)
    yield Stack(twin, outputs, make_keys(twin, outputs["KeysSecret"]))
    if not kept:
        twin.stop()


@pytest.fixture(scope="session")
def mailing(stack: Stack) -> Mailing:
    """Publish the sample template and put some products."""
    ready = Mailing(stack)
    ready.prepare()
    return ready


@pytest.fixture(scope="session")
def sent(mailing: Mailing) -> Sent:
    """Send one campaign; what became of it is looked at by all tests of mails."""
    return send_to_four(mailing)


@pytest.fixture(scope="session")
def told(mailing: Mailing) -> Told:
    """Mail one campaign of which SES told; what came back is looked at by all tests of feedback."""
    return mail_and_listen(mailing)


@pytest.fixture(scope="session")
def correspondents(mailing: Mailing) -> dict[str, Correspondence]:
    """Mail everybody once whose links are followed; by word, `reader` being the one who posts nothing."""
    return correspond(mailing)


@pytest.fixture(scope="session")
def outputs(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Write the outputs into a file, as `cdk deploy` does, and return the option that names it."""
    file = tmp_path_factory.mktemp("outputs") / "outputs.json"
    file.write_text(json.dumps(stack.outputs))
    return "--outputs", str(file)
