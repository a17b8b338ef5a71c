"""The offline query against the online fold."""

from math import isclose

import pytest
from duckdb.sqltypes import DOUBLE
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.events.event import Event, Line
from addressee.profiles.features import EVENT_FEATURE_NAMES, event_vector
from addressee.profiles.hashing import category_bucket, item_hash, message_hash
from addressee.profiles.lake import lake_row, merge_row
from addressee.profiles.offline import features_sql
from addressee.profiles.sections import BOUGHT, CART, SENDS
from addressee.profiles.state import DAY_MS, empty_state
from tests.unit.profiles.streams import COLUMNS, END_MS, START_MS, Online, cutoffs, features_at, lake, streams


def differences(online: list[float], offline: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Name the features that differ by more than 1e-9 (relative; 1e-12 absolute, the floor of what is forgotten)."""
    return {
        name: (value, offline[name])
        for name, value in zip(EVENT_FEATURE_NAMES, online, strict=True)
        if not isclose(value, offline[name], rel_tol=1e-9, abs_tol=1e-12)
    }


@given(streams(), st.lists(cutoffs, min_size=1, max_size=3))
@settings(max_examples=20, deadline=None)
def test_the_offline_query_equals_the_online_fold_of_what_was_received_by_then(stream, times):
    """At any time, for every subject known by then, both executions of the declaration give the same features."""
    offline = features_at(lake(Online().take(stream).rows), times)
    for as_of_ms in times:
        states = Online().take(event for event in stream if event.received_at_ms <= as_of_ms).states
        assert {subject for subject, at in offline if at == as_of_ms} == set(states)
        for subject, state in states.items():
            assert not differences(event_vector(state, as_of_ms), offline[subject, as_of_ms])


@given(streams(), cutoffs)
@settings(max_examples=6, deadline=None)
def test_pairs_are_answered_one_by_one(stream, as_of_ms):
    """Pairs of subject and time get the features of then; a pointer and a stranger those of the empty state."""
    connection = lake(Online().take(stream).rows)
    pairs = {(subject, at) for subject in ("u1", "a1", "stranger") for at in (as_of_ms, END_MS + 10 * DAY_MS)}
    connection.execute("CREATE TABLE asked (subject VARCHAR, as_of_ms BIGINT)")
    connection.executemany("INSERT INTO asked VALUES (?, ?)", list(pairs))
    offline = features_at(connection, pairs="asked")
    assert set(offline) == pairs
    for subject, at in pairs:
        states = Online().take(event for event in stream if event.received_at_ms <= at).states
        assert not differences(event_vector(states.get(subject, empty_state()), at), offline[subject, at])


def crowded_stream() -> list[Event]:
    """More items, cart lines and sends than a state keeps, from two people over a year."""
    names = ("Order Completed", "Product Added", "Product Removed", "Email Sent", "Product Viewed")
    return [
        Event(
            message_id=f"m{number}",
            kind="track",
            name=names[number % 5] if number < 2_000 else names[1 + number % 3],
            user_id=f"u{number % 2}",
            anonymous_id="",
            event_time_ms=START_MS + number * 12_000_000,
            received_at_ms=START_MS + number * 12_000_000,
            amount_minor_units=number * 7 % 10_000,
            lines=tuple(Line(f"i{number * each % 997}", f"c{number % 60}", each, number % 313) for each in (1, 2, 3)),
            send_id=f"s{number % 71}",
        )
        for number in range(2_100)
    ]


def test_collections_are_cut_alike_on_both_sides():
    """Where a state keeps only the latest, the query counts only as many."""
    stream = crowded_stream()
    as_of_ms = stream[-1].received_at_ms
    states = Online().take(stream).states
    offline = features_at(lake(Online().take(stream).rows), [as_of_ms])
    for subject, state in states.items():
        assert not differences(event_vector(state, as_of_ms), offline[subject, as_of_ms])
        assert (len(state.latest_cart()), len(state.recent_sends)) == (CART, SENDS)
        assert offline[subject, as_of_ms]["distinct_items"] == BOUGHT


def test_two_runs_give_the_same_bytes_with_any_number_of_threads():
    """Sums are taken in fixed point: neither the order of rows nor of threads shows."""
    rows = Online().take(crowded_stream()).rows
    sql = features_sql(as_of_ms=[END_MS, END_MS - 30 * DAY_MS])
    answers = []
    for order, threads in ((rows, 1), (rows[::-1], 4), (rows, 4)):
        connection = lake(order, threads=threads)
        answers.append(repr(connection.execute(sql).fetchall()))
        connection.close()
    assert answers[0] == answers[1] == answers[2]


def test_an_empty_lake_has_no_subjects():
    """Before the first event the query answers with no row, and with the right columns."""
    connection = lake([])
    relation = connection.sql(features_sql(as_of_ms=[END_MS]))
    assert relation.columns == ["subject", "as_of_ms", *EVENT_FEATURE_NAMES]
    assert set(relation.types[2:]) == {DOUBLE}
    assert relation.fetchall() == []
    connection.close()


@pytest.mark.parametrize("asked", [{}, {"as_of_ms": [1], "pairs": "asked"}])
def test_either_cutoffs_or_pairs_are_asked_for(asked):
    """Neither and both are mistakes of the caller."""
    with pytest.raises(ValueError, match="either"):
        features_sql(**asked)


@given(st.text(max_size=12))
@settings(max_examples=20, deadline=None)
def test_the_named_hashes_are_the_same_in_duckdb(duck, text):
    """SHA-256 of the UTF-8 text, its first bytes, big-endian: on both sides."""
    sql = "SELECT ('0x' || substr(sha256($1), 1, 8))::UBIGINT, substr(sha256($1), 1, 10)"
    ((number, digits),) = duck.execute(sql, [text]).fetchall()
    assert (number, number % 24) == (item_hash(text), category_bucket(text))
    assert digits == message_hash(text).hex()


def test_lake_rows_have_the_documented_columns():
    """Events and merges are rows of one shape; neither holds a user id."""
    event = crowded_stream()[0]
    row = lake_row(event, "subject", "visitor")
    assert list(row) == list(merge_row("subject", "visitor", 5)) == list(COLUMNS)
    assert row["lines"][0] == {"item_id": "i0", "category": "c0", "quantity": 1, "amount_minor_units": 0}
    assert event.user_id not in row.values()
    merged = merge_row("subject", "visitor", 5)
    assert (merged["kind"], merged["subject"], merged["anonymous_subject"]) == ("merge", "subject", "visitor")
    assert merged["received_at_ms"] == merged["event_time_ms"] == 5


def edge_stream() -> list[Event]:
    """Build what lies exactly on an edge: of the cart, of a window, of a histogram, of the cut-off itself."""
    moments = [
        ("Product Added", END_MS - 5, "send"),
        ("Order Completed", END_MS - 5, "send"),
        ("Email Sent", END_MS - 30 * DAY_MS - 2_000, "straddling"),
        ("Email Delivered", END_MS - 30 * DAY_MS + 1_000, "straddling"),
        ("Email Sent", END_MS // 1_000 * 1_000 - 30 * DAY_MS, "on the edge"),
        ("Product Viewed", END_MS, "received at the cut-off"),
        ("Product Viewed", END_MS + 1, "received after it"),
        *(("Visited", END_MS - day * DAY_MS, "") for day in range(200)),
        *(("Visited", END_MS - 3_600_000, "") for _ in range(300)),
    ]
    return [
        Event(
            f"m{number}", "track", name, "u1", "", at, at, lines=(Line("x", "tea", -1, 10**15),), send_id=send,
            amount_minor_units=10**15,
        )
        for number, (name, at, send) in enumerate(moments)
    ]  # fmt: skip


@pytest.mark.parametrize("as_of_ms", [END_MS, END_MS + 1, END_MS + 2 * DAY_MS])
def test_edges_lie_alike_on_both_sides(as_of_ms):
    """Equal times, saturated hours, absurd amounts, a streak longer than the bitmap, an event at the cut-off."""
    stream = edge_stream()
    state = Online().take(event for event in stream if event.received_at_ms <= as_of_ms).states["u1"]
    offline = features_at(lake(Online().take(stream).rows), [as_of_ms])
    assert not differences(event_vector(state, as_of_ms), offline["u1", as_of_ms])
