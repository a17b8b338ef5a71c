"""`prepare_features`: the real handler on a compacted lake in memory."""

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from addressee.adapters.campaign_lists import CampaignLists
from addressee.adapters.item_scan import ItemScan
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.trait_scan import TraitScan
from addressee.models.audit import AuditStopped
from addressee.models.chunks import chunk_file, read_chunk
from addressee.models.prepare import prepare_tables
from addressee.models.table_files import read_tables
from addressee.models.tables import Finding
from addressee.profiles.places import letters_code
from functions.prepare_features.handler import NoSuchDay, Wiring, handle
from tests.fakes.dynamo_scan import InMemoryTables
from tests.fakes.lake import DAY_MS, mail, order, put_compacted
from tests.fakes.s3 import InMemoryS3

EVENT = json.loads(Path("events/prepare_features.json").read_text())
LAST = (date(2026, 3, 31) - date(1970, 1, 1)).days
DECLARED = {
    "t_birth_year": {"v": 1990, "at": 5, "id": "m"},
    "t_country": {"v": "AT", "at": 5, "id": "m"},
    "t_gender": {"v": "female", "at": 5, "id": "m"},
}
"""What somebody declared; gender is not among what models may read here."""
PEOPLE = [f"{number:032x}" for number in range(1700)]


def wiring_of(s3, tables=None):
    """Wire the handler to what is in memory, on the second of April."""
    dynamodb = tables or InMemoryTables(Profiles=[], Items=[])
    return Wiring(
        S3Bucket("lake", s3),
        S3Bucket("models", s3),
        CampaignLists(S3Bucket("emails", s3)),
        TraitScan("Profiles", dynamodb),
        ItemScan("Items", dynamodb),
        ("age_group",),
        ("age", "country"),
        "Europe/Berlin",
        lambda: date(2026, 4, 2),
    )


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
    return wiring_of(s3), s3


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
    answer = handle({}, None, wiring_of(s3))
    assert answer["asOf"] == "2026-04-01"
    assert answer["chunks"] == 0
    assert json.loads(s3.objects["models", answer["manifest"]["key"]]) == []
    assert tables_in(s3, answer["tables"]).subjects == ()


def test_a_day_that_is_none_is_refused(wired):
    """A typing error in the state machine's input stops the run, it does not learn from another day."""
    with pytest.raises(NoSuchDay, match="2026-13-01"):
        handle({"asOf": "2026-13-01"}, None, wired[0])


def put_list(s3, campaign, number, *recipients):
    """Write a part of a campaign's plan, as `plan_campaign` does."""
    body = {"planned_at_ms": (LAST - 21) * DAY_MS, "recipients": recipients}
    s3.objects["emails", f"campaigns/{campaign}/recipients/{number:05d}.json.gz"] = gzip.compress(
        json.dumps(body).encode()
    )


def test_mails_trials_catalogue_and_groups_reach_the_tables():
    """From the lake, the campaigns' lists, the Items table and the declared traits."""
    s3, due_ms = InMemoryS3(), (LAST - 20) * DAY_MS + 1
    clicked = mail(PEOPLE[1], "spring", LAST - 19.5, "Email Link Clicked", label="human")
    orders = [order(subject, LAST - 60.5 + place, "milk") for place, subject in enumerate(PEOPLE[:30])]
    put_compacted(s3, "lake", [*orders, mail(PEOPLE[1], "spring", LAST - 20), clicked])
    put_list(s3, "spring", 0, (PEOPLE[1], due_ms, ""), (PEOPLE[2], 0, "holdout"))
    put_list(s3, "spring", 1, (PEOPLE[3], 0, "no_hour"), (PEOPLE[4], due_ms, ""))
    s3.objects["emails", "campaigns/spring/chunks.json"] = b"[]"
    tables = InMemoryTables(
        Items=[
            {"item_id": "milk", "title": "Oat milk", "brand": "Example", "price_minor_units": 250, "in_stock": False},
            {"item_id": "bread", "title": "Rye bread", "category": "bakery"},
            {"item_id": "gone", "title": "Gone", "in_stock": False},
        ],
        Profiles=[
            {"subject": PEOPLE[1], "part": "traits", "t_age_group": {"v": "35-44", "at": 5, "id": "m"}, **DECLARED},
            {"subject": PEOPLE[1], "part": "person", "user_id": "u"},
            {"subject": PEOPLE[2], "part": "traits", "t_time_zone": {"v": "Asia/Tokyo", "at": 5, "id": "m"}},
            {"subject": "f" * 32, "part": "traits", "t_age_group": {"v": "19-24", "at": 5, "id": "m"}},
        ],
    )
    answer = handle(EVENT, None, wiring_of(s3, tables))
    found = tables_in(s3, answer["tables"])
    assert found.items.ids == ("bread", "milk")
    assert found.items.texts == ("Rye bread\nbakery", "Oat milk\nExample")
    assert found.items.categories == ("bakery", "category of milk")
    assert found.items.prices_minor_units == (0, 250)
    declared = dict(zip(found.metadata.feature_names, found.now.features[1], strict=True))
    assert (declared["home_country_code"], declared["gender_code"]) == (letters_code("AT"), 0.0)
    assert declared["age_years"] == 2026 - 1990
    assert np.isnan(found.now.features[0, found.metadata.feature_names.index("age_years")])
    assert found.groups == {"age_group": ("", "35-44", *[""] * 28)}
    assert found.sends.labels["clicks_in_24_hours"].tolist() == [True]
    assert found.sends.hour_of_week.tolist() == [2 * 24 + 1], "Wednesday, midnight UTC, is one o'clock in Berlin"
    assert (found.trials.subject.tolist(), found.trials.mailed.tolist()) == ([1, 2, 4], [True, False, True])
    assert answer["counts"]["sends"] == 1
    assert answer["counts"]["trials"] == 3
    assert found.audit == tuple(
        Finding(**each) for each in json.loads(s3.objects["models", answer["tables"] + "audit.json"])
    )
    assert {finding.check for finding in found.audit} >= {"constant"}


def test_tables_that_the_audit_stops_are_not_written(lake, capsys):
    """A column that nobody can learn from: the findings are kept, the run fails with the reason, nothing is trained."""
    s3 = InMemoryS3()
    s3.objects.update(lake.objects)

    def broken(*given, **how):
        tables = prepare_tables(*given, **how)
        reason = "mood at a past cut-off changes when what was received later is taken away"
        return replace(tables, audit=(Finding("leak", "stop", "mood", 0.9, reason), *tables.audit))

    with pytest.raises(AuditStopped, match="mood at a past cut-off"):
        handle(EVENT, None, replace(wiring_of(s3), prepare=broken))
    written = sorted(key for bucket, key in s3.objects if bucket == "models")
    assert written == ["tables/as_of=2026-03-31/audit.json"]
    assert json.loads(s3.objects["models", written[0]])[0]["severity"] == "stop"
    assert '"reason":"mood at a past' in capsys.readouterr().out


def test_of_too_many_lists_some_are_read_the_same_ones_each_time():
    """Whole lists, by the hash of their names; nothing that was planned before the window."""
    s3 = InMemoryS3()
    for number in range(20):
        put_list(s3, "spring", number, (f"{number:032x}", 1, ""))
    size = len(s3.objects["emails", "campaigns/spring/recipients/00000.json.gz"])
    bucket = S3Bucket("emails", s3)
    assert len([*CampaignLists(bucket).plans(since_ms=0)]) == 20
    some = [*CampaignLists(bucket, max_bytes=size * 5 + 20).plans(since_ms=0)]
    assert 3 <= len(some) <= 6
    assert some == [*CampaignLists(bucket, max_bytes=size * 5 + 20).plans(since_ms=0)]
    assert {plan.campaign for plan in some} == {"spring"}
    assert [*CampaignLists(bucket).plans(since_ms=2**50)] == []


def test_between_two_trainings_no_kind_is_trained():
    """`{"train": false}`, as the schedule of those days gives it; tables and chunks are written all the same."""
    wired = wiring_of(InMemoryS3())
    assert handle({**EVENT, "train": False}, None, wired)["kinds"] == []
    assert "buy_again" in handle({**EVENT, "train": True}, None, wired)["kinds"]
