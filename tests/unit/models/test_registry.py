"""The pointer: who is champion, who challenger, and who may never come back."""

import json
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.models.registry import (
    FORMER_KEPT,
    Left,
    NothingToRollBack,
    Pointer,
    challenged,
    day_of,
    file_key,
    in_canary,
    promoted,
    published,
    read_pointers,
    rolled_back,
    withdrawn,
    write_pointers,
)

KIND = "discover"
OLD, NEW, NEWER = "2026-03-01-aaa", "2026-03-31-bbb", "2026-04-01-ccc"
SERVED = Pointer(OLD, as_of="2026-03-01")
TRIED = replace(SERVED, challenger=NEW, canary_share=0.1, since_ms=5)
PUBLISHED = partial(published, kind=KIND, share=0.1, now_ms=7)


def moved(transition, pointer, **given):
    """Move one kind's pointer."""
    return transition({KIND: pointer}, **given)[KIND]


def test_pointers_survive_their_file():
    """What was written is read; no file means nothing is served."""
    left = (Left("2026-01-01-a", 3, "because"),)
    pointers = {KIND: Pointer(OLD, NEW, 0.1, "2026-03-31", 9, left, left), "buy_again": Pointer("v0")}
    assert read_pointers(write_pointers(pointers)) == pointers
    assert read_pointers(None) == {}
    assert file_key(KIND, "v1", "serving.bin") == "models/discover/v1/serving.bin"


def test_pointers_of_another_release_are_read():
    """The first form had four fields; a later one may have more."""
    body = {"a": {"champion": OLD}, "b": {"champion": OLD, "of_later": [1], "as_of": "2026-03-01"}}
    assert read_pointers(json.dumps(body).encode()) == {"a": Pointer(OLD), "b": SERVED}
    newer = {"a": {"champion": OLD, "history": [{"version": "1", "at_ms": 5, "reason": "older", "by": "somebody"}]}}
    assert read_pointers(json.dumps(newer).encode()) == {"a": Pointer(OLD, history=(Left("1", 5, "older"),))}


@pytest.mark.parametrize(
    ("before", "version", "share", "after"),
    [
        (None, NEW, 0.1, Pointer(NEW, as_of="2026-03-31")),
        (SERVED, NEW, 0.1, replace(TRIED, since_ms=7)),
        (
            SERVED,
            NEW,
            0.0,
            Pointer(NEW, as_of="2026-03-31", history=(Left(OLD, 7, f"{NEW} passed the gate"),)),
        ),
        (SERVED, OLD, 0.1, SERVED),
        (TRIED, NEW, 0.1, TRIED),
        (TRIED, NEWER, 0.1, TRIED),
        (TRIED, NEWER, 0.0, TRIED),
        (SERVED, "2026-02-28-ddd", 0.1, SERVED),
        (
            replace(SERVED, withdrawn=(Left(NEW, 1, "bad"),)),
            NEW,
            0.1,
            replace(SERVED, withdrawn=(Left(NEW, 1, "bad"),)),
        ),
    ],
    ids=[
        "the first is champion at once",
        "a later one challenges",
        "without canary it is champion",
        "a repeat of the champion",
        "a repeat of the challenger",
        "a canary is not disturbed",
        "nor when canaries are switched off",
        "older tables",
        "withdrawn",
    ],
)
def test_what_passed_the_gate_is_served_as_the_setting_says(before, version, share, after):
    """Only its own kind moves, and a second time nothing does."""
    others = {"buy_again": SERVED}
    once = published(others if before is None else {**others, KIND: before}, KIND, version, share=share, now_ms=7)
    assert once == {**others, KIND: after}
    assert published(once, KIND, version, share=share, now_ms=8) == once


def test_a_promotion_ends_the_canary_and_keeps_what_was():
    """The champion of before is remembered, with when and why."""
    after = moved(promoted, TRIED, kind=KIND, version=NEW, now_ms=9, reason="7 days, no loss")
    assert after == Pointer(NEW, as_of="2026-03-31", history=(Left(OLD, 9, "7 days, no loss"),))
    assert moved(promoted, after, kind=KIND, version=NEW, now_ms=10, reason="again") == after


def test_a_person_may_promote_what_was_withdrawn_or_is_long_gone():
    """It leaves both lists: it is champion again."""
    before = replace(SERVED, history=(Left(NEW, 1, "x"),), withdrawn=(Left(NEWER, 2, "y"),))
    assert moved(promoted, before, kind=KIND, version=NEWER, now_ms=9, reason="by hand").withdrawn == ()
    again = moved(promoted, before, kind=KIND, version=NEW, now_ms=9, reason="by hand")
    assert [each.version for each in again.history] == [OLD]
    second = moved(challenged, before, kind=KIND, version=NEWER, share=0.2, now_ms=3)
    assert (second.challenger, second.canary_share, second.since_ms, second.withdrawn) == (NEWER, 0.2, 3, ())
    assert moved(challenged, before, kind=KIND, version=OLD, share=0.2, now_ms=3) == before


def test_a_challenger_that_is_rolled_back_is_never_published_again():
    """Its share goes back to the champion, and the reason stays."""
    after = moved(rolled_back, TRIED, kind=KIND, now_ms=9, reason="fewer clicks")
    assert after == replace(SERVED, withdrawn=(Left(NEW, 9, "fewer clicks"),))
    assert PUBLISHED({KIND: after}, version=NEW) == {KIND: after}


def test_a_champion_that_is_rolled_back_gives_way_to_the_one_before():
    """The former champion is champion again; a challenger is not compared with somebody who is gone."""
    before = Pointer(NEWER, "2026-04-02-d", 0.1, "2026-04-01", 5, (Left(NEW, 3, "x"), Left(OLD, 2, "x")))
    after = moved(rolled_back, replace(before, challenger=""), kind=KIND, now_ms=9, reason="complaints")
    assert (after.champion, after.as_of, after.history) == (NEW, "2026-03-31", (Left(OLD, 2, "x"),))
    assert after.withdrawn == (Left(NEWER, 9, "complaints"),)
    named = moved(rolled_back, before, kind=KIND, to=OLD, now_ms=9, reason="complaints")
    assert (named.champion, named.challenger, named.canary_share) == (OLD, "", 0.0)
    assert [each.version for each in named.withdrawn] == [NEWER, "2026-04-02-d"]


def test_a_withdrawn_champion_is_not_gone_back_to():
    """The one before it is."""
    before = Pointer(NEWER, history=(Left(NEW, 3, "x"), Left(OLD, 2, "x")), withdrawn=(Left(NEW, 4, "bad"),))
    assert moved(rolled_back, before, kind=KIND, now_ms=9, reason="bad too").champion == OLD


@pytest.mark.parametrize("before", [{}, {KIND: SERVED}])
def test_where_there_is_nothing_to_go_back_to_it_is_said(before):
    """A kind without any model would be the worse end."""
    with pytest.raises(NothingToRollBack, match=KIND):
        rolled_back(before, KIND, now_ms=9, reason="bad")
    with pytest.raises(NothingToRollBack, match=KIND):
        rolled_back(before, KIND, to=OLD if before else "", now_ms=9, reason="bad")


def test_withdrawing_what_is_not_served_changes_nothing():
    """A verdict that comes late, after somebody else ended the canary, is harmless."""
    for version in (NEWER, ""):
        assert withdrawn({KIND: TRIED}, KIND, version, now_ms=9, reason="late") == {KIND: TRIED}
    assert withdrawn({}, KIND, NEW, now_ms=9, reason="late") == {}


def test_the_history_is_short():
    """Every cold start reads it."""
    pointers = {KIND: SERVED}
    for day in range(FORMER_KEPT + 5):
        pointers = promoted(pointers, KIND, f"2027-01-{day:02d}-x", now_ms=day, reason="newer")
    assert len(pointers[KIND].history) == FORMER_KEPT
    assert pointers[KIND].history[0].version == f"2027-01-{FORMER_KEPT + 3:02d}-x"


def test_states():
    """What the commands call a version."""
    pointer = replace(TRIED, history=(Left("f", 1, ""), Left("w", 1, "")), withdrawn=(Left("w", 2, ""),))
    states = [pointer.state(version) for version in (OLD, NEW, "f", "w", "other")]
    assert states == ["champion", "challenger", "former", "withdrawn", ""]
    assert day_of(NEW) == "2026-03-31"


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["publish", "promote", "roll back"]), st.integers(1, 6), st.sampled_from([0.0, 0.1])),
        max_size=25,
    )
)
def test_a_kind_that_was_served_is_served_whatever_happens(steps):
    """There is always one champion, a challenger is another version, and what was withdrawn is not served."""
    pointers = {}
    for at, (step, day, share) in enumerate(steps):
        version = f"2026-05-{day:02d}-x"
        if step == "publish":
            pointers = published(pointers, KIND, version, share=share, now_ms=at)
        elif step == "promote" and KIND in pointers:
            pointers = promoted(pointers, KIND, version, now_ms=at, reason="by hand")
        elif pointers:
            try:
                pointers = rolled_back(pointers, KIND, now_ms=at, reason="bad")
            except NothingToRollBack:
                continue
        if pointers:
            pointer = pointers[KIND]
            gone = {each.version for each in pointer.withdrawn}
            assert pointer.champion not in {"", pointer.challenger, *gone}
            assert pointer.challenger not in gone
            assert bool(pointer.challenger) == (pointer.canary_share > 0)
            assert read_pointers(write_pointers(pointers)) == pointers


def test_a_canary_is_a_share_of_people_that_stays_the_same():
    """Who is in it is decided by the hash: exact shares, no memory."""
    people = [f"{number:032x}" for number in range(20_000)]
    chosen = {each for each in people if in_canary(each, KIND, NEW, 0.1)}
    assert chosen == {each for each in people if in_canary(each, KIND, NEW, 0.1)}
    assert abs(len(chosen) - 2_000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5
    assert chosen <= {each for each in people if in_canary(each, KIND, NEW, 0.2)}
    assert not any(in_canary(each, KIND, NEW, 0.0) for each in people[:100])
    assert all(in_canary(each, KIND, NEW, 1.0) for each in people[:100])


@pytest.mark.parametrize(("kind", "version"), [("buy_again", NEW), (KIND, NEWER)])
def test_canaries_are_independent_of_one_another(kind, version):
    """Nobody gets all the new models: half of one half are in the other."""
    people = [f"{number:032x}" for number in range(20_000)]
    both = sum(in_canary(each, KIND, NEW, 0.5) and in_canary(each, kind, version, 0.5) for each in people)
    assert abs(both - 5_000) < 4 * (20_000 * 0.25 * 0.75) ** 0.5
