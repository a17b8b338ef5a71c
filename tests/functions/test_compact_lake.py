"""The handler of `compact_lake` on a bucket in memory."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from addressee.adapters.lake_files import LakeFiles, RawObject, readable
from addressee.adapters.s3 import PreconditionFailed
from addressee.adapters.s3_lake import S3Lake
from functions.compact_lake.handler import MAX_PASS_BYTES, Wiring, handle, passes, wiring
from tests.fakes.lake import link, order
from tests.fakes.s3 import InMemoryS3

SAMPLE = json.loads(Path("events/compact_lake.json").read_text(encoding="utf-8"))
NOON = datetime(2024, 10, 7, 12, tzinfo=UTC)
FIRST_DAY = 20_000
"""2024-10-04."""


class Lake:
    """A lake bucket in memory and the handler wired to it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.s3 = InMemoryS3()
        self.wiring = Wiring(LakeFiles("lake", ThreadPoolExecutor(2), self.s3), lambda: NOON)

    def compact(self):
        """Run the handler."""
        return handle(SAMPLE, None, self.wiring)

    def import_rows(self, rows):
        """Land rows as an import does."""
        S3Lake("lake", self.s3).append(rows)

    def deliver(self, name, body):
        """Land an object as Firehose does."""
        self.s3.objects["lake", f"raw/received_date=2024-10-06/{name}"] = body

    def keys(self, prefix):
        """List keys below a prefix."""
        return [key for _, key in sorted(self.s3.objects) if key.startswith(prefix)]

    def days(self):
        """Return the compacted files."""
        return {key: self.s3.objects["lake", key] for key in self.keys("events/")}


@pytest.fixture
def lake():
    """Begin with an empty lake."""
    return Lake()


def lines(rows):
    """Write rows newline-delimited."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_an_empty_lake_reaches_nowhere(lake):
    """Answer null."""
    assert lake.compact() == {"dates": 0, "rows": 0, "malformed": 0, "through": None}


def test_raw_rows_become_one_file_a_day(lake):
    """Compact imported and delivered objects, gzipped or not; today is not complete."""
    rows = [order("a" * 32, FIRST_DAY + number / 2, "tea") for number in range(8)]
    lake.import_rows(rows[:4])
    lake.deliver("one", lines(rows[4:6]))
    lake.deliver(
        "two", gzip.compress(lines(rows[6:7])) + gzip.compress(lines([*rows[7:], link("c" * 32, "a" * 32, FIRST_DAY)]))
    )
    assert lake.compact() == {"dates": 4, "rows": 9, "malformed": 0, "through": "2024-10-06"}
    days = [f"events/received_date=2024-10-{day:02}/events.parquet" for day in (4, 5, 6, 7)]
    assert lake.keys("events/") == days
    assert lake.keys("raw/") == []


def test_a_second_run_changes_nothing_and_says_the_same_day(lake):
    """Find nothing to do."""
    lake.import_rows([order("a" * 32, FIRST_DAY, "tea")])
    lake.compact()
    before = dict(lake.s3.objects)
    assert lake.compact() == {"dates": 0, "rows": 0, "malformed": 0, "through": "2024-10-04"}
    assert lake.s3.objects == before


def test_a_late_row_of_an_old_day_joins_it(lake):
    """Touch that day alone; a copy changes no byte."""
    rows = [order("a" * 32, FIRST_DAY + number, "tea") for number in range(3)]
    lake.import_rows(rows)
    lake.compact()
    before = lake.days()
    lake.deliver("late", lines([order("b" * 32, FIRST_DAY + 0.5, "jam"), rows[1]]))
    assert lake.compact()["rows"] == 3
    after = lake.days()
    assert [before[key] == after[key] for key in before] == [False, True, True]


def test_malformed_lines_are_set_aside(lake):
    """Keep broken lines and objects under `malformed/`, and go on."""
    good = order("a" * 32, FIRST_DAY, "tea")
    lake.deliver("mixed", b"cut off {\n" + lines([good]) + b"\xff\xfe\n\x01\n")
    lake.deliver("damaged", gzip.compress(lines([good]))[:-9])
    assert lake.compact()["malformed"] == 4
    (key,) = lake.keys("malformed/2024-10-07/")
    assert b"cut off {\n" in lake.s3.objects["lake", key]
    assert lake.keys("raw/") == []


def test_a_crash_before_raw_objects_are_gone_repeats_to_the_same_bytes(lake):
    """Put the raw objects back, as if the process had died before deleting them."""
    lake.import_rows([order("a" * 32, FIRST_DAY, "tea")])
    raw = dict(lake.s3.objects)
    lake.compact()
    days = lake.days()
    lake.s3.objects.update(raw)
    assert lake.compact()["dates"] == 1
    assert lake.days() == days


def test_two_runs_at_once_do_not_lose_rows(lake):
    """Let another run replace a day between read and write: this one raises, and its raw objects stay."""
    lake.import_rows([order("a" * 32, FIRST_DAY, "tea")])
    lake.compact()
    lake.import_rows([order("b" * 32, FIRST_DAY, "tea")])
    files = lake.wiring.lake
    fetch = files.fetch_days

    def slow(*args):
        fetched = fetch(*args)
        lake.s3.objects["lake", lake.keys("events/")[0]] += b"!"
        return fetched

    files.fetch_days = slow
    with pytest.raises(PreconditionFailed):
        lake.compact()
    assert len(lake.keys("raw/")) == 1


def test_large_backlogs_are_cut_into_passes():
    """Weigh a gzipped object by what it unpacks to; one that is too large goes alone."""
    plain = [RawObject(f"{number}", MAX_PASS_BYTES // 2) for number in range(3)]
    zipped = RawObject("z.gz", MAX_PASS_BYTES)
    assert list(passes([*plain, zipped])) == [plain[:2], plain[2:], [zipped]]
    assert list(passes([])) == []


def test_lines_beyond_all_measure_are_split_off():
    """Do not let one line stop the reader."""
    huge = b"x" * 4_000_001
    assert readable(b"one\n" + huge) == (b"one\n", [huge])


def test_the_wiring_is_built_from_the_environment(monkeypatch):
    """Build the adapters from the variables that the template sets."""
    for variable in ("LAKE_BUCKET", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, "us-east-1")
    assert isinstance(wiring(), Wiring)
    wiring.cache_clear()
