"""Generated tables and trained kinds, made once."""

from functools import cache

import pytest

from addressee.models.kinds import KINDS, kind_of
from addressee.models.train import Run, Trained, train
from tests.models.generated import generate

SEED = 7


@cache
def tables():
    """Return the generated tables."""
    return generate()


@cache
def trained(name: str) -> Trained:
    """Return what training a kind on them gives."""
    return train(Run(kind_of(name), tables(), seed=SEED))


@pytest.fixture(params=[kind.name for kind in KINDS])
def kind(request):
    """Go through all kinds."""
    return kind_of(request.param)
