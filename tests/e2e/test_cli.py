"""The `addressee` command against the deployed stack, as an engineer runs it."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.command import addressee, run
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import order


@pytest.fixture
def card(stack: Stack) -> Iterator[tuple[str, str]]:
    """Put a version of a made-up kind into the registry for a while: what is listed has a `bundle.json`."""
    kind, version = "made_up", f"2026-01-31-{uuid4().hex[:12]}"
    s3, bucket = stack.client("s3"), stack.outputs["ModelsBucket"]
    files = {"card.md": b"# Card of a model\n\nIt beats its floor.\n", "card.json": b"{}", "bundle.json": b"{}"}
    for name, body in files.items():
        s3.put_object(Bucket=bucket, Key=f"models/{kind}/{version}/{name}", Body=body)
    yield kind, version
    for name in files:
        s3.delete_object(Bucket=bucket, Key=f"models/{kind}/{version}/{name}")


def post(stack: Stack, write_key: str) -> int:
    """Send one event with a write key in the body; return the status."""
    body = {"writeKey": write_key, "batch": [order(f"cli-{uuid4().hex[:6]}", "tea-1")]}
    return stack.call("POST", "/v1/batch", body).status


def test_a_key_is_made_used_listed_and_revoked(stack: Stack):
    """The key is printed once; the secret holds its hash alone."""
    key = addressee(stack, "keys", "create", "write").strip()
    _, scope, key_id, _ = key.split("_", 3)
    assert scope == "write"
    until(lambda: post(stack, key) == 200)
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["KeysSecret"])["SecretString"]
    assert key_id in secret
    assert key not in secret
    assert "revoked" in addressee(stack, "keys", "revoke", key_id)
    (line,) = [line for line in addressee(stack, "keys", "list").splitlines() if key_id in line]
    assert "revoked" in line
    assert run(stack, "keys", "create", "root").stderr.startswith("addressee: root: a scope is one of")


def test_models_are_listed_and_their_cards_shown(stack: Stack, card: tuple[str, str]):
    """A version by name; a kind that has none says so."""
    kind, version = card
    assert any(kind in line and version in line for line in addressee(stack, "models", "list", "--all").splitlines())
    assert "It beats its floor." in addressee(stack, "models", "show", kind, version)
    missing = run(stack, "models", "show", kind)
    assert missing.returncode == 1
    assert "has no such version" in missing.stdout + missing.stderr


def test_a_decision_is_shown_as_it_was_answered(stack: Stack):
    """By its id alone."""
    asked = {"campaign": f"cli-{uuid4().hex[:6]}", "userId": "cli-reader"}
    answered = stack.call("POST", "/v1/decisions", asked, scope="decide").body
    shown: dict[str, Any] = json.loads(addressee(stack, "decisions", "show", answered["decisionId"]))
    assert shown == answered


def test_doctor_finds_every_part_answering(stack: Stack, tmp_path: Path):
    """Tables, buckets, stream, secrets, Learn and the API; a part that is gone is named."""
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(stack.outputs))
    lines = addressee(stack, "--outputs", str(file), "doctor").splitlines()
    assert sum("answers" in line for line in lines) >= 18
    file.write_text(json.dumps({**stack.outputs, "LakeBucket": "no-such-bucket"}))
    broken = run(stack, "--outputs", str(file), "doctor")
    assert broken.returncode == 1
    assert any("no-such-bucket" in line and "answers" not in line for line in broken.stdout.splitlines())


def test_subscribers_are_imported_and_the_refused_are_reported(stack: Stack, tmp_path: Path):
    """One grant has its proof and time, one has no proof: the first may be mailed, the second is in the report."""
    mark = uuid4().hex[:8]
    file, report = tmp_path / "people.csv", tmp_path / "refused.csv"
    file.write_text(
        "user_id,email,consent_email,consent_email_proof,consent_email_at\n"
        f"good-{mark},good-{mark}@example.com,yes,simulated,2026-01-05T10:00:00Z\n"
        f"bare-{mark},bare-{mark}@example.com,yes,,2026-01-05T10:00:00Z\n"
    )
    said = addressee(stack, "import", "subscribers", str(file), "--refused", str(report))
    assert "1 x consent.email.proof: a grant needs a proof" in said
    with report.open(newline="") as rows:
        (refused,) = csv.DictReader(rows)
    assert (refused["id"], refused["field"]) == (f"bare-{mark}", "consent.email.proof")
    rows_of = {name: stack.rows(stack.subject(f"{name}-{mark}")) for name in ("good", "bare")}
    assert rows_of["good"]["consent"]["c_email"]["M"]["granted"]["BOOL"] is True
    assert rows_of["bare"] == {}
