"""Compaction: the same rows give the same bytes, whatever files they come in."""

import json
from random import Random

import duckdb
import pytest

from addressee.events.event import Event, Line
from addressee.profiles.compact import COLUMNS, Compaction
from addressee.profiles.lake import lake_row, merge_row

DAY_MS = 86_400_000
FIRST_MS = 20_000 * DAY_MS
"""2024-10-04 00:00 UTC."""


def row(message_id, *, subject="a" * 32, day=0, at_ms=0, **fields):
    """Build an event's row, received `at_ms` into a day."""
    event = Event(
        message_id=message_id,
        kind="track",
        name="Order Completed",
        user_id="u",
        anonymous_id="",
        event_time_ms=FIRST_MS + day * DAY_MS + at_ms,
        received_at_ms=FIRST_MS + day * DAY_MS + at_ms,
        lines=(Line("tea", "drinks", 2, 500), Line("jam", "", 1, 300)),
    )
    return {**lake_row(event, subject, ""), **fields}


def line(one):
    """Write a row as the lake's raw objects hold it."""
    return json.dumps(one, ensure_ascii=False)


@pytest.fixture
def compact(tmp_path):
    """Compact text files, beside earlier days; return the days' bytes, the days staged and the malformed lines."""
    runs = iter(range(100))

    def run(texts, earlier=None):
        folder = tmp_path / str(next(runs))
        folder.mkdir()
        files = []
        for number, text in enumerate(texts):
            files.append(folder / f"{number}.jsonl")
            files[-1].write_text(text, encoding="utf-8")
        known = {}
        for day, body in (earlier or {}).items():
            known[day] = folder / f"earlier-{day}.parquet"
            known[day].write_bytes(body)
        compaction = Compaction(folder)
        staged = compaction.stage(files)
        days = compaction.write(known)
        malformed = compaction.malformed()
        compaction.close()
        return {day: file.path.read_bytes() for day, file in days.items()}, staged, malformed

    return run


def rows_of(body, tmp_path):
    """Read a day's file."""
    path = tmp_path / "read.parquet"
    path.write_bytes(body)
    with duckdb.connect() as own:
        found = own.sql(f"FROM '{path}'")
        return [dict(zip(found.columns, values, strict=True)) for values in found.fetchall()]


def test_a_day_holds_its_rows_sorted(compact, tmp_path):
    """Sort by subject, event time and message id, with all columns as they were."""
    rows = [row("m2", subject="b" * 32), row("m3"), row("m1", at_ms=5), row("m0", at_ms=5)]
    days, staged, malformed = compact(["\n".join(map(line, rows))])
    assert (list(days), staged, malformed) == (["2024-10-04"], ["2024-10-04"], [])
    found = rows_of(days["2024-10-04"], tmp_path)
    assert [each["message_id"] for each in found] == ["m3", "m0", "m1", "m2"]
    assert found[0] == rows[1]
    assert list(found[0]) == list(COLUMNS)


def test_order_files_and_copies_do_not_change_a_byte(compact):
    """Shuffle rows into other files, repeat some: the same bytes."""
    rows = [row(f"m{number}", day=number % 3, at_ms=number % 7, subject=f"{number % 5:032x}") for number in range(200)]
    lines = list(map(line, rows))
    once, *_ = compact(["\n".join(lines)])
    shuffled = lines + lines[::3]
    Random(1).shuffle(shuffled)
    again, *_ = compact(["\n".join(shuffled[:50]), "", "\n".join(shuffled[50:]) + "\n"])
    assert once == again
    assert len(once) == 3


def test_a_late_row_joins_the_day_that_is_there(compact, tmp_path):
    """Compact one half first: the end is the same as of the whole at once."""
    lines = [line(row(f"m{number}", at_ms=number)) for number in range(20)]
    half, *_ = compact(["\n".join(lines[::2])])
    whole, *_ = compact(["\n".join(lines[1::2] + lines[:4])], half)
    assert whole == compact(["\n".join(lines)])[0]
    assert len(rows_of(whole["2024-10-04"], tmp_path)) == 20


def test_the_first_received_copy_is_kept(compact, tmp_path):
    """Keep one row per message id, even where a copy came a day later; its day is then empty."""
    later, _, _ = compact([line(row("m1", day=1))])
    days, _, _ = compact(["\n".join([line(row("m1", day=0)), line(row("m2", day=1))])], later)
    assert [each["message_id"] for each in rows_of(days["2024-10-05"], tmp_path)] == ["m2"]
    days, staged, _ = compact(["\n".join([line(row("m1", day=0)), line(row("m1", day=1))])], later)
    assert staged == ["2024-10-04", "2024-10-05"]
    assert rows_of(days["2024-10-05"], tmp_path) == []


def test_an_anonymous_subject_has_one_merge(compact, tmp_path):
    """Keep the first, whatever its message id."""
    merges = [merge_row("a" * 32, "c" * 32, FIRST_MS + 9), merge_row("b" * 32, "c" * 32, FIRST_MS + 3)]
    merges[0]["message_id"] = "another"
    days, _, _ = compact(["\n".join(map(line, [*merges, row("c" * 32)]))])
    found = rows_of(days["2024-10-04"], tmp_path)
    assert [(each["kind"], each["subject"][0]) for each in found] == [("track", "a"), ("merge", "b")]


def test_malformed_lines_are_counted_and_stop_nothing(compact, tmp_path):
    """Set aside what is no row; a blank line is nothing at all."""
    wrong = [
        "not json",
        '{"message_id": "cut',
        "[1]",
        '"text"',
        "null",
        "{}",
        line(row("", at_ms=1)),
        line(row("m9", received_at_ms="soon")),
        line(row("m9", received_at_ms=-1)),
        line(row("m9", received_at_ms=10**17)),
        line(row("m9", subject=None)),
    ]
    days, _, malformed = compact(["\n\n".join([*wrong, line(row("m1"))])])
    assert sorted(malformed) == sorted(wrong)
    assert len(rows_of(days["2024-10-04"], tmp_path)) == 1


def test_a_row_of_an_older_shape_gets_defaults(compact, tmp_path):
    """Fill columns that a row does not have; ignore those that nobody knows."""
    old = {name: row("m1")[name] for name in ("message_id", "subject", "kind", "event_time_ms", "received_at_ms")}
    days, _, _ = compact([line({**old, "unknown": 1, "lines": None})])
    (found,) = rows_of(days["2024-10-04"], tmp_path)
    assert (found["lines"], found["order_id"], found["amount_minor_units"]) == ([], "", 0)


def test_nothing_to_do_is_no_trouble(compact):
    """Stage an empty file."""
    assert compact([""]) == ({}, [], [])
