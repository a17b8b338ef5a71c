"""Training tables: splits that never overlap in time, and files that are equal when the tables are."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.models.arrays import pack_arrays, unpack_arrays
from addressee.models.tables import BUYS, HORIZON_DAYS, LAPSES, Interactions, People


def people(days: list[int], *, known: list[bool] | None = None) -> People:
    """Make examples at the given cut-offs."""
    rows = len(days)
    flags = np.array([True] * rows if known is None else known, np.bool_)
    return People(
        features=np.zeros((rows, 1)),
        subject=np.zeros(rows, np.int32),
        cut_day=np.array(days, np.int32),
        labels={label: np.zeros(rows, np.bool_) for label in HORIZON_DAYS},
        known=dict.fromkeys(HORIZON_DAYS, flags),
    )


def interactions(rows: list[tuple[int, int, int]]) -> Interactions:
    """Make purchases of (subject, day, received day)."""
    columns = np.array(rows, np.int32).reshape(-1, 3)
    zeros = np.zeros(len(rows), np.int32)
    return Interactions(columns[:, 0], zeros, zeros, columns[:, 1], columns[:, 2], zeros, zeros)


def test_the_latest_known_cut_off_is_the_test_part():
    """Test is the latest, validation a horizon earlier, training a horizon before that; what overlaps is left out."""
    split = people([100, 107, 114, 121, 128, 135, 142, 149, 156]).split(LAPSES)
    assert split.test.nonzero()[0].tolist() == [8]
    assert split.validation.nonzero()[0].tolist() == [4]
    assert split.train.nonzero()[0].tolist() == [0]
    assert split.complete


def test_an_unknown_label_is_in_no_part():
    """Rows whose label window was not complete, or who were not at risk, are left out."""
    split = people([100, 107, 114, 121], known=[True, True, True, False]).split(BUYS)
    assert split.test.tolist() == [False, False, True, False]


@pytest.mark.parametrize("days", [[], [100], [100, 107]])
def test_too_few_cut_offs_make_no_complete_split(days):
    """With fewer than three cut-offs a part stays empty, and the split says so."""
    assert not people(days).split(BUYS).complete


@given(
    st.lists(st.tuples(st.integers(17000, 17300), st.booleans()), max_size=40), st.sampled_from(sorted(HORIZON_DAYS))
)
def test_no_label_window_reaches_into_a_later_part(rows, label):
    """Every label window of an earlier part is over at the cut-off of the next part."""
    examples = people([day for day, _ in rows], known=[known for _, known in rows])
    split, horizon = examples.split(label), HORIZON_DAYS[label]
    for earlier, later in ((split.train, split.validation), (split.validation, split.test)):
        if earlier.any() and later.any():
            assert examples.cut_day[earlier].max() + horizon <= examples.cut_day[later].min()
    assert not (split.train & split.validation).any()
    assert not ((split.train | split.validation | split.test) & ~examples.known[label]).any()


def test_purchases_until_a_day_are_those_that_were_known_then():
    """A late purchase does not exist before it is received, though its own day is earlier."""
    rows = interactions([(0, 10, 10), (0, 10, 12), (1, 11, 11), (1, 18, 18)])
    assert rows.until(11).subject.tolist() == [0, 1]
    assert rows.after(10, days=7).day.tolist() == [11]


def test_the_rows_of_a_span_of_subjects_are_theirs():
    """A span holds the rows of its subjects and no others, in order."""
    rows = interactions([(0, 1, 1), (1, 2, 2), (1, 3, 3), (4, 4, 4)])
    assert rows.of_subjects(1, 4).day.tolist() == [2, 3]
    assert rows.of_subjects(2, 4).day.tolist() == []


def test_arrays_come_back_as_they_were():
    """Packing keeps type, shape and values."""
    arrays = {"x": np.arange(6.0).reshape(2, 3), "names": np.array([b"a", b"bc"]), "none": np.empty((0, 4), np.int32)}
    unpacked = unpack_arrays(pack_arrays(arrays))
    assert sorted(unpacked) == sorted(arrays)
    for name, array in arrays.items():
        assert unpacked[name].dtype == array.dtype
        np.testing.assert_array_equal(unpacked[name], array)


def test_packed_bytes_hold_no_order_and_no_clock():
    """The order of names does not matter and the archive's time stamps are fixed."""
    one, two = np.arange(3), np.ones((2, 2))
    packed = pack_arrays({"one": one, "two": two})
    assert packed == pack_arrays({"two": np.asfortranarray(two), "one": one})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_objects_are_refused():
    """Nothing that would need pickle is written or read."""
    with pytest.raises(ValueError, match="allow_pickle"):
        pack_arrays({"bad": np.array([object()])})
