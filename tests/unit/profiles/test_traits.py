"""Traits: writers commute, repeats are harmless."""

from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.profiles.traits import (
    MAX_TRAITS,
    Stamp,
    TraitChange,
    newer_traits,
    read_traits,
    refused_trait,
    trait_cells,
    trait_values,
)

changes = st.builds(
    TraitChange,
    name=st.sampled_from(["age_band", "city", "kids"]),
    value=st.integers(0, 3),
    stamp=st.builds(Stamp, at_ms=st.integers(0, 3), id=st.sampled_from("abc")),
)


def folded(batches):
    """Fold batches one after the other."""
    stored = {}
    for batch in batches:
        stored.update(newer_traits(stored, batch))
    return stored


@given(st.lists(changes, unique_by=lambda each: (each.name, each.stamp)), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_changes_gives_the_same_traits(said, random):
    """Fold shuffled batches, some of them twice, and compare with all at once."""
    shuffled = list(chain(said, said[: len(said) // 2]))
    random.shuffle(shuffled)
    assert folded([each] for each in shuffled) == folded([said])


@given(st.lists(changes))
def test_a_repeat_changes_nothing(said):
    """Nothing wins over what it has written itself."""
    assert newer_traits(folded([said]), folded([said]).values()) == {}


def test_the_newest_wins_and_ties_go_to_the_greater_id():
    """Compare by time first, by id second."""
    old, tie, new = (
        TraitChange("city", text, Stamp(at, id_)) for text, at, id_ in [("A", 1, "z"), ("B", 2, "a"), ("C", 2, "b")]
    )
    assert folded([[new], [tie], [old]]) == folded([[old, tie, new]]) == {"city": replace(new, first_ms=1)}


def test_the_sixty_fifth_name_is_left_out_and_known_names_still_change():
    """Keep the first 64 names of a person."""
    full = {f"n{index}": TraitChange(f"n{index}", 1, Stamp(1, "a")) for index in range(MAX_TRAITS)}
    newer = TraitChange("n0", 2, Stamp(2, "a"))
    assert newer_traits(full, [TraitChange("one_more", 1, Stamp(2, "a")), newer]) == {"n0": replace(newer, first_ms=1)}


def test_stored_cells_are_read_back():
    """Write traits as attributes and read them, ignoring the key attributes."""
    city = TraitChange("city", "Zagreb", Stamp(5, "m1"))
    row = {"subject": "s", "part": "traits", **trait_cells([city])}
    assert row["t_city"] == {"v": "Zagreb", "at": 5, "id": "m1"}
    assert read_traits(row) == {"city": city}
    assert trait_values(row) == {"city": "Zagreb"}


def test_the_first_declaration_is_remembered_whoever_says_it_again():
    """The earliest time of all, also where it comes last; a cell says it only where it is not the stamp's."""
    said = [TraitChange("city", text, Stamp(at, "m")) for text, at in [("A", 3), ("A", 5), ("B", 8), ("A", 2)]]
    first, stored = [], {}
    for each in said:
        stored.update(newer_traits(stored, [each]))
        stored = read_traits(trait_cells(stored.values()))
        first.append((stored["city"].value, stored["city"].stamp.at_ms, stored["city"].first_declared_ms))
    assert first == [("A", 3, 3), ("A", 5, 3), ("B", 8, 3), ("B", 8, 2)]
    assert trait_cells([said[0]]) == {"t_city": {"v": "A", "at": 3, "id": "m"}}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("City", "x", "must match"),
        ("a" * 41, "x", "must match"),
        ("city", None, "string, a number or a boolean"),
        ("city", ["x"], "string, a number or a boolean"),
        ("city", "x" * 257, "longer than 256 bytes"),
        ("city", "\ud800", "half a character"),
        ("height", float("nan"), "finite"),
        ("height", 2**54, "beyond"),
        ("height", 1e-200, "beyond"),
    ],
)
def test_a_refused_trait_says_why(name, value, words):
    """Every refusal carries a reason."""
    assert words in refused_trait(name, value)


@pytest.mark.parametrize("value", ["", "é" * 128, 0, -3, 0.0, 1.5, True])
def test_strings_numbers_and_booleans_are_traits(value):
    """Accept what a table and JSON can both carry."""
    assert refused_trait("city", value) is None
