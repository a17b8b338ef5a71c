"""Packed arrays: what was written is read, and half a file is an error."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.models.packed import Truncated, pack, unpack

SECTIONS = {"item_hash": array("I", [1, 2**32 - 1]), "weight": array("d", [0.1]), "ids": array("B", b"abc")}


@given(st.lists(st.integers(0, 2**32 - 1)), st.lists(st.floats(width=32, allow_nan=False)), st.binary())
def test_every_array_comes_back(numbers, floats, text):
    """Values, types and order survive, whatever their lengths."""
    sections = {"numbers": array("I", numbers), "floats": array("f", floats), "text": array("B", text)}
    assert unpack(pack(sections)) == sections
    assert pack(sections) == pack(unpack(pack(sections)))


def test_the_layout_is_little_endian_and_aligned():
    """The bytes are the same on every machine, each section on an eight-byte boundary."""
    data = pack({"a": array("B", b"x"), "b": array("I", [1])})
    assert data.endswith(b"x\0\0\0\0\0\0\0" + b"\1\0\0\0")


@pytest.mark.parametrize("size", [0, 5, 10, 20, 60, -1])
def test_a_truncated_file_is_named_as_such(size):
    """No part of a file passes for the whole."""
    with pytest.raises(Truncated):
        unpack(pack(SECTIONS)[:size])


def test_an_unknown_type_code_is_damage():
    """A table of contents that makes no sense is refused."""
    with pytest.raises(Truncated, match="damaged"):
        unpack(pack({"a": array("B", b"x")}).replace(b"B\0\0\0", b"?\0\0\0"))
