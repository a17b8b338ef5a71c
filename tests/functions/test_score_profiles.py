"""`score_profiles`: the real handler on chunks, bundles and tables in memory."""

import json
import zlib
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from addressee.adapters.dynamo_scores import DynamoScores
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import SERVING_FILE, seal
from addressee.models.chunks import chunk_file, pack_chunk
from addressee.models.kinds import kind_of
from addressee.models.packed import pack
from addressee.models.prepare import prepare_tables
from addressee.models.registry import in_canary
from functions.score_profiles.handler import ChunkMissing, Wiring, handle
from tests.fakes.dynamo_rows import InMemoryRows
from tests.fakes.lake import lake_of, order
from tests.fakes.s3 import InMemoryS3

EVENT = json.loads(Path("events/score_profiles.json").read_text())
AS_OF = date(2026, 3, 31)
TODAY = (AS_OF - date(1970, 1, 1)).days
PEOPLE = [f"{number:032x}" for number in range(60)]
SNAPSHOT = "snapshots/scores/as_of=2026-03-31/part-00000.parquet"


@pytest.fixture(scope="module")
def tables():
    """Prepare what sixty people bought in the last three weeks."""
    with lake_of(order(each, TODAY - place % 20 - 0.5, "milk") for place, each in enumerate(PEOPLE)) as lake:
        return prepare_tables(lake, as_of=AS_OF)


@pytest.fixture
def s3(tables):
    """Put two chunks and the champion of `buy_again` into the bucket."""
    s3 = InMemoryS3()
    for chunk, (start, stop) in enumerate([(0, 40), (40, 60)]):
        s3.objects["models", EVENT["tables"] + chunk_file(chunk)] = pack_chunk(tables, start, stop)
    publish(s3, tables, "buy_again", feature_hash="")
    return s3


def publish(s3, tables, kind, *, feature_hash, share=0.0, **more):
    """Fit a kind and serve it, besides those there are: to everybody, or as a challenger to a share."""
    fitted = kind_of(kind).fit(tables, until=TODAY, recipe=kind_of(kind).recipes()[0], rng=np.random.default_rng(1))
    about = {
        "family": fitted.family,
        "features": [],
        "feature_hash": feature_hash,
        "recipe": dict(fitted.recipe),
        "settings": dict(fitted.settings),
        **more,
    }
    bundle = seal(kind, "2026-03-31", {SERVING_FILE: pack(fitted.sections)}, about)
    S3Registry(S3Bucket("models", s3)).publish(bundle, share=share)
    return bundle.version


def wired(s3, rows):
    """Wire the handler to fakes."""
    models = S3Bucket("models", s3)
    return Wiring(S3Bucket("lake", s3), models, S3Registry(models), DynamoScores("profiles", rows))


def test_a_chunk_is_scored_and_written(s3):
    """Everybody in the chunk, and nobody else, has a `scores` row, though DynamoDB left some for a second try."""
    rows = InMemoryRows(throttled=1)
    assert handle(EVENT, None, wired(s3, rows)) == {"scored": 40, "kinds": ["buy_again"]}
    assert sorted(rows.rows) == [(subject, "scores") for subject in PEOPLE[:40]]
    body = json.loads(zlib.decompress(rows.rows[PEOPLE[0], "scores"]["body"]))
    assert body["as_of"] == "2026-03-31"
    assert body["candidates"]["buy_again"][0][0] == "milk"
    assert list(body["versions"]) == ["buy_again"]
    assert body["scores"] == body["segments"] == {}


def test_a_repeat_changes_nothing(s3):
    """The same chunk twice gives the same rows and the same snapshot, byte for byte."""
    rows = InMemoryRows()
    handle(EVENT, None, wired(s3, rows))
    before = dict(rows.rows), dict(s3.objects)
    handle(EVENT, None, wired(s3, rows))
    assert (rows.rows, s3.objects) == before


def test_items_may_come_in_a_batch(s3):
    """A Distributed Map with a batcher hands over several items; both chunks are scored."""
    rows = InMemoryRows()
    answer = handle({"Items": [EVENT, {**EVENT, "chunk": 1, "start": 40, "stop": 60}]}, None, wired(s3, rows))
    assert answer["scored"] == 60
    assert {subject for subject, _ in rows.rows} == set(PEOPLE)


def test_the_snapshot_is_parquet_that_sql_can_ask(s3, tmp_path):
    """One row for each person; candidates are lists of structures by use."""
    handle(EVENT, None, wired(s3, InMemoryRows()))
    file = tmp_path / "part.parquet"
    file.write_bytes(s3.objects["lake", SNAPSHOT])
    sql = "SELECT count(*), count(DISTINCT subject), any_value(candidates['buy_again'][1].item_id) FROM read_parquet(?)"
    with duckdb.connect() as own:
        assert own.execute(sql, [str(file)]).fetchall() == [(40, 40, "milk")]


def test_without_champions_nothing_is_written(s3):
    """Before the first model passes the gate there are no rows and no snapshot."""
    del s3.objects["models", "models/champions.json"]
    rows = InMemoryRows()
    assert handle(EVENT, None, wired(s3, rows)) == {"scored": 0, "kinds": []}
    assert rows.rows == {}
    assert ("lake", SNAPSHOT) not in s3.objects


def test_a_champion_of_other_features_is_left_out(s3, tables, capsys):
    """A model trained on features that are no more is refused; the others are used, and the log says why."""
    publish(s3, tables, "rfm_tiers", feature_hash="of yesterday")
    rows = InMemoryRows()
    assert handle(EVENT, None, wired(s3, rows))["kinds"] == ["buy_again"]
    assert "bundle refused" in capsys.readouterr().out


def test_a_kind_that_this_code_does_not_know_is_left_out(s3, capsys):
    """After a kind was removed its pointer stays in the registry; scoring goes on without it."""
    pointers = json.loads(s3.objects["models", "models/champions.json"])
    pointers["of_yore"] = pointers["buy_again"]
    s3.objects["models", "models/champions.json"] = json.dumps(pointers).encode()
    assert handle(EVENT, None, wired(s3, InMemoryRows()))["kinds"] == ["buy_again"]
    assert "of_yore" in capsys.readouterr().out


def test_a_missing_chunk_is_named(s3):
    """A manifest that points nowhere fails with the key."""
    with pytest.raises(ChunkMissing, match=r"chunks/00007\.npz"):
        handle({**EVENT, "chunk": 7}, None, wired(s3, InMemoryRows()))


def versions_of(rows):
    """Return the version that scored each person."""
    bodies = {subject: json.loads(zlib.decompress(row["body"])) for (subject, _), row in rows.rows.items()}
    return {subject: body["versions"]["buy_again"] for subject, body in bodies.items()}


def test_people_in_the_canary_are_scored_by_the_challenger(s3, tables):
    """The row says by which version; the hash says who."""
    champion = S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].champion
    new = publish(s3, tables, "buy_again", feature_hash="", share=0.5, revision="new")
    rows = InMemoryRows()
    handle(EVENT, None, wired(s3, rows))
    expected = {each: new if in_canary(each, "buy_again", new, 0.5) else champion for each in PEOPLE[:40]}
    assert versions_of(rows) == expected
    assert set(expected.values()) == {champion, new}


def test_a_challenger_that_is_refused_is_counted_and_costs_nobody_a_row(s3, tables, capsys):
    """Everybody is the champion's."""
    champion = S3Registry(S3Bucket("models", s3)).pointers()["buy_again"].champion
    new = publish(s3, tables, "buy_again", feature_hash="of tomorrow", share=0.5)
    rows = InMemoryRows()
    assert handle(EVENT, None, wired(s3, rows)) == {"scored": 40, "kinds": ["buy_again"]}
    assert set(versions_of(rows).values()) == {champion}
    record = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (record["ModelFaults"], record["faults"]) == (1, [f"buy_again {new} refused"])
