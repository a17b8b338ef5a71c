"""Watermarks: exact comparison of 56-digit numbers, one per source partition key, few of them."""

from addressee.profiles.packing import pack, unpack
from addressee.profiles.sections import WATERMARKS
from addressee.profiles.state import DAY_MS, empty_state
from addressee.profiles.watermarks import advance, seen

LOW = "49590338271490256608559692538361571095921575989136588897"
HIGH = "49590338271490256608559692538361571095921575989136588898"
NOW_MS = 1_750_000_000_000


def test_a_record_at_or_below_its_watermark_was_seen():
    """Neighbours that a float cannot tell apart are told apart, packed or not."""
    state = empty_state()
    assert not seen(state, "user", LOW)
    assert advance(state, "user", LOW, NOW_MS)
    state = unpack(pack(state))
    assert seen(state, "user", LOW)
    assert not seen(state, "user", HIGH)


def test_numbers_are_compared_as_numbers_not_as_text():
    """A shorter number is smaller, whatever its first digit."""
    state = empty_state()
    advance(state, "user", "10", NOW_MS)
    assert seen(state, "user", "9")


def test_keys_are_never_compared_with_each_other():
    """What one partition key's shard has delivered says nothing about another's."""
    state = empty_state()
    advance(state, "user", HIGH, NOW_MS)
    assert not seen(state, "visitor", LOW)


def test_a_watermark_never_falls():
    """An older record, folded again, leaves the watermark where it is."""
    state = empty_state()
    advance(state, "user", HIGH, NOW_MS)
    advance(state, "user", LOW, NOW_MS - 1)
    assert seen(state, "user", HIGH)


def test_a_tenth_key_waits_until_the_stream_has_forgotten_the_oldest():
    """Dropping a watermark whose records may still come would fold them twice."""
    state = empty_state()
    for number in range(WATERMARKS):
        assert advance(state, f"key-{number}", HIGH, NOW_MS + number * 1000)
    before = dict(state.watermarks)
    assert not advance(state, "tenth", LOW, NOW_MS + DAY_MS)
    assert state.watermarks == before
    assert advance(state, "tenth", LOW, NOW_MS + DAY_MS + 1)
    assert not seen(state, "key-0", LOW)
    assert seen(state, "key-1", HIGH)
    assert seen(state, "tenth", LOW)
