"""Models of products fitted on the generated tables, for the tests of recommenders."""

from functools import cache

import numpy as np

from addressee.models.kind import Audience
from addressee.models.kinds.discover import KIND as DISCOVER
from addressee.models.kinds.discover import RECIPES
from addressee.models.serving import RECOMMENDERS
from addressee.profiles.hashing import item_hash
from tests.models.conftest import tables
from tests.models.generated import AS_OF_DAY

K = 8
RECIPE = {recipe["model"]: recipe for recipe in reversed(RECIPES)}


def fit(kind, recipe, given=None, *, until=AS_OF_DAY):
    """Fit a recipe on generated tables and send it through `serving.bin`."""
    fitted = kind.fit(given or tables(), until=until, recipe=recipe, rng=np.random.default_rng(7))
    return fitted.served()


@cache
def discovering(model):
    """Return a fitted way to discover."""
    return fit(DISCOVER, RECIPE[model])


def opened(fitted):
    """Open a model as `decide_content` does."""
    return RECOMMENDERS[fitted.family](fitted.sections, fitted.settings)


def audience(people=30):
    """Return the first people as they are now."""
    now = tables()
    return Audience(people, AS_OF_DAY, np.empty((people, 0)), now.interactions.of_subjects(0, people), now.items)


def history(person):
    """Return what a state would hold: item hash -> last day."""
    rows = tables().interactions.of_subjects(person, person + 1)
    return {item_hash(tables().items.ids[item]): int(rows.day[rows.item == item].max()) for item in set(rows.item)}
