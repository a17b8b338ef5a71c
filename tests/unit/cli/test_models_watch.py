"""`addressee models watch`: what the last report says, in words."""

import json

import pytest
from typer.testing import CliRunner

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.watch_reports import put_report
from cli.deployment import Deployment
from cli.models import app
from tests.fakes.s3 import InMemoryS3

MOVED = {"column": "2026-03-01/recency_days", "said": "days since the last order: median 3 -> 9 (PSI 0.40)"}
CALM = {"column": "2026-03-01/orders_total", "psi": 0.0123}
REPORT = {
    "asOf": "2026-03-08",
    "drift": {
        "rate": 0.01,
        "floor": 0.2,
        "columns": 60,
        "compared": {"buys_in_7_days": {"version": "2026-03-01-a", "asOf": "2026-03-01"}},
        "moved": [MOVED],
        "calm": [CALM],
        "do": "First see whether the shop's events are whole.",
    },
    "performance": {"buys_in_7_days": {"version": "v", "day": "2026-03-01", "People": 4321.0, "RocAuc": 0.7512}},
    "canaries": {
        "discover": {"challenger": "2026-03-07-b", "action": "roll back", "reason": "people click surely less"}
    },
    "retrain": {"why": "1 columns moved, buys_in_7_days trained before", "started": True, "last": "2026-03-09"},
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return what runs the command against a bucket that holds reports, oldest first."""
    s3 = InMemoryS3()
    monkeypatch.setattr("addressee.adapters.s3.client", lambda _: s3)
    outputs = tmp_path / "outputs.json"
    names = {"".join(map(str.capitalize, each.split("_"))): "models" for each in Deployment.__dataclass_fields__}
    outputs.write_text(json.dumps({"Addressee": names}))

    def invoke(*reports, words=()):
        for day, report in enumerate(reports, start=9):
            put_report(S3Bucket("models", s3), f"2026-03-{day:02}", report)
        result = CliRunner().invoke(app, ["watch", *words], obj=outputs, env={"COLUMNS": "160"})
        return result.exit_code, result.output

    return invoke


def test_what_moved_and_what_to_do_is_said(run):
    """With the figures of the served models, the canary and the retraining."""
    code, shown = run(REPORT)
    assert code == 0
    for words in (
        "watched on 2026-03-09, people of 2026-03-08",
        "1 moved (of 60 columns, PSI from 0.2 on, 1.0% false alarms)",
        MOVED["said"],
        "First see whether",
        "4,321",
        "0.751",
        "canary of discover, 2026-03-07-b: roll back: people click surely less",
        "retraining started: 1 columns moved",
    ):
        assert words in shown


def test_the_newest_report_counts(run):
    """A calm day names the largest shifts; a first one has nothing to compare."""
    calm = {**REPORT, "drift": {**REPORT["drift"], "moved": []}, "performance": {}, "canaries": {}}
    shown = run(REPORT, calm)[1]
    assert "2026-03-10" in shown
    assert "largest PSI: 2026-03-01/orders_total 0.012" in shown
    assert "no snapshot of scores is old enough" in shown
    late = {**calm, "retrain": {"why": "moved", "started": False, "last": "2026-03-09"}}
    assert "not again so soon (last 2026-03-09)" in run(REPORT, late)[1]
    first = {**calm, "drift": {**REPORT["drift"], "compared": {}}}
    assert "every champion has seen these people" in run(REPORT, calm, first)[1]


def test_the_report_is_printed_as_json(run):
    """For other programs."""
    assert json.loads(run(REPORT, words=["--json"])[1])["asOf"] == "2026-03-08"


def test_before_the_first_watch_there_is_nothing_to_print(run):
    """Exit code 1, and why."""
    code, shown = run()
    assert code == 1
    assert "nobody has watched yet" in shown
