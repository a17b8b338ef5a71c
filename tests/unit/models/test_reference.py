"""The reference of a bundle: features and answers as they were at training."""

import numpy as np
import pytest

from addressee.models.drift import shift_of
from addressee.models.histograms import counted_as, histogram_of
from addressee.models.kind import Answers
from addressee.models.kinds import KINDS, kind_of
from addressee.models.ranking import Scored
from addressee.models.reference import (
    READERS,
    REFERENCE_FILE,
    answers_of,
    features_of,
    read_reference,
    reference_file,
)
from tests.models.generated import AS_OF_DAY, generate


@pytest.fixture(scope="module")
def tables():
    """Generate tables once."""
    return generate(people=150)


@pytest.mark.parametrize("kind", ["buy_again", "lapses_in_28_days", "rfm_tiers"])
def test_nothing_moved_between_training_and_training(tables, kind):
    """The reference, written and read, is what the same model answers on the same tables."""
    known = kind_of(kind)
    fitted = known.fit(tables, until=AS_OF_DAY, recipe=known.recipes()[0], rng=np.random.default_rng(1))
    files = reference_file(known, tables, fitted)
    assert files == reference_file(known, tables, fitted)
    reference = read_reference(files[REFERENCE_FILE])
    assert reference.as_of == tables.metadata.as_of
    assert set(reference.features) == (set(tables.metadata.feature_names) if known.uses_features else set())
    for histograms, columns in (
        (reference.features, features_of(known, tables)),
        (reference.answers, answers_of(known, tables, fitted)),
    ):
        assert set(histograms) == set(columns)
        for name, values in columns.items():
            assert shift_of(histograms[name], counted_as(histograms[name], values)).p_value == 1.0
    people = {each.size for each in reference.answers.values()}
    assert people == {int(tables.now.active.sum()) if kind == "lapses_in_28_days" else 150}


def test_a_difference_of_chances_has_no_confidence(tables):
    """It may be negative, and 0 is no doubt: what it says is compared, how surely is not told."""
    known = kind_of("uplift_in_14_days")
    fitted = known.fit(tables, until=AS_OF_DAY, recipe=known.recipes()[0], rng=np.random.default_rng(1))
    assert set(answers_of(known, tables, fitted)) == {"prediction"}


def test_codes_of_categories_are_counted_by_their_words(tables):
    """No bin joins two levels because their numbers are neighbours; what is said of a shift names them."""
    columns = features_of(kind_of("buys_in_7_days"), tables)
    words = set(columns["category_code"])
    assert words <= {"none", *(f"group {code}" for code in range(1, 7))}
    reference = histogram_of(columns["category_code"])
    assert set(reference.names) == words
    moved = shift_of(reference, counted_as(reference, ["group 2"] * 150))
    assert moved.psi > 1.0
    assert "group 2" in " ".join(moved.labels)


def test_every_role_can_be_watched():
    """What a kind answers is read by its role; nothing to offer is missing, no hour the default."""
    assert {kind.role for kind in KINDS} <= set(READERS)
    columns = READERS["recommender"](Answers(candidates=[[Scored("milk", 0.5, 3.0)], []]))
    assert columns["prediction"][0] == 0.5
    assert np.isnan(columns["confidence"][1])
    assert READERS["timer"](Answers(hours=[[30, 2], []]))["prediction"] == ["6 o'clock", "the default"]
    assert READERS["scorer"](Answers(scores=np.array([0.5, 1.0])))["confidence"].tolist() == [0.0, 1.0]
    assert READERS["valuer"](Answers(scores=np.array([12.0])))["prediction"].tolist() == [12.0]
