import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.packing import Damaged, pack, unpack

WORDS = b'{"subject":"","campaign":"","mail":true}'


@given(st.binary(max_size=2_000), st.binary(min_size=1, max_size=200))
def test_what_was_packed_is_read_with_the_same_words(text, words):
    """Whatever it is."""
    assert unpack(pack(text, words), words) == text


def test_words_that_repeat_cost_next_to_nothing():
    """What they are for."""
    text = b'{"subject":"1","campaign":"spring","mail":true}'
    assert len(pack(text, WORDS)) < 0.8 * len(zlib.compress(text, 9))


def test_a_stream_without_words_is_read_too():
    """Records that were written before there were words."""
    assert unpack(zlib.compress(b"{}"), WORDS) == b"{}"


@pytest.mark.parametrize(
    "kept", [b"", b"x", pack(b"{}", WORDS)[:-1], pack(b"{}", b"others"), zlib.compress(b"0" * 2**21)]
)
def test_what_is_damaged_is_told(kept):
    """Cut off, of other words, or without end."""
    with pytest.raises(Damaged):
        unpack(kept, WORDS)
