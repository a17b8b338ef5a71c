"""The audit finds what is planted, lets what is merely strong pass, and stops for what reads the future."""

from dataclasses import replace

import numpy as np
import pytest

from addressee.models import hindsight
from addressee.models.audit import AuditStopped, Bounds, Evidence, audit, far_values, stop_if_grave
from addressee.models.examples import FeatureRows, end_of
from addressee.models.hindsight import changed_features, gather
from addressee.models.tables import BUYS, HORIZON_DAYS, Interactions, Items, Metadata, Now, People, Tables
from addressee.profiles.features import EVENT_FEATURE_NAMES
from addressee.profiles.offline import features_sql
from tests.fakes.lake import lake_of, link, order

NAMES = ("one", "two", "three")
ROWS = 900


def tables(features=None, labels=None, now=None, days=(100, 107, 114, 121, 128, 135)):
    """Make tables of three independent features and a label that nothing tells."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(ROWS, 3)) if features is None else features
    label = rng.random(len(rows)) < 0.3 if labels is None else labels
    cuts = np.repeat(np.array(days, np.int32), len(rows) // len(days))
    everybody = np.ones(len(rows), np.bool_)
    nothing = np.empty(0, np.int32)
    return Tables(
        metadata=Metadata("2024-10-04", 142, 0, NAMES, "f" * 64, days, {}),
        subjects=(),
        items=Items((), ()),
        people=People(
            features=rows,
            subject=np.arange(len(rows), dtype=np.int32) % 150,
            cut_day=cuts,
            labels=dict.fromkeys(HORIZON_DAYS, label),
            known=dict.fromkeys(HORIZON_DAYS, everybody),
        ),
        interactions=Interactions(*[nothing] * 7),
        now=Now(rng.normal(size=(400, 3)) if now is None else now, np.ones(400, np.bool_)),
    )


def found(*given, **how):
    """Return {(check, severity, column)} of an audit."""
    return {(each.check, each.severity, each.column) for each in audit(*given, **how)}


def with_column(values, place=1):
    """Return the tables with one feature replaced."""
    known = tables()
    rows = known.people.features.copy()
    rows[:, place] = values(rows, known)
    return replace(known, people=replace(known.people, features=rows))


def test_nothing_is_found_in_sound_tables():
    """Independent features, labels of both classes, events in time."""
    assert audit(tables(), Evidence(events=1000, late=3)) == ()


def test_a_feature_that_reads_the_future_stops_the_run():
    """It tells the label nearly always, and changes when the future is taken away: both together are proof."""
    leaking = with_column(lambda rows, known: known.people.labels[BUYS] + 0.3 * rows[:, 1])
    findings = audit(leaking, Evidence(changed=frozenset({"two"})))
    assert findings[0][:3] == ("leak", "stop", "two")
    with pytest.raises(AuditStopped, match=r"two at a past cut-off changes .* tells .* with ROC-AUC 0\.9"):
        stop_if_grave(findings)


def test_a_feature_that_is_merely_strong_stops_nobody():
    """It would even tell the label without fail; but it stays what it was when the future is taken away."""
    strong = with_column(lambda _, known: known.people.labels[BUYS].astype(float))
    assert found(strong) == {("strong", "note", "two"), ("shifted", "warn", "two")}
    stop_if_grave(audit(strong))


def test_a_feature_that_changes_and_tells_nothing_is_a_warning():
    """Something is wrong with it, though no label leaks."""
    assert found(tables(), Evidence(changed=frozenset({"three"}))) == {("leak", "warn", "three")}


def test_what_is_missing_is_graded_by_its_share():
    """A little: a note; much: a warning; all of it: nobody can learn from that."""

    def gaps(share):
        return with_column(lambda rows, _: np.where(np.arange(len(rows)) < share * len(rows), np.nan, rows[:, 1]))

    assert ("missing", "note", "two") in found(gaps(0.1))
    assert ("missing", "warn", "two") in found(gaps(0.3))
    assert ("missing", "stop", "two") in found(gaps(1.0))
    everywhere = replace(tables(), now=Now(np.full((400, 3), np.nan), np.ones(400, np.bool_)))
    assert ("missing", "stop", "one") in found(everywhere)


def test_what_is_infinite_stops_the_run():
    """No model can be fitted on it."""
    broken = with_column(lambda rows, _: np.where(np.arange(len(rows)) == 5, np.inf, rows[:, 1]))
    assert ("infinite", "stop", "two") in found(broken)


def test_what_is_the_same_for_everybody_is_noted():
    """A shop that sends no views has no view features; two columns that are equal are one."""
    assert ("constant", "note", "two") in found(with_column(lambda *_: 4.0))
    assert ("duplicate column", "note", "two") in found(with_column(lambda rows, _: rows[:, 0]))


def test_examples_that_stand_there_twice_are_told():
    """The same person, day and features; a few are a note, many a warning."""
    known = tables()
    people = known.people
    subject, rows = people.subject.copy(), people.features.copy()
    subject[1], rows[1] = subject[0], rows[0]
    once = replace(known, people=replace(people, subject=subject, features=rows))
    assert found(once) == {("duplicate rows", "note", "people")}
    assert found(once, bounds=Bounds(copies=0.001)) == {("duplicate rows", "warn", "people")}


def test_a_feature_that_moved_since_is_told():
    """What is scored now is another population than the examples."""
    now = np.random.default_rng(5).normal(size=(400, 3)) + np.array([0.0, 1.5, 0.0])
    assert found(tables(now=now)) == {("shifted", "warn", "two")}


def test_values_far_from_all_others_are_counted():
    """On the logarithm: long tails are no outliers."""
    assert found(with_column(lambda rows, _: np.exp(rows[:, 1]))) == {("shifted", "warn", "two")}
    far = with_column(lambda rows, _: np.where(np.arange(len(rows)) < 2, 1e12, rows[:, 1]))
    assert found(far) == {("outliers", "note", "two")}
    assert far_values(np.array([1.0, 1.0]), far=3).tolist() == [False, False]


def test_codes_of_categories_have_levels_and_no_distances():
    """A rare code is no outlier; that everybody moved to another level is told, however near its number is."""
    codes = np.where(np.arange(ROWS) % 200 == 0, 700.0, 2.0)
    known = with_column(lambda *_: codes)
    named = replace(known, metadata=replace(known.metadata, feature_names=("one", "country_code", "three")))
    now = named.now.features.copy()
    now[:, 1] = 2.0
    same = replace(named, now=replace(named.now, features=now))
    assert found(same) == set()
    assert found(replace(same, metadata=known.metadata)) == {("outliers", "note", "two")}
    moved = now.copy()
    moved[:, 1] = 3.0
    assert found(replace(named, now=replace(named.now, features=moved))) == {("shifted", "warn", "country_code")}


def test_what_few_or_none_declare_is_worth_a_note():
    """Nobody must tell their age: that stops no training, and two rows without one may be the same row."""
    known = with_column(lambda *_: np.nan)
    asked = replace(known, metadata=replace(known.metadata, feature_names=("one", "age_years", "three")))
    assert found(known) == {("missing", "stop", "two"), ("shifted", "warn", "two")}
    assert found(asked) == {("missing", "note", "age_years"), ("shifted", "warn", "age_years")}
    subject, rows = asked.people.subject.copy(), asked.people.features.copy()
    subject[1], rows[1] = subject[0], rows[0]
    twice = replace(asked, people=replace(asked.people, subject=subject, features=rows))
    assert ("duplicate rows", "note", "people") in found(twice)


def test_labels_of_one_class_and_late_events_are_warnings():
    """Nothing to tell apart; examples that did not see what had happened."""
    assert {("one class", "warn", label) for label in HORIZON_DAYS} == found(tables(labels=np.zeros(ROWS, np.bool_)))
    assert found(tables(), Evidence(events=100, late=6)) == {("late", "warn", "events")}


def test_the_gravest_comes_first():
    """A reader may stop after the first line."""
    broken = with_column(lambda rows, _: np.where(np.arange(len(rows)) == 5, np.inf, 4.0), place=2)
    severities = [each.severity for each in audit(broken, Evidence(changed=frozenset({"one"}), events=10, late=9))]
    assert severities == sorted(severities, key=["stop", "warn", "note"].index)


def test_tables_without_rows_are_sound():
    """The first night."""
    nothing = replace(
        tables(features=np.empty((0, 3)), labels=np.empty(0, np.bool_)), now=Now(np.empty((0, 3)), np.empty(0))
    )
    assert audit(nothing) == ()


DAY = 20_000
LINKED = [
    *(order(f"{number:032x}", DAY - 20 + number / 7, "milk", "bread") for number in range(1, 30)),
    *(order(f"{number:032x}", DAY + number / 9, "milk") for number in range(1, 30, 2)),
    order("a" * 32, DAY - 3, "milk"),
    order("a" * 32, DAY - 5, "milk", received=DAY + 2),
    link("a" * 32, f"{1:032x}", DAY - 1),
    link(f"{2:032x}", f"{3:032x}", DAY + 3),
]


def at_the_cut(lake):
    """Return everybody's features at the end of the day, computed from the whole lake."""
    columns = lake.execute(features_sql(as_of_ms=[end_of(DAY) - 1])).fetchnumpy()
    return FeatureRows(columns["subject"].tolist(), np.column_stack([columns[name] for name in EVENT_FEATURE_NAMES]))


def test_declared_features_do_not_change_when_the_future_is_taken_away():
    """Late events, later links and later orders among them; nor do they without any past cut-off."""
    with lake_of(LINKED) as lake:
        assert gather(lake, (DAY, at_the_cut(lake)), end_ms=end_of(DAY + 9)) == Evidence(frozenset(), 46, 1)
        assert gather(lake, None, end_ms=end_of(DAY - 30)) == Evidence()


def test_a_planted_feature_that_looks_into_the_future_is_found():
    """The orders of the week after the cut-off, put where an honest count stands; and one that nobody declares."""
    with lake_of(LINKED) as lake:
        rows = at_the_cut(lake)
        later = "SELECT subject, count(*) FROM events WHERE received_at_ms >= ? AND kind = 'track' GROUP BY subject"
        bought = dict(lake.execute(later, [end_of(DAY)]).fetchall())
        planted = rows.features.copy()
        planted[:, EVENT_FEATURE_NAMES.index("orders_30d")] += [bought.get(subject, 0) for subject in rows.subjects]
        assert changed_features(lake, DAY, FeatureRows(rows.subjects, planted)) == {"orders_30d"}
        wider = FeatureRows(rows.subjects, np.column_stack([rows.features, planted[:, 0]]))
        assert changed_features(lake, DAY, wider, names=(*EVENT_FEATURE_NAMES, "next_orders")) == {"next_orders"}


def test_a_value_that_is_missing_on_one_side_is_another_one():
    """Nothing in a past without the future, a number with it: that is a leak, and nothing on both sides is none."""
    missing = np.ma.array([1.0, 2.0], mask=[False, True])
    assert hindsight._same(missing, np.array([1.0, np.nan]))
    assert not hindsight._same(missing, np.array([1.0, 2.0]))
