"""Uplift as it is served: a difference of chances, explained in chances."""

from array import array
from math import log1p

import pytest

from addressee.models.scorers import SCORER_FAMILIES, WrongFeatures, sigmoid

FEATURES = 2


def logistic(prefix, *, weight, bias):
    """Return the sections of a logistic regression of features as they are (up to the logarithm)."""
    parts = {"weight": weight, "mean": [0.0, 0.0], "scale": [1.0, 1.0], "bias": [bias]}
    return {f"{prefix}{name}": array("d", values) for name, values in parts.items()}


def settings(*prefixes):
    """Return what the families read besides."""
    part = {"family": "logistic", "settings": {"features": FEATURES}}
    return {"features": FEATURES, "parts": dict.fromkeys(prefixes, part), "gains": {"high": 0.1, "medium": 0.0}}


@pytest.fixture(params=["two_models", "transformed"])
def model(request):
    """Open both families: a mail moves the first feature, the second one buys anyway."""
    if request.param == "two_models":
        sections = logistic("m_", weight=[1.0, 2.0], bias=-1.0) | logistic("h_", weight=[0.0, 2.0], bias=-1.0)
        return SCORER_FAMILIES["two_models"](sections, settings("m_", "h_"))
    return SCORER_FAMILIES["transformed"](logistic("t_", weight=[0.5, 0.0], bias=0.1), settings("t_"))


def test_contributions_add_up_to_the_answer(model):
    """From what is expected of the mean of the training rows."""
    for row in ([1.0, 3.0], [-2.0, 0.5], [0.0, 0.0]):
        assert model.expected + sum(model.explain(row)) == pytest.approx(model.score(row))


def test_contributions_that_cancel_out_are_told_all_the_same():
    """Two features that pull as much in both directions: neither means nothing."""
    sections = logistic("t_", weight=[1.0, -1.0], bias=0.0)
    given = SCORER_FAMILIES["transformed"](sections, settings("t_")).explain([2.0, 2.0])
    assert given[0] == -given[1] == pytest.approx(2 * 0.25 * log1p(2.0))


def test_who_is_moved_scores_higher_and_harm_is_below_zero(model):
    """Answers may be negative; tiers are of differences."""
    assert model.score([3.0, 0.0]) > 0.1
    assert model.score([-3.0, 0.0]) < 0.0
    assert list(model.thresholds) == ["high", "medium"]


def test_two_models_are_a_difference_and_a_transformed_one_is_twice_a_chance_less_one():
    """By hand; log1p of the values, as the logistic family takes them."""
    two = SCORER_FAMILIES["two_models"](
        logistic("m_", weight=[1.0, 0.0], bias=0.5) | logistic("h_", weight=[0.0, 0.0], bias=-0.5),
        settings("m_", "h_"),
    )
    one = SCORER_FAMILIES["transformed"](logistic("t_", weight=[0.0, 0.0], bias=0.3), settings("t_"))
    assert two.score([0.0, 9.0]) == pytest.approx(sigmoid(0.5) - sigmoid(-0.5))
    assert one.score([0.0, 9.0]) == pytest.approx(2 * sigmoid(0.3) - 1)


def test_a_vector_of_another_length_is_refused(model):
    """A feature too few is an error, not a guess."""
    for ask in (model.score, model.explain):
        with pytest.raises(WrongFeatures):
            ask([1.0])
