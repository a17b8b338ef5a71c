"""Merging an anonymous visitor into a user: as if one state had folded all."""

from copy import deepcopy

from hypothesis import given, settings

from addressee.events.event import Event
from addressee.profiles.fold import fold, is_folded
from addressee.profiles.hashing import MESSAGE_BYTES
from addressee.profiles.merge import TooManyKeys, merge
from addressee.profiles.packing import pack, unpack
from addressee.profiles.state import DAY_MS, MESSAGES, SECOND_MS, State, empty_state
from addressee.profiles.watermarks import advance, seen
from tests.unit.profiles.streams import assert_same, streams

NOW_MS = 1_750_000_000_000


def viewed(message_id: str) -> Event:
    """Build a product view."""
    return Event(message_id, "track", "Product Viewed", "", "a1", NOW_MS, NOW_MS)


@given(streams())
@settings(max_examples=40, deadline=None)
def test_merging_equals_having_folded_all_into_one(stream):
    """Whatever was folded as the visitor or as the user is in the merged state, once."""
    user, visitor, whole = empty_state(), empty_state(), empty_state()
    for event in stream:
        fold(user if event.user_id else visitor, event)
        fold(whole, event)
    before = deepcopy((user, visitor))
    merged = merge(user, visitor)
    assert isinstance(merged, State)
    assert_same(unpack(pack(merged)), unpack(pack(whole)))
    assert_same(merge(visitor, user), merged)
    assert (user, visitor) == before


def test_merging_nobody_changes_nothing():
    """The empty state is neutral on either side."""
    state = fold(empty_state(), viewed("one"))
    assert merge(state, empty_state()) == merge(empty_state(), state) == state


def test_later_copies_of_either_ones_messages_are_caught():
    """The newest of both memories stay, in turns."""
    user, visitor = empty_state(), empty_state()
    for number in range(MESSAGES):
        fold(user, viewed(f"user {number}"))
        fold(visitor, viewed(f"visitor {number}"))
    merged = merge(user, visitor)
    assert isinstance(merged, State)
    assert len(merged.messages) == MESSAGES * MESSAGE_BYTES
    for who in ("user", "visitor"):
        assert is_folded(merged, f"{who} {MESSAGES // 2}")
        assert not is_folded(merged, f"{who} {MESSAGES // 2 - 1}")
    fold(merged, viewed("one more"))
    assert is_folded(merged, f"user {MESSAGES - 1}")


def test_the_visitors_watermark_is_kept():
    """Records below it, delivered again under the visitor's key, are still skipped."""
    user, visitor = empty_state(), empty_state()
    advance(user, "u1", "7", NOW_MS)
    advance(visitor, "a1", "5", NOW_MS)
    merged = merge(user, visitor)
    assert isinstance(merged, State)
    assert seen(merged, "u1", "7")
    assert seen(merged, "a1", "5")
    assert not seen(merged, "a1", "6")


def test_a_ninth_visitor_waits_until_the_stream_has_forgotten_the_first():
    """Own key and eight visitors fit; the next replaces one that was last used longer ago than the retention."""
    user = empty_state()
    for number in range(9):
        advance(user, f"key-{number}", "5", NOW_MS + number * SECOND_MS)
    ninth = empty_state()
    advance(ninth, "ninth", "5", NOW_MS + 10 * SECOND_MS)
    assert merge(user, ninth) == TooManyKeys(10)
    assert merge(user, ninth, at_ms=NOW_MS + DAY_MS) == TooManyKeys(10)
    merged = merge(user, ninth, at_ms=NOW_MS + DAY_MS + SECOND_MS)
    assert isinstance(merged, State)
    assert not seen(merged, "key-0", "5")
    assert seen(merged, "ninth", "5")
    assert isinstance(merge(user, ninth, retention_ms=5 * SECOND_MS), State)
