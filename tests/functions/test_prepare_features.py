"""`prepare_features`: the real handler on a compacted lake in memory."""

import json
from datetime import date
from pathlib import Path

import pytest

from addressee.adapters.s3 import S3Bucket
from addressee.models.chunks import chunk_file, read_chunk
from addressee.models.table_files import read_tables
from functions.prepare_features.handler import NoSuchDay, Wiring, handle
from tests.fakes.lake import order, put_compacted
from tests.fakes.s3 import InMemoryS3

EVENT = json.loads(Path("events/prepare_features.json").read_text())
LAST = (date(2026, 3, 31) - date(1970, 1, 1)).days
PEOPLE = [f"{number:032x}" for number in range(1700)]


@pytest.fixture(scope="module")
def rows():
    """Everybody orders once in the last weeks; the first ten a hundred days ago, too."""
    return [
        *(order(subject, LAST - index % 20 - 0.5, "milk") for index, subject in enumerate(PEOPLE)),
        *(order(subject, LAST - 100.5, "bread") for subject in PEOPLE[:10]),
    ]


@pytest.fixture(scope="module")
def lake(rows):
    """Compact those orders."""
    s3 = InMemoryS3()
    put_compacted(s3, "lake", rows)
    return s3


@pytest.fixture
def wired(lake):
    """Wire the handler to a lake of those orders, on the second of April."""
    s3 = InMemoryS3()
    s3.objects.update(lake.objects)
    return Wiring(S3Bucket("lake", s3), S3Bucket("models", s3), lambda: date(2026, 4, 2)), s3


def tables_in(s3, prefix):
    """Read the tables that the handler wrote."""
    return read_tables(lambda name: s3.objects["models", prefix + name])


def test_the_answer_leads_to_tables_and_chunks(wired):
    """`Learn` finds the tables, the kinds, and a manifest whose spans cover everybody once."""
    wiring, s3 = wired
    answer = handle(EVENT, None, wiring)
    assert answer["asOf"] == "2026-03-31"
    assert answer["tables"] == "tables/as_of=2026-03-31/"
    assert "buy_again" in answer["kinds"]
    tables = tables_in(s3, answer["tables"])
    assert list(tables.subjects) == PEOPLE
    manifest = json.loads(s3.objects[answer["manifest"]["bucket"], answer["manifest"]["key"]])
    assert [each for item in manifest for each in range(item["start"], item["stop"])] == list(range(1700))
    assert len(manifest) == answer["chunks"] == 3
    packed = [s3.objects["models", item["tables"] + chunk_file(item["chunk"])] for item in manifest]
    assert [subject for each in packed for subject in read_chunk(each).subjects] == PEOPLE


def test_a_second_run_writes_the_same_bytes(wired):
    """`Learn` twice on the same data gives the same tables."""
    wiring, s3 = wired
    handle(EVENT, None, wiring)
    before = dict(s3.objects)
    handle(EVENT, None, wiring)
    assert s3.objects == before


def test_without_a_day_the_last_complete_one_counts(wired, rows):
    """What came today is left for tomorrow: the day is not over."""
    wiring, s3 = wired
    today = (date(2026, 4, 2) - date(1970, 1, 1)).days
    put_compacted(s3, "lake", [order(PEOPLE[0], today + 0.25, "milk")])
    answer = handle({}, None, wiring)
    assert (
        answer["asOf"]
        == max(
            date.fromordinal(date(1970, 1, 1).toordinal() + row["received_at_ms"] // 86_400_000) for row in rows
        ).isoformat()
    )
    assert answer["counts"]["orders"] == len(rows)


def test_compaction_says_which_day_is_complete(wired):
    """Without `asOf`, `through` of the step before counts."""
    wiring, _ = wired
    assert (
        handle({"dates": 0, "rows": 0, "malformed": 0, "through": "2026-03-20"}, None, wiring)["asOf"] == "2026-03-20"
    )


def test_an_empty_lake_gives_empty_tables_and_no_chunks():
    """The first night after deployment: nothing to learn from, nothing fails."""
    s3 = InMemoryS3()
    wiring = Wiring(S3Bucket("lake", s3), S3Bucket("models", s3), lambda: date(2026, 4, 2))
    answer = handle({}, None, wiring)
    assert answer["asOf"] == "2026-04-01"
    assert answer["chunks"] == 0
    assert json.loads(s3.objects["models", answer["manifest"]["key"]]) == []
    assert tables_in(s3, answer["tables"]).subjects == ()


def test_a_day_that_is_none_is_refused(wired):
    """A typing error in the state machine's input stops the run, it does not learn from another day."""
    with pytest.raises(NoSuchDay, match="2026-13-01"):
        handle({"asOf": "2026-13-01"}, None, wired[0])
