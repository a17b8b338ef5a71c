"""The life of two models through the real handlers: trained, tried on some people, scored, served, rolled back."""

import json
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path

from addressee.adapters.dynamo_scores import DynamoScores
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_models import S3Models
from addressee.adapters.s3_registry import S3Registry
from addressee.models.chunks import chunk_file, pack_chunk
from addressee.models.registry import rolled_back
from addressee.models.table_files import pack_tables
from functions.score_profiles.handler import Wiring as Scoring
from functions.score_profiles.handler import handle as score_profiles
from functions.train_models.handler import Wiring as Training
from functions.train_models.handler import handle as train_models
from tests.fakes.dynamo_rows import InMemoryRows
from tests.fakes.s3 import InMemoryS3
from tests.models.generated import generate

TRAIN = json.loads(Path("events/train_models.json").read_text())
SCORE = json.loads(Path("events/score_profiles.json").read_text())
KIND = TRAIN["kind"]


def versions_of(rows):
    """Return the version that scored each person last night."""
    bodies = {subject: json.loads(zlib.decompress(row["body"])) for (subject, _), row in rows.rows.items()}
    return {subject: body["versions"][KIND] for subject, body in bodies.items()}


def test_a_canary_is_the_same_people_for_training_scoring_and_serving():
    """The nightly list of each is of the version that answers them; after a rollback everybody is the champion's."""
    tables, s3, faults = generate(people=150), InMemoryS3(), []
    s3.objects.update({("models", TRAIN["tables"] + name): body for name, body in pack_tables(tables).items()})
    s3.objects["models", SCORE["tables"] + chunk_file(SCORE["chunk"])] = pack_chunk(tables, 0, 150)
    bucket, rows, seconds = S3Bucket("models", s3), InMemoryRows(), iter(range(0, 10_000, 61))
    registry = S3Registry(bucket)
    serving = S3Models(bucket, on_fault=lambda *fault: faults.append(fault), clock=lambda: next(seconds))
    score = partial(
        score_profiles, SCORE, None, Scoring(S3Bucket("lake", s3), bucket, registry, DynamoScores("p", rows))
    )
    training = Training(bucket, registry, canary_share=0.3, now_ms=lambda: 1_735_000_000_000)

    def served():
        champions = serving.current()
        return {subject: champions.of(subject).versions[KIND] for subject in tables.subjects}

    first = train_models(TRAIN, None, training)
    second = train_models(TRAIN, None, replace(training, revision="of a later release"))
    assert (first["state"], second["state"], second["champion"]) == ("champion", "challenger", first["version"])
    score()
    assert served() == versions_of(rows)
    assert 150 * 0.1 < list(served().values()).count(second["version"]) < 150 * 0.5

    registry.change(partial(rolled_back, kind=KIND, now_ms=1_736_000_000_000, reason="fewer clicks"))
    assert set(served().values()) == {first["version"]}
    again = train_models(TRAIN, None, replace(training, revision="of a later release"))
    assert (again["published"], again["version"]) == (False, first["version"])
    score()
    assert served() == versions_of(rows)
    assert faults == []
