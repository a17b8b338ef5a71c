"""Features of declared traits in the tables: as of each row's moment, equal to what is served."""

import numpy as np
import pytest

from addressee.models.declared import read_declared
from addressee.profiles.demographics import DEMOGRAPHIC_NAMES, demographics
from addressee.profiles.state import DAY_MS
from addressee.profiles.traits import Stamp, TraitChange

ALL = ("age", "gender", "country")
NEW_YEAR_MS = 19_723 * DAY_MS
"""The first moment of 2024."""


def change(name, value, at_ms, first_ms=None):
    """Return a trait said at a time, and perhaps before."""
    return TraitChange(name, value, Stamp(at_ms, "m"), first_ms)


def joined(traits, *, moments_ms, read=ALL):
    """Return the columns by name for one person of two, at each moment."""
    declared = read_declared([("ann", {each.name: each for each in traits}), ("gone", {})], ["ann", "bob"], [], read)
    subject = np.zeros(len(moments_ms), np.int32)
    rows = declared.features.joined(np.ones((len(moments_ms), 1)), subject, np.array(moments_ms, np.int64))
    assert rows[:, 0].tolist() == [1.0] * len(moments_ms)
    return dict(zip(DEMOGRAPHIC_NAMES, rows[:, 1:].T.tolist(), strict=True))


def test_a_trait_counts_from_when_it_was_first_said():
    """Before, nothing is known; that it was said again later makes no difference."""
    found = joined(
        [change("gender", "female", 900, 500), change("country", "DE", 700)], moments_ms=[499, 500, 699, 700]
    )
    assert found["gender_code"] == [0.0, 1.0, 1.0, 1.0]
    assert [code > 0 for code in found["home_country_code"]] == [False, False, False, True]
    assert np.isnan(found["age_years"]).all()


def test_age_is_that_of_the_moments_year():
    """Who was born in 1990 is a year older from the first of January on."""
    found = joined([change("birth_year", 1990, 5)], moments_ms=[NEW_YEAR_MS - 1, NEW_YEAR_MS])
    assert found["age_years"] == [33.0, 34.0]


def test_what_must_not_be_read_is_not_there():
    """A trait that the setting leaves out is declared by nobody."""
    found = joined([change("gender", "male", 1), change("country", "AT", 1)], moments_ms=[9], read=("country",))
    assert (found["gender_code"], found["home_country_code"][0] > 0) == ([0.0], True)


@pytest.mark.parametrize("values", [{"age": 40, "gender": "x", "country": "Nowhere"}, {"birth_year": "1980"}, {}])
def test_tables_and_serving_read_alike(values):
    """What was known at a moment gives the very numbers that the profile gives then."""
    found = joined([change(name, value, 1) for name, value in values.items()], moments_ms=[NEW_YEAR_MS])
    assert [column[0] for column in found.values()] == pytest.approx(demographics(values, NEW_YEAR_MS), nan_ok=True)
