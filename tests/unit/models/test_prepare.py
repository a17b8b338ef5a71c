"""From the lake to training tables: labels by hand, honest points in time, equal bytes."""

import json
from datetime import date

import numpy as np
import pytest

from addressee.models.arrays import pack_arrays
from addressee.models.chunks import chunk_spans, pack_chunk, read_chunk
from addressee.models.examples import cut_days
from addressee.models.prepare import Sources, prepare_tables
from addressee.models.table_files import pack_tables, read_metadata, read_tables
from addressee.models.tables import BUYS, LAPSES
from addressee.models.trials import Plan
from addressee.profiles.items import Item
from addressee.profiles.traits import Stamp, TraitChange
from tests.fakes.lake import DAY_MS, lake_of, link, mail, order

AS_OF = date(2026, 3, 31)
TODAY = (AS_OF - date(1970, 1, 1)).days
ANN, BOB, CAT, COOKIE = ("a" * 32, "b" * 32, "c" * 32, "0" * 32)


def prepared(rows, *, threads=2, as_of=AS_OF):
    """Prepare tables from lake rows."""
    with lake_of(rows, threads=threads) as lake:
        return prepare_tables(lake, as_of=as_of)


def examples(tables, label):
    """Return {(subject's first letter, weeks before as_of): label} of the known labels."""
    people = tables.people
    return {
        (tables.subjects[subject][0], (TODAY - day) // 7): bool(value)
        for subject, day, value, known in zip(
            people.subject, people.cut_day, people.labels[label], people.known[label], strict=True
        )
        if known
    }


HISTORY = [
    order(ANN, TODAY - 69.5, "milk", "bread"),
    order(ANN, TODAY - 13.5, "milk"),
    order(ANN, TODAY - 3.5, "milk"),
    order(BOB, TODAY - 60.5, "sofa"),
    order(CAT, TODAY - 20.5, "milk"),
]


def test_who_ordered_within_the_week_after_a_cut_off_buys():
    """Ann ordered 14 and 4 days ago, Cat 21; the week before last nobody did."""
    labels = examples(prepared(HISTORY), BUYS)
    assert [labels["a", weeks] for weeks in (1, 2, 3)] == [True, False, True]
    assert [labels["b", weeks] for weeks in (1, 2, 3)] == [False, False, False]
    assert [labels["c", weeks] for weeks in (1, 2, 3)] == [False, False, False]
    assert ("c", 4) not in labels, "Cat was not known four weeks ago"


def test_who_was_active_and_orders_nothing_for_four_weeks_lapses():
    """Bob, active eight weeks ago, stays away; without an order in the four weeks before, nobody is at risk."""
    labels = examples(prepared(HISTORY), LAPSES)
    assert labels["b", 5] is True
    assert ("b", 4) not in labels, "Bob had ordered 32 days before"
    assert min(weeks for _, weeks in labels) >= 4, "a later window is not complete"


def test_an_order_at_midnight_belongs_to_the_day_that_begins():
    """A cut-off is the end of its day: an order at that very moment is a label, not a feature."""
    tables = prepared([*HISTORY, order(BOB, TODAY - 6.0, "lamp")])
    assert examples(tables, BUYS)["b", 1] is True
    tables = prepared([*HISTORY, order(BOB, TODAY + 1.0 - 1e-7, "lamp")])
    assert examples(tables, BUYS)["b", 1] is True
    tables = prepared([*HISTORY, order(BOB, TODAY + 1.0, "lamp")])
    assert examples(tables, BUYS)["b", 1] is False


def test_what_is_received_after_as_of_changes_nothing():
    """Late events, tomorrow's links and tomorrow's orders leave every byte as it was."""
    late = [
        order(BOB, TODAY - 10.5, "lamp", received=TODAY + 1.0),
        order("d" * 32, TODAY - 10.5, "lamp", received=TODAY + 2.5),
        link(ANN, BOB, TODAY + 1.5),
    ]
    assert pack_tables(prepared([*late, *HISTORY])) == pack_tables(prepared(HISTORY))


def test_an_event_that_came_late_is_unknown_to_earlier_cut_offs():
    """Bob's order of day -16 arrives on day -11: the cut-off of day -14 must not see it, that of day -7 must."""
    before, after = prepared(HISTORY), prepared([*HISTORY, order(BOB, TODAY - 15.5, "lamp", received=TODAY - 10.5)])
    for weeks in (1, 2, 3):
        at = after.people.cut_day == TODAY - 7 * weeks
        bob = at & (after.people.subject == after.subjects.index(BOB))
        same = np.array_equal(before.people.features[bob], after.people.features[bob], equal_nan=True)
        assert same == (weeks > 1)
    assert examples(after, BUYS)["b", 3] is True, "its label is the truth, whenever it came"
    assert TODAY - 16 not in after.interactions.until(TODAY - 14).day
    assert TODAY - 16 in after.interactions.until(TODAY - 7).day


def nightly(days, *, received):
    """Let Cat order five times on each of the last `days` days; a day's orders come `received` days after it began."""
    rows = [(day, hour) for day in range(TODAY - days + 1, TODAY + 1) for hour in range(5)]
    return [order(CAT, day + hour / 24, "milk", received=day + hour / 24 + received) for day, hour in rows]


def test_an_order_of_before_a_cut_off_that_comes_after_it_is_no_outcome():
    """Bob's order of day -8 arrives on day -5: at the cut-off of day -7 it was unknown, and it is not what followed."""
    tables = prepared([*HISTORY, order(BOB, TODAY - 7.5, "lamp", received=TODAY - 4.5)])
    bob = (tables.people.cut_day == TODAY - 7) & (tables.people.subject == tables.subjects.index(BOB))
    column = tables.metadata.feature_names.index("orders_total")
    assert tables.people.features[bob, column].tolist() == [1]
    assert examples(tables, BUYS)["b", 1] is False
    assert examples(tables, BUYS)["b", 2] is True


def test_a_label_waits_until_the_orders_of_its_window_have_come():
    """A shop that tells of each day's orders in the next night has said nothing of a window's last day at its end."""
    at_once, night = (prepared([*HISTORY, *nightly(60, received=late)]) for late in (0.0, 1.1))
    assert min(weeks for _, weeks in examples(at_once, BUYS)) == 1
    assert min(weeks for _, weeks in examples(night, BUYS)) == 2
    assert min(weeks for _, weeks in examples(night, LAPSES)) == 5
    told = {finding.column: finding.value for finding in night.audit if finding.check == "late"}
    assert told == {BUYS: 1, LAPSES: 1}


def test_a_visitor_who_turns_out_to_be_somebody_is_one_person():
    """The cookie's examples of then count for whom it belongs to now; the purchases are theirs."""
    rows = [
        *HISTORY,
        order(COOKIE, TODAY - 30.5, "lamp"),
        order(COOKIE, TODAY - 12.5, "lamp"),
        link(COOKIE, BOB, TODAY - 10.5),
    ]
    tables = prepared(rows)
    assert COOKIE not in tables.subjects
    bob = tables.people.subject == tables.subjects.index(BOB)
    assert (bob & (tables.people.cut_day == TODAY - 14)).sum() == 2, "then they were two"
    assert (bob & (tables.people.cut_day == TODAY - 7)).sum() == 1, "now they are one"
    mine = tables.interactions.of_subjects(tables.subjects.index(BOB), tables.subjects.index(BOB) + 1)
    assert [tables.items.ids[item] for item in mine.item] == ["sofa", "lamp", "lamp"]
    assert (tables.people.labels[BUYS] & bob & (tables.people.cut_day == TODAY - 14)).sum() == 2


def test_machines_and_copies_do_not_buy():
    """An order labelled as a machine's does not count, and a copy of a message counts once."""
    rows = [*HISTORY, order(BOB, TODAY - 1.5, "lamp", label="machine"), HISTORY[2]]
    tables = prepared(rows)
    assert examples(tables, BUYS)["b", 1] is False
    assert tables.interactions.quantity.sum() == 6


def test_purchases_are_lines_by_subject_and_time():
    """One row per item of an order, items by id with the category of their latest order."""
    tables = prepared(HISTORY)
    assert tables.items.ids == ("bread", "milk", "sofa")
    assert tables.items.categories[0] == "category of bread"
    bought = tables.interactions
    assert bought.subject.tolist() == [0, 0, 0, 0, 1, 2]
    assert [tables.items.ids[item] for item in bought.item] == ["bread", "milk", "milk", "milk", "sofa", "milk"]
    assert bought.basket.tolist() == [0, 0, 1, 2, 3, 4]
    assert bought.day[:2].tolist() == [TODAY - 70, TODAY - 70]
    assert tables.now.active.tolist() == [True, False, True]
    assert tables.metadata.counts["orders"] == 5


def test_files_are_equal_byte_for_byte_and_come_back():
    """Rows in another order and another number of threads give the same files; reading them gives the same tables."""
    files = pack_tables(prepared(HISTORY, threads=2))
    assert files == pack_tables(prepared(list(reversed(HISTORY)), threads=1))
    assert pack_tables(read_tables(files.__getitem__)) == files


def test_an_empty_lake_gives_empty_tables():
    """Nothing happened: tables without rows, splits that are not complete, no error."""
    tables = prepared([])
    assert tables.subjects == ()
    assert tables.people.features.shape == (0, len(tables.metadata.feature_names))
    assert tables.metadata.cut_days == ()
    assert not tables.people.split(BUYS).complete
    assert read_tables(pack_tables(tables).__getitem__).interactions.day.tolist() == []


def test_one_day_of_data_gives_no_examples():
    """Whoever is new can be scored, but there is no past to learn from."""
    tables = prepared([order(ANN, TODAY - 0.5, "milk")])
    assert tables.subjects == (ANN,)
    assert len(tables.people.subject) == 0
    assert tables.now.active.tolist() == [True]


def test_cut_offs_need_history():
    """A cut-off has at least four weeks before it."""
    assert cut_days(1000, 1000 - 49) == (1000 - 21, 1000 - 14, 1000 - 7)
    assert cut_days(1000, 999) == ()


@pytest.mark.parametrize(("subjects", "size"), [(0, 5), (1, 5), (5, 5), (6, 5), (23, 5), (2469, 800)])
def test_chunks_cover_everybody_once(subjects, size):
    """Spans follow each other without gap or overlap, none is empty or too large."""
    spans = chunk_spans(subjects, size=size)
    assert [each for start, stop in spans for each in range(start, stop)] == list(range(subjects))
    assert all(0 < stop - start <= size for start, stop in spans)


def test_a_chunk_holds_its_people_alone():
    """A chunk counts subjects from its own start and holds all their purchases."""
    tables = prepared(HISTORY)
    chunk = read_chunk(pack_chunk(tables, 1, 3))
    assert chunk.subjects == (BOB, CAT)
    assert chunk.interactions.subject.tolist() == [0, 1]
    np.testing.assert_array_equal(chunk.now.features, tables.now.features[1:3])
    assert chunk.now.active.tolist() == [False, True]


def test_tables_of_an_earlier_version_are_read_with_the_later_parts_empty():
    """Before there were sends, trials, groups and an audit, and words in the catalogue."""
    tables = prepared(HISTORY)
    files = pack_tables(tables)
    known = {**json.loads(files["metadata.json"]), "later": "unknown"}
    items = {name: column for name, column in json.loads(files["items.json"]).items() if name in {"ids", "categories"}}
    earlier = {
        **{name: files[name] for name in ("subjects.json", "people.npz", "interactions.npz", "now.npz")},
        "metadata.json": json.dumps({name: value for name, value in known.items() if name != "files"}).encode(),
        "items.json": json.dumps(items).encode(),
    }
    found = read_tables(earlier.__getitem__)
    assert (found.metadata, found.subjects, found.items.ids) == (tables.metadata, tables.subjects, tables.items.ids)
    assert (len(found.sends.subject), len(found.trials.subject), found.groups, found.audit) == (0, 0, {}, ())
    assert read_metadata(earlier.__getitem__) == tables.metadata


def test_mails_lists_catalogue_and_traits_come_back_from_their_files():
    """Every part that `prepare_tables` fills is in the files; the audit has seen it all."""
    sent_ms = (TODAY - 15) * DAY_MS
    rows = [*HISTORY, mail(ANN, "spring", TODAY - 15), mail(ANN, "spring", TODAY - 14.9, "Email Opened", label="human")]
    sources = Sources(
        catalogue=[Item("milk", "Oat milk", price_minor_units=250)],
        plans=[Plan("spring", sent_ms - 5, [(ANN, sent_ms, ""), (BOB, 0, "holdout")])],
        traits=[(BOB, {"gender": TraitChange("gender", "male", Stamp(1, "m"))})],
        groups=("gender",),
    )
    with lake_of(rows) as lake:
        tables = prepare_tables(lake, as_of=AS_OF, sources=sources)
    files = pack_tables(tables)
    found = read_tables(files.__getitem__)
    assert pack_tables(found) == files
    assert found.sends.labels["opens_in_24_hours"].tolist() == [True]
    assert (found.trials.mailed.tolist(), found.trials.bought.tolist()) == ([True, False], [True, False])
    unshared = {name: column for name, column in vars(tables.trials).items() if name != "share"}
    earlier = read_tables({**files, "trials.npz": pack_arrays(unshared)}.__getitem__)
    assert len(earlier.trials.subject) == 0, "of how many they were held out was not written down"
    assert found.items.texts == ("", "Oat milk", "")
    assert found.groups == {"gender": ("", "male", "")}
    assert found.audit == tables.audit
    assert {finding.check for finding in found.audit} >= {"constant", "duplicate column"}
