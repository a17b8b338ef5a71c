"""The packed state: nothing is lost, nothing grows beyond its budget, damage is noticed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.profiles.features import event_vector
from addressee.profiles.fold import fold
from addressee.profiles.packing import MAX_BYTES, DamagedState, pack, unpack
from addressee.profiles.sections import BOUGHT, CART, SENDS, WATERMARKS
from addressee.profiles.state import (
    COLLECTIONS,
    CONTEXT_DAYS,
    DAY_MS,
    DAYS,
    HALF_HOURS,
    HOURS,
    MAX_COUNT,
    MAX_TOTAL,
    MESSAGES,
    TIMES,
    State,
    empty_state,
)
from addressee.profiles.watermarks import advance
from tests.unit.profiles.streams import END_MS, streams

LAST_MS = 2**48 - 1
HEAD_BYTES = len(pack(empty_state())) - 4
"""What lies before the context: nobody has anything behind it."""


def fullest_state() -> State:
    """Every collection at its limit and beyond, every number at its largest."""
    state = State(
        messages=b"".join(number.to_bytes(5, "big") for number in range(2 * MESSAGES)),
        bought={2**32 - 1 - number: 2**16 - 1 for number in range(2 * BOUGHT)},
        cart={2**32 - 1 - number: 2**64 - 1 for number in range(2 * CART)},
        sends={2**32 - 1 - number: 2**32 - 1 for number in range(2 * SENDS)},
        watermarks={number.to_bytes(6, "big"): (10**56 - 1, 2**32 - 1) for number in range(WATERMARKS)},
        hour_of_week=bytearray([255] * HOURS),
        active_days=(1 << DAYS) - 1,
        active_half_hours=(1 << HALF_HOURS) - 1,
    )
    state.decayed = [1.7e308] * len(state.decayed)
    state.category_spend = [1.7e308] * len(state.category_spend)
    for name in ("orders", "items", "views", "carts", "opens", "clicks"):
        setattr(state, name, MAX_COUNT)
    for name in ("revenue_minor_units", "refunded_minor_units", "largest_order_minor_units"):
        setattr(state, name, MAX_TOTAL)
    for name in TIMES:
        setattr(state, name, LAST_MS)
    state.context = (LAST_MS // DAY_MS - CONTEXT_DAYS + 1) << 24 | (2**24 - 1)
    return state


def test_the_fullest_state_stays_within_its_budget():
    """No person, whatever they do, needs more than 3,696 bytes: 400 of DynamoDB's 4,096 stay free."""
    packed = pack(fullest_state())
    assert 3_600 < len(packed) <= MAX_BYTES == 4_096 - 400


def test_the_fullest_state_survives_packing():
    """Limits are kept by packing; what it kept comes back."""
    packed = pack(fullest_state())
    assert pack(unpack(packed)) == packed
    assert unpack(packed).watermarks == fullest_state().watermarks


def test_the_empty_state_is_a_state_like_any_other():
    """Nobody's state packs, unpacks and equals itself."""
    assert unpack(pack(empty_state())) == empty_state()


@given(streams())
@settings(max_examples=30, deadline=None)
def test_unpacking_gives_back_what_was_packed(stream):
    """Equal to the last bit: packing keeps all that a feature reads."""
    state = empty_state()
    for event in stream:
        fold(state, event)
    advance(state, "u1", "9" * 56, END_MS)
    again = unpack(pack(state))
    assert again == state
    assert again.messages == state.messages
    assert event_vector(again, END_MS) == event_vector(state, END_MS)


@given(streams(), st.sets(st.sampled_from(COLLECTIONS)))
@settings(max_examples=30, deadline=None)
def test_whichever_collections_are_read_the_same_bytes_are_packed(stream, read):
    """A collection that stayed packed is written as it came, one that was read is packed anew, to the same bytes."""
    state = empty_state()
    for event in stream:
        fold(state, event)
    advance(state, "u1", "9" * 56, END_MS)
    packed = pack(state)
    again = unpack(packed)
    for name in read:
        assert getattr(again, name) == getattr(unpack(packed), name)
    assert pack(again) == packed


@given(streams(), streams())
@settings(max_examples=30, deadline=None)
def test_folding_into_a_packed_state_equals_folding_into_one_that_was_never_packed(before, after):
    """To the last bit, wherever the stream was cut into batches: nothing hangs on what is packed still."""
    state, kept = empty_state(), empty_state()
    for event in before:
        fold(state, event)
        fold(kept, event)
    state = unpack(pack(state))
    for event in after:
        fold(state, event)
        fold(kept, event)
    assert pack(state) == pack(kept)


def test_a_collection_that_is_replaced_unread_is_packed_as_replaced():
    """What came packed does not outlive what was set in its place."""
    state = unpack(pack(fullest_state()))
    state.bought, state.cart, state.sends, state.watermarks = {1: 2}, {}, {3: 4}, {}
    again = unpack(pack(state))
    assert (again.bought, again.cart, again.sends, again.watermarks) == ({1: 2}, {}, {3: 4}, {})


def test_a_time_beyond_its_six_bytes_is_refused():
    """It is not cut short in silence: the record that brought it is rejected."""
    with pytest.raises(OverflowError):
        pack(State(last_seen_ms=LAST_MS + 1))


@given(streams())
@settings(max_examples=10, deadline=None)
def test_a_state_of_the_first_version_is_still_read(stream):
    """It holds no context; the next packing writes it in the newest version."""
    state = empty_state()
    for event in stream:
        fold(state, event)
    state.context = 0
    packed = pack(state)
    earlier = b"\x01" + packed[1:HEAD_BYTES] + packed[HEAD_BYTES + 4 :]
    assert unpack(earlier) == state
    assert pack(unpack(earlier)) == packed


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:0],
        lambda packed: b"\x03" + packed[1:],
        lambda packed: packed[:-1],
        lambda packed: packed + b"\x00",
        lambda packed: packed[:1] + b"\xff" + packed[2:],
        lambda packed: packed[:100],
    ],
    ids=["nothing", "another version", "cut off", "a byte too many", "impossible count", "half a head"],
)
def test_damaged_bytes_are_refused(damage):
    """Bytes that are no state of a known version never become one."""
    with pytest.raises(DamagedState):
        unpack(damage(pack(fullest_state())))
