"""Performance over time: what was said, held against what people did since."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from addressee.models.kinds import kind_of
from addressee.models.outcomes import Snapshot, performance, snapshot_day, threshold_of
from addressee.models.tables import BUYS, CLICKS_24H, LAPSES, no_sends
from tests.models.generated import AS_OF_DAY, generate

DAY_MS = 86_400_000
CLICKS = SimpleNamespace(name=CLICKS_24H, role="scorer")
VALUE = SimpleNamespace(name="value_in_90_days", role="valuer")


@pytest.fixture(scope="module")
def tables():
    """Generate tables once."""
    return generate(people=200)


def test_each_kind_is_judged_by_the_latest_day_whose_outcome_is_known(tables):
    """A week ago for purchases of a week, four for lapses, ten days for mails; a segment has no outcome."""
    days = {
        BUYS: AS_OF_DAY - 7,
        LAPSES: AS_OF_DAY - 28,
        "discover": AS_OF_DAY - 14,
        "rfm_tiers": None,
    }
    assert {name: snapshot_day(kind_of(name), tables) for name in days} == days
    assert snapshot_day(CLICKS, tables) == AS_OF_DAY - 10
    assert snapshot_day(VALUE, tables) == AS_OF_DAY - 90
    nothing = replace(tables.people, known={name: rows & False for name, rows in tables.people.known.items()})
    assert snapshot_day(kind_of(BUYS), replace(tables, people=nothing)) is None


def test_a_few_people_tell_nothing(tables):
    """No figure is better than one of three people."""
    snapshot = Snapshot(AS_OF_DAY - 7, scores={BUYS: dict.fromkeys(tables.subjects[:3], 0.5)})
    assert performance(kind_of(BUYS), snapshot, tables) == {}
    assert performance(kind_of("discover"), Snapshot(AS_OF_DAY - 14), tables) == {}


def test_scores_for_mails_are_held_against_clicks(tables):
    """Only mails of the week after the snapshot whose day is over count."""
    people, day = 200, AS_OF_DAY - 10
    subject = np.arange(people, dtype=np.int32)
    clicked = subject % 4 == 0
    sent_ms = np.where(subject < 150, (day + 2) * DAY_MS, (day + 9) * DAY_MS)
    empty = no_sends(1)
    labels = dict.fromkeys(empty.labels, clicked)
    known = dict.fromkeys(empty.known, np.ones(people, np.bool_))
    sends = replace(empty, features=np.zeros((people, 1)), subject=subject, sent_ms=sent_ms, labels=labels, known=known)
    scores = {tables.subjects[place]: 0.9 if place % 4 == 0 or place % 8 == 1 else 0.05 for place in range(people)}
    figures = performance(CLICKS, Snapshot(day, scores={CLICKS_24H: scores}), replace(tables, sends=sends))
    assert figures["People"] == 150
    assert figures["FalsePositiveRate"] == pytest.approx(19 / 112, abs=0.01)
    assert 0.9 < figures["RocAuc"] < 1
    assert figures["LiftTopDecile"] > 2
    assert figures["Predicted"] > figures["Actual"]


def test_amounts_are_held_against_what_was_spent(tables):
    """By the tenth that is worth the most, the means, and the mean absolute error."""
    since = tables.interactions.after(AS_OF_DAY - 90, days=90)
    spent = np.bincount(since.subject, since.amount_minor_units, minlength=200)
    scores = {tables.subjects[place]: float(value) for place, value in enumerate(spent)}
    figures = performance(VALUE, Snapshot(AS_OF_DAY - 90, scores={VALUE.name: scores}), tables)
    assert figures["MeanAbsoluteError"] == 0.0
    assert figures["Predicted"] == figures["Actual"]
    assert figures["LiftTopDecile"] > 1.5


def test_refunds_are_no_negative_amounts(tables):
    """As the model learned them: who was paid back more than they spent is worth nothing, not less."""
    bought = tables.interactions
    refunded = replace(tables, interactions=replace(bought, amount_minor_units=-bought.amount_minor_units))
    scores = dict.fromkeys(tables.subjects, 100.0)
    figures = performance(VALUE, Snapshot(AS_OF_DAY - 90, scores={VALUE.name: scores}), refunded)
    assert (figures["Actual"], figures["MeanAbsoluteError"], figures["LiftTopDecile"]) == (0.0, 100.0, 1.0)


def test_many_mails_of_a_person_are_one_person(tables):
    """Sixty mails of sixty people tell something, of three they do not."""
    day = AS_OF_DAY - 10
    for count in (60, 3):
        subject = np.arange(60, dtype=np.int32) % count
        given = dict.fromkeys(no_sends(1).labels, subject % 2 == 0)
        sends = replace(
            no_sends(1),
            subject=subject,
            sent_ms=np.full(60, (day + 2) * DAY_MS),
            labels=given,
            known=dict.fromkeys(given, np.ones(60, np.bool_)),
        )
        said = Snapshot(day, scores={CLICKS_24H: dict.fromkeys(tables.subjects, 0.5)})
        assert performance(CLICKS, said, replace(tables, sends=sends)).get("People", 0) == (60 if count == 60 else 0)


def test_lists_are_held_against_what_was_bought(tables):
    """Everything that a person bought, ranked first, is found; nothing bought is nobody asked."""
    since = tables.interactions.after(AS_OF_DAY - 14, days=14)
    lists = {
        tables.subjects[place]: [tables.items.ids[item] for item in dict.fromkeys(since.item[since.subject == place])]
        for place in np.unique(since.subject)
    }
    figures = performance(kind_of("discover"), Snapshot(AS_OF_DAY - 14, products={"discover": lists}), tables)
    assert figures["HitRateAt10"] == 1.0
    assert 0.8 < figures["RecallAt10"] <= 1.0


def test_the_threshold_is_the_one_that_the_bundle_tuned():
    """Else a half."""
    assert threshold_of({}) == 0.5
    assert threshold_of({"decides": "f1", "tuned": {"f1": {"at": 0.2}}}) == 0.2
