"""A record that trips the fold is found and rejected alone; it never blocks the shard."""

import pytest

from addressee.events.event import Event, Line
from addressee.profiles.batch import Record, arrive
from addressee.profiles.fold_batch import fold_arrivals
from addressee.profiles.packing import pack, unpack
from addressee.profiles.state import empty_state

NOW_MS = 1_790_000_000_000


def arrival(number, *, key="u", message_id="", item="tea", at_ms=NOW_MS):
    """Build an order that arrived as the `number`-th record of its key."""
    event = Event(
        message_id=message_id or f"m{number}",
        kind="track",
        name="Order Completed",
        user_id="u",
        anonymous_id="",
        event_time_ms=at_ms,
        received_at_ms=NOW_MS,
        lines=(Line(item),),
    )
    return arrive(Record(key, str(number), b"", NOW_MS), event, key=b"k")


@pytest.mark.parametrize(
    ("poison", "error"),
    [
        ({"item": "\ud800"}, "UnicodeEncodeError"),
        ({"at_ms": 2**60}, "OverflowError"),
        ({"item": None}, "AttributeError"),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_the_record_that_trips_is_rejected_and_the_others_are_folded(poison, error, stored):
    """Trip the fold itself, or only the packing of what it made."""
    before = pack(fold_one()) if stored else b""
    state = unpack(before) if stored else empty_state()
    arrivals = [arrival(2), arrival(3, **poison), arrival(3, message_id="m9"), arrival(2), arrival(4, message_id="m2")]
    outcome = fold_arrivals(state, before, arrivals)
    assert [each.reason for each in outcome.rejected] == [f"cannot be folded ({error})"]
    assert [each.event.message_id for each in outcome.taken] == ["m2", "m9"]
    assert outcome.duplicates == 2
    assert unpack(outcome.packed).orders == 2 + stored


def fold_one():
    """Fold one order into nobody."""
    state = empty_state()
    fold_arrivals(state, b"", [arrival(1)])
    return state


def test_a_tenth_source_is_rejected_and_nothing_else_is_written():
    """Fill all watermarks, then come with another key."""
    state = empty_state()
    fold_arrivals(state, b"", [arrival(number, key=f"k{number}") for number in range(1, 10)])
    before = pack(state)
    outcome = fold_arrivals(state, before, [arrival(10, key="k10")])
    assert (len(outcome.rejected), outcome.changed, outcome.packed) == (1, False, before)
