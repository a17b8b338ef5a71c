"""The scan of Profiles, over the wire: every person once, whatever the pages and segments."""

import json

import pytest

from addressee.adapters.dynamo import to_item
from addressee.adapters.profile_scan import ProfileScan
from addressee.profiles.packing import pack
from addressee.profiles.state import State

CONSENT = {"granted": True, "at": 5, "id": "m", "proof": "form", "source": "crm"}


def put(table, subject, **parts):
    """Write rows of a subject."""
    for part, row in parts.items():
        table.dynamodb.put_item(TableName=table.name, Item=to_item({"subject": subject, "part": part, **row}))


def person(table, subject, **more):
    """Write somebody who could be mailed."""
    known = {"person": {"user_id": "u", "address": "a@example.com"}, "consent": {"c_email": CONSENT}}
    put(table, subject, **{**known, **more})


@pytest.fixture
def scan(profiles_table):
    """Scan an empty table; what is damaged is noted."""
    damaged = []
    found = ProfileScan(profiles_table.name, profiles_table.dynamodb, on_damaged=damaged.append)
    return found, profiles_table, damaged


def test_all_rows_of_a_person_are_folded_into_one(scan):
    """State, traits, consent, scores, address."""
    found, table, _ = scan
    scores = {"as_of": "2026-01-30", "segments": {"rfm_tiers": "loyal"}}
    person(
        table,
        "0a",
        state={"packed": pack(State(last_open_ms=7)), "version": 1},
        traits={"t_time_zone": {"v": "Asia/Tokyo", "at": 1, "id": "m"}},
        scores={"body": json.dumps(scores).encode()},
        touches={"body": b'[["0a.x",3]]', "version": 1},
    )
    (only,) = found.persons(0, 1)
    assert (only.subject, only.address, only.granted, only.granted_at_ms) == ("0a", "a@example.com", True, 5)
    assert (only.state.last_open_ms, only.time_zone) == (7, "Asia/Tokyo")
    assert only.scores.segments == {"rfm_tiers": "loyal"}


def test_visitors_pointers_and_people_without_address_or_consent_are_nobody(scan):
    """They are passed by, between others."""
    found, table, _ = scan
    for subject in ("0a", "0e"):
        person(table, subject)
    put(table, "0b", state={"packed": pack(State()), "version": 1})
    put(table, "0c", state={"merged_into": "0a", "merged_by": "m", "merged_at_ms": 1})
    put(table, "0d", person={"user_id": "u"}, consent={"c_email": CONSENT})
    put(table, "0f", person={"user_id": "u", "address": "a@example.com"})
    assert {each.subject for each in found.persons(0, 1)} == {"0a", "0e"}


def test_whose_state_is_damaged_is_left_out_and_told(scan):
    """The others are read."""
    found, table, damaged = scan
    person(table, "0a", state={"packed": b"\xff\xff", "version": 1})
    person(table, "0b")
    assert [each.subject for each in found.persons(0, 1)] == ["0b"]
    assert damaged == ["0a"]


@pytest.mark.parametrize("of", [1, 3, 16])
def test_every_person_is_in_one_segment_over_all_pages(scan, of):
    """About 3 MB: pages end within a person's rows."""
    found, table, _ = scan
    subjects = {f"{number * 2_654_435_761 % 2**32:08x}" for number in range(60)}
    for subject in subjects:
        person(table, subject, traits={"t_long": {"v": "x" * 50_000, "at": 1, "id": "m"}})
    read = [each for segment in range(of) for each in found.persons(segment, of)]
    assert sorted(each.subject for each in read) == sorted(subjects)
    assert all(each.granted and len(each.traits["long"]) == 50_000 for each in read)


def test_a_small_table_is_one_segment(scan):
    """Empty or not."""
    found, table, _ = scan
    assert found.segments() == 1
    person(table, "0a")
    assert found.segments() == 1


class Weighed:
    """A client whose sample takes `units` a page."""

    def __init__(self, units, pages):
        """Name the cost of a page and their number."""
        self._units, self._pages, self.read = units, pages, 0

    def scan(self, **_):
        """Read a page."""
        self.read += 1
        more = {"LastEvaluatedKey": {}} if self.read < self._pages else {}
        return {"Count": 1, "ConsumedCapacity": {"CapacityUnits": self._units}, **more}


@pytest.mark.parametrize(
    ("units", "pages", "segments", "read"),
    [(0.5, 1, 1, 1), (100, 1, 49, 1), (128, 2, 125, 2), (128, 16, 1000, 16), (128, 500, 1000, 16)],
)
def test_a_thousandth_of_the_table_says_how_many_segments_it_needs(units, pages, segments, read):
    """About 16 MB each, at most 1,000; at most 16 pages are read to find out."""
    client = Weighed(units, pages)
    assert ProfileScan("Profiles", client).segments() == segments
    assert client.read == read
