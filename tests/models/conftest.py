"""Generated tables and trained kinds, made once."""

import json
from dataclasses import replace
from functools import cache

import pytest

from addressee.models.kinds import KINDS, kind_of
from addressee.models.kinds.discover import Discover
from addressee.models.propensity import RECIPES, Propensity
from addressee.models.train import Run, Trained, train
from tests.models.generated import AS_OF_DAY, YEAR_CUT_DAYS, generate
from tests.models.generated_mails import STRONG_PULL

SEED = 7
EMBEDDING = next(recipe for recipe in RECIPES if recipe.get("embed"))
REVISION = "0123abc"


@cache
def tables():
    """Return the generated tables."""
    return generate()


@cache
def year():
    """Return generated tables of fewer people, but of nearly a year: enough for what a quarter brings."""
    return generate(people=300, first_day=AS_OF_DAY - 330, cut_days=YEAR_CUT_DAYS)


@cache
def eager():
    """Return generated tables of people whose click depends on the hour so much that a few weeks tell."""
    return generate(pull=STRONG_PULL)


def tables_of(kind):
    """Return the generated tables that a kind is trained on."""
    return {"valuer": year, "timer": eager}.get(kind.role, tables)()


def quick(kind):
    """Return the kind with its plainest candidate and one of trees, where it has many: tests train it often.

    Opens have the embedding of categories as their plainest: a kind whose bundle has one keeps the contract, too.
    """
    if isinstance(kind, Discover):
        return replace(kind, candidates=(kind.candidates[0], kind.candidates[-1]))
    plain = EMBEDDING if kind.name == "opens_in_24_hours" else RECIPES[0]
    few = (plain, {"model": "trees", "rate": 0.2, "leaves": 7, "least": 50})
    return replace(kind, candidates=few) if isinstance(kind, Propensity) else kind


@cache
def remembering(name: str):
    """Return the quick kind that fits a recipe until a day once: for runs on its tables with the common seed alone.

    A run hands each fit a generator in the same state; that a fit is repeatable is for the tests that train anew.
    """
    kind, fits = quick(kind_of(name)), {}

    class Remembering(type(kind)):
        def fit(self, tables, *, until, recipe, rng):
            key = until, json.dumps(recipe, sort_keys=True)
            if key not in fits:
                fits[key] = super().fit(tables, until=until, recipe=recipe, rng=rng)
            return fits[key]

    return Remembering(**vars(kind))


@cache
def trained(name: str) -> Trained:
    """Return what training a kind on them gives."""
    return train(Run(remembering(name), tables_of(kind_of(name)), seed=SEED, revision=REVISION))


@pytest.fixture(scope="session", params=[kind.name for kind in KINDS])  # a kind's tests run one after another
def kind(request):
    """Go through all kinds."""
    return quick(kind_of(request.param))
