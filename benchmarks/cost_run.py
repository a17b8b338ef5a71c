"""One campaign on a metered twin, from `POST /v1/campaigns` to the last recorded delivery: what suite `cost` prices."""

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

from addressee.adapters.dynamo import to_item
from addressee.adapters.dynamo_scores import body_bytes
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_templates import S3Templates
from addressee.profiles.subject import subject_of
from benchmarks.serving_world import BUCKET, World, make_world, rows_of_another
from cli.api import Api
from cli.deployment import Deployment, deployment_of
from cli.templates import publish_folder
from twin.deploy import deploy
from twin.keys import make_keys, twin_client
from twin.meter import FILE
from twin.process import ROOT, Twin

WARM, MEASURED = "warm", "measured"
"""Two campaigns, each to its own segment: the first one starts the functions, the second one is metered."""
WARMING = 30
PATIENCE_SECONDS = 400.0
QUIET_SECONDS = 8.0


class NotFinished(Exception):
    """The campaign did not come to its end in time: its figures would mean nothing."""


def run_campaign(twin: Twin, people: int) -> tuple[int, float, Deployment]:
    """Run two campaigns; return the meter's length before the second, when it began, and the names."""
    outputs = deploy(twin)
    names, keys = deployment_of(outputs, where="the twin"), make_keys(twin, outputs["KeysSecret"])
    os.environ.update(twin.environment())
    subject_key = twin_client(twin, "secretsmanager").get_secret_value(SecretId=names.subject_secret)["SecretString"]
    subjects = [subject_of(f"user-{n}", kind="user", key=subject_key.encode()) for n in range(WARMING + people)]
    _fill(twin, names, make_world(), subjects)
    publish_folder(ROOT / "templates" / "digest", S3Templates(S3Bucket(names.emails_bucket)))
    meter, api = twin.folder / FILE, Api(outputs["ApiUrl"], keys)
    _mail(api, meter, WARM, WARMING)
    before, begin = meter.stat().st_size, time()
    _mail(api, meter, MEASURED, people)
    return before, begin, names


def _mail(api: Api, meter: Path, segment: str, people: int) -> None:
    """Run one campaign until all of it is recorded."""
    before, now = meter.stat().st_size, datetime.now(UTC)
    api.create_campaign(
        {
            "campaign": segment,
            "audience": {"segment": {"kind": "cost", "name": segment}},
            "template": "digest",
            "window": {"start": now.isoformat(), "end": (now + timedelta(days=1)).isoformat()},
            "timing": "at_once",
            "quietHours": "",
            "holdout": 0,
        }
    )
    _await_deliveries(meter, before, people)


def _fill(twin: Twin, names: Deployment, world: World, subjects: list[str]) -> None:
    """Load models, items and people, each with a history of their own and all rows that a profile can have."""
    s3, dynamodb = twin_client(twin, "s3"), twin_client(twin, "dynamodb")
    for key, body in world.objects().items():
        s3.put_object(Bucket=names.models_bucket, Key=key.removeprefix(f"/{BUCKET}/"), Body=body)
    items = [to_item(item) for item in world.items.values()]
    people = [
        to_item({**each, "subject": subject, **_own(each, number)})
        for number, subject in enumerate(subjects)
        for each in rows_of_another(world, number)
        if each["part"] != "touches"
    ]
    for table, rows in ((names.items_table, items), (names.profiles_table, people)):
        for start in range(0, len(rows), 25):
            requests = [{"PutRequest": {"Item": item}} for item in rows[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={table: requests})


def _own(each: Mapping[str, Any], number: int) -> dict[str, Any]:
    if each["part"] == "person":
        return {"user_id": f"user-{number}", "address": f"user-{number}@example.com", "first_name": "Ada"}
    if each["part"] == "scores":
        segments = {"cost": WARM if number < WARMING else MEASURED}
        return {"body": body_bytes(json.loads(zlib.decompress(each["body"])) | {"segments": segments})}
    return {}


def _await_deliveries(meter: Path, before: int, people: int) -> None:
    """Wait until every row was moved to `delivered` and the meter has been quiet for a while."""
    deadline, quiet_since, seen = monotonic() + PATIENCE_SECONDS, monotonic(), 0
    while monotonic() < deadline:
        calls = list(lines(meter, before))
        fed = sum(each["service"] in {"kinesis", "firehose"} for each in calls)
        if fed != seen:
            seen, quiet_since = fed, monotonic()
        if _delivered(calls) >= people and monotonic() - quiet_since > QUIET_SECONDS:
            return
        sleep(1)
    raise NotFinished(f"{_delivered(list(lines(meter, before)))} of {people} mails were recorded as delivered")


def _delivered(lines: list[dict[str, Any]]) -> int:
    updates = (each for each in lines if each["operation"] == "UpdateItem")
    return sum('"delivered"' in json.dumps(each["body"].get("ExpressionAttributeValues")) for each in updates)


def lines(meter: Path, start: int) -> Iterator[dict[str, Any]]:
    """Read the metered calls from the place `start` (bytes) on."""
    with meter.open("rb") as source:
        source.seek(start)
        data = source.read()
    yield from (json.loads(line) for line in data.splitlines() if line.endswith(b"}"))
