"""Age, gender and country from what people declared."""

from math import isnan

import pytest

from addressee.profiles.demographics import DEMOGRAPHIC_NAMES, demographics
from addressee.profiles.features import CATEGORICAL, EVENT_FEATURE_NAMES, FEATURE_NAMES, event_vector, vector
from addressee.profiles.levels import level_of
from addressee.profiles.places import OTHER, letters_code, letters_of
from addressee.profiles.state import DAY_MS, empty_state

AS_OF_MS = 20_000 * DAY_MS
"""A day of 2024."""


def told(name, **traits):
    """Return one feature of what is declared."""
    return demographics(traits, AS_OF_MS)[DEMOGRAPHIC_NAMES.index(name)]


@pytest.mark.parametrize(
    ("traits", "years"),
    [
        ({"age": 34}, 34.0),
        ({"age": "34"}, 34.0),
        ({"age": 34, "birth_year": 1980}, 44.0),
        ({"age": 34, "birth_year": 3000}, 34.0),
    ],
)
def test_age_is_by_the_year_of_birth_else_as_declared(traits, years):
    """A year of birth stays true; one that cannot be is passed over."""
    assert told("age_years", **traits) == years


@pytest.mark.parametrize("traits", [{}, {"age": 0}, {"age": 900}, {"age": "old"}, {"age": True}, {"birth_year": 1700}])
def test_an_age_that_cannot_be_is_missing(traits):
    """Nobody is 900; a yes is no number."""
    assert isnan(told("age_years", **traits))


@pytest.mark.parametrize(
    ("name", "trait", "said", "level"),
    [
        ("gender_code", "gender", "Female", "female"),
        ("gender_code", "gender", " m ", "male"),
        ("gender_code", "gender", "non-binary", "other"),
        ("gender_code", "gender", " ", "none"),
        ("home_country_code", "country", "at", "AT"),
        ("home_country_code", "country", "Österreich", "other"),
        ("home_country_code", "country", "", "none"),
    ],
)
def test_words_become_codes_that_can_be_said(name, trait, said, level):
    """Whatever was declared has a level; nothing has none."""
    assert level_of(name, told(name, **{trait: said})) == level


def test_letters_and_codes_are_one_to_one():
    """Two letters, any case; all else is none of them."""
    assert (letters_code("AA"), letters_code("zz"), letters_of(1), letters_of(OTHER - 1)) == (1, 676, "AA", "ZZ")
    assert [letters_code(text) for text in ("", "a", "abc", "1a", "ßß", "İİ")] == [0] * 6


def test_what_is_declared_stands_behind_what_was_done():
    """The whole vector has the declared names and order; who declared nothing has no age and no categories."""
    assert (*EVENT_FEATURE_NAMES, *DEMOGRAPHIC_NAMES) == FEATURE_NAMES
    whole = vector(empty_state(), AS_OF_MS, {"gender": "f", "country": "DE"})
    assert whole[: len(EVENT_FEATURE_NAMES)] == event_vector(empty_state(), AS_OF_MS)
    assert dict(zip(FEATURE_NAMES, whole, strict=True))["gender_code"] == 1.0
    nobody = dict(zip(FEATURE_NAMES, vector(empty_state(), AS_OF_MS, {}), strict=True))
    assert isnan(nobody["age_years"])
    assert all(nobody[name] == 0.0 for name in CATEGORICAL)
