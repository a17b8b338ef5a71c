"""Recipes of all generators, each fitted once on the generated takes."""

from functools import cache

import numpy as np
import pytest

from addressee.models.generators.blend import Blend
from addressee.models.generators.content import Content, ContentFactors
from addressee.models.generators.ease import Ease
from addressee.models.generators.factors import Als, PureSvd
from addressee.models.generators.frequency import PersonalFrequency
from addressee.models.generators.generator import Fitted, Recipe
from addressee.models.generators.hidden import Hidden, hide
from addressee.models.generators.neighbours import ItemItem, UserUser
from addressee.models.generators.popularity import Popularity, TraitPopularity
from addressee.models.generators.stack import Stack
from addressee.models.generators.walks import Rp3Beta
from tests.models.takes import takes

BLEND = Blend((Ease(20.0), Rp3Beta(), Popularity()), (1.0, 0.5, 0.1))
LINEAR: list[Recipe] = [
    ItemItem(),
    ItemItem("jaccard", 0.0, 20),
    Ease(20.0),
    Ease(20.0, double=True),
    Rp3Beta(),
    PureSvd(4),
    Content(),
    ContentFactors(4),
    BLEND,
]
PERSONAL: list[Recipe] = [
    *LINEAR,
    UserUser(40, 2.0),
    Als(4, 1.0, 2.0, 5),
    Blend((Ease(20.0), UserUser(40)), (1.0, 1.0)),
    Stack(BLEND, rounds=20, least_in_leaf=20, folds=2, width=30),
    Stack(BLEND, objective="binary", rounds=20, least_in_leaf=20, folds=2, width=30),
]
ALL: list[Recipe] = [*PERSONAL, Popularity(), TraitPopularity(10.0), PersonalFrequency()]


@cache
def part() -> Hidden:
    """Return a hidden part of the generated takes."""
    matrix, about = takes()
    return hide(matrix, share=0.25, rng=np.random.default_rng(1), about=about)


@cache
def fitted(recipe: Recipe) -> Fitted:
    """Fit once for all tests."""
    return recipe.fit(part().kept, rng=np.random.default_rng(3), about=part().about)


def named(recipes: list[Recipe]) -> pytest.MarkDecorator:
    """Parametrise over recipes."""
    return pytest.mark.parametrize("recipe", recipes, ids=lambda each: f"{each.name}-{ALL.index(each)}")
