"""Generated tables and trained kinds, made once."""

from dataclasses import replace
from functools import cache

import pytest

from addressee.models.kinds import KINDS, kind_of
from addressee.models.propensity import RECIPES, Propensity
from addressee.models.train import Run, Trained, train
from tests.models.generated import generate

SEED = 7


@cache
def tables():
    """Return the generated tables."""
    return generate()


def quick(kind):
    """Return the kind with its plainest candidate and one of trees, if it is a propensity: tests train it often."""
    few = (RECIPES[0], {"model": "trees", "rate": 0.2, "leaves": 7, "least": 50})
    return replace(kind, candidates=few) if isinstance(kind, Propensity) else kind


@cache
def trained(name: str) -> Trained:
    """Return what training a kind on them gives."""
    return train(Run(quick(kind_of(name)), tables(), seed=SEED))


@pytest.fixture(params=[kind.name for kind in KINDS])
def kind(request):
    """Go through all kinds."""
    return quick(kind_of(request.param))
