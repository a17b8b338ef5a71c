"""A wired `watch_models` in memory, and the tables and bundles that it watches."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from addressee.adapters.decision_scan import DecisionScan
from addressee.adapters.dynamo import to_item
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.adapters.step_functions import LearnMachine
from addressee.decisions.decision import to_body
from addressee.models.bundle import seal
from addressee.models.chunks import MANIFEST
from addressee.models.kinds import kind_of
from addressee.models.packed import pack
from addressee.models.reference import reference_file
from addressee.models.table_files import pack_tables, tables_prefix
from functions.watch_models.handler import Wiring
from tests.fakes.s3 import InMemoryS3
from tests.models.generated import AS_OF_DAY, generate

EVENT = json.loads(Path("events/watch_models.json").read_text())
EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000
NOW_MS = (AS_OF_DAY + 8) * DAY_MS + 6 * 3_600_000
TODAY = (EPOCH + timedelta(AS_OF_DAY + 8)).isoformat()


class Machine:
    """A botocore client of Step Functions that starts a run of a name once."""

    def __init__(self):
        """Begin without runs."""
        self.runs = []

    def start_execution(self, *, stateMachineArn, name, input):  # noqa: A002, N803  # botocore's names
        """Note the run."""
        assert (stateMachineArn, input) == ("learn", "{}")
        self.runs.append(name)


class Decisions:
    """A botocore client of the Decisions table: two rows a page, filtered as DynamoDB does."""

    def __init__(self, decisions=()):
        """Hold decisions."""
        self.rows = list(decisions)

    def scan(self, *, TableName, ExpressionAttributeValues, ExclusiveStartKey=None, **_):  # noqa: N803  # botocore's names
        """Return a page."""
        assert TableName == "decisions"
        start, since = int(ExclusiveStartKey or 0), int(ExpressionAttributeValues[":since"]["N"])
        page = [each for each in self.rows[start : start + 500] if each.decided_at_ms >= since]
        more = {"LastEvaluatedKey": start + 500} if start + 500 < len(self.rows) else {}
        return {"Items": [to_item({"body": to_body(each)}) for each in page], **more}


@cache
def generated_tables():
    """Generate the tables of the training day, once."""
    return generate(people=400)


def on_day(tables, later, **now):
    """Return the tables as those of `later` days after; `now` replaces columns of everybody's features."""
    features = tables.now.features.copy()
    for name, values in now.items():
        features[:, tables.metadata.feature_names.index(name)] = values
    day = AS_OF_DAY + later
    known = replace(tables.metadata, as_of_day=day, as_of=(EPOCH + timedelta(day)).isoformat())
    return replace(tables, metadata=known, now=replace(tables.now, features=features))


def bundle_of(tables, kind, *, recipe=0):
    """Fit a kind on the tables and seal it with its reference, as training does."""
    known = kind_of(kind)
    fitted = known.fit(tables, until=AS_OF_DAY, recipe=known.recipes()[recipe], rng=np.random.default_rng(1))
    about = {"family": fitted.family, "features": [], "recipe": dict(fitted.recipe), "settings": dict(fitted.settings)}
    about["feature_hash"] = tables.metadata.feature_hash if known.uses_features else ""
    files = {"serving.bin": pack(fitted.sections), **reference_file(known, tables, fitted)}
    return seal(kind, tables.metadata.as_of, files, about)


@cache
def fitted_bundles():
    """Fit two kinds once."""
    return [bundle_of(generated_tables(), kind) for kind in ("buy_again", "rfm_tiers")]


def put_tables(s3, tables):
    """Write the tables, their manifest last."""
    prefix = tables_prefix(tables.metadata.as_of)
    for name, body in {**pack_tables(tables), MANIFEST: b"[]"}.items():
        s3.objects["models", prefix + name] = body


def wire(s3, *, machine=None, decisions=(), **given):
    """Wire the handler to memory."""
    models = S3Bucket("models", s3)
    return Wiring(
        S3Bucket("lake", s3),
        models,
        S3Registry(models),
        DecisionScan("decisions", Decisions(decisions)),
        LearnMachine("learn", machine or Machine()),
        now_ms=lambda: NOW_MS,
        **given,
    )


def published():
    """Publish the kinds on the training day's tables."""
    memory = InMemoryS3()
    put_tables(memory, generated_tables())
    for bundle in fitted_bundles():
        S3Registry(S3Bucket("models", memory)).publish(bundle)
    return memory


def report_of(s3):
    """Read the report of the day."""
    return json.loads(s3.objects["models", f"models/watch/{TODAY}.json"])


def lines(capsys):
    """Read the log."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
