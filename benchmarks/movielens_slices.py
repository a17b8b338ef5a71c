"""Slices of MovieLens that a sender lives in: tomorrow's takes, people who just came, films that nobody took yet."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import sparse

from addressee.models.generators.blend import tuned_blend
from addressee.models.generators.content import Content, ContentFactors
from addressee.models.generators.ease import Ease
from addressee.models.generators.generator import Fitted, Matrix, Recipe
from addressee.models.generators.hidden import Hidden, tune
from addressee.models.generators.neighbours import ItemItem
from addressee.models.generators.popularity import Popularity, TraitPopularity
from addressee.models.generators.stack import Stack
from addressee.models.generators.walks import Rp3Beta
from addressee.models.tables import Flags, Floats
from benchmarks.movielens import MovieLens, load
from benchmarks.movielens_contest import prepare

HALF_LIFE_DAYS = 30.0
CUT = 0.75
INNER_CUTS = (0.55, 0.65, 0.75, 0.85)
CLICKS = (0, 1, 5)
FOLDS = 5
SHARE = 0.2
_DAY_SECONDS = 86_400.0
TRAITS: Sequence[Recipe] = [
    TraitPopularity(strength, share) for strength in (100.0, 1_000.0) for share in (0.25, 0.5, 0.75, 1.0)
]
FEW_CLICKS: Sequence[Recipe] = [Ease(300.0), Rp3Beta(), ItemItem("cosine", 30.0, 100), Popularity()]
WORDS: Sequence[Recipe] = [
    Content(),
    *(ContentFactors(factors, ridge, 5.0) for factors in (8, 16) for ridge in (0.3, 1.0, 3.0)),
]

Slice = Mapping[str, Floats]
"""NDCG@10 of each person who was asked, by contestant."""


@dataclass(frozen=True)
class Temporal:
    """The temporal slice, and which recipes were chosen."""

    people: Slice
    chosen: Mapping[str, str]


def temporal(folder: Path) -> Temporal:
    """Cut all ratings at one moment: learn and choose before it, and ask those who were known for what came after."""
    data = load(folder)
    cut = float(np.quantile(data.at.data, CUT))
    outer = _at(data, cut, np.inf)
    moments = np.quantile(data.at.data[data.at.data < cut], [*INNER_CUTS, 1.0])
    parts = [_at(data, first, last) for first, last in itertools.pairwise(moments)]
    contest = prepare(parts, seed=0)
    recipes: dict[str, Recipe] = {name: tuned.recipe for name, tuned in contest.best.items()}
    recipes |= {"blend": contest.blend, "linear_blend": contest.linear, "hybrid": contest.hybrid}
    people = {name: outer.ndcg(outer.answers(_fit(recipe, outer, parts))) for name, recipe in recipes.items()}
    return Temporal(people, {name: str(recipe) for name, recipe in recipes.items()})


def _fit(recipe: Recipe, outer: Hidden, parts: Sequence[Hidden]) -> Fitted:
    rng = np.random.default_rng(0)
    if isinstance(recipe, Stack):
        return recipe.fit_on(outer.kept, parts, rng=rng, about=outer.about)
    return recipe.fit(outer.kept, rng=rng, about=outer.about)


def _at(data: MovieLens, cut: float, until: float) -> Hidden:
    """Keep what came before `cut`, hide what came from then on and before `until`, of people who were known."""
    before, later = data.at.data < cut, (data.at.data >= cut) & (data.at.data < until)
    kept = _entries(data.rated, before)
    known = np.repeat(np.diff(kept.indptr) > 0, np.diff(data.rated.indptr))
    age_days = np.maximum(cut - data.at.data, 0.0) / _DAY_SECONDS
    worth = replace(data, rated=_with(data.rated, 0.5 ** (age_days / HALF_LIFE_DAYS)))
    about = replace(data.about, lately=_entries(worth.rated, before))
    return Hidden(kept, _entries(data.rated, later & known), about)


def cold_users(folder: Path) -> Mapping[int, Slice]:
    """Return, for each number of first clicks, the figures of people of whom nothing else was known; five folds."""
    data = load(folder)
    fold = np.random.default_rng(0).permutation(data.rated.shape[0]) % FOLDS
    asked = {clicks: [_cold_users(data, fold, each, clicks) for each in range(FOLDS)] for clicks in CLICKS}
    return {
        clicks: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for clicks, parts in asked.items()
    }


def _cold_users(data: MovieLens, fold: Floats, out: int, clicks: int) -> Slice:
    """Ask one fold; everything is chosen on another one, as if it were cold, with the asked one gone."""
    nobody = np.zeros(len(fold), np.bool_)
    part = _came(data, fold == (out + 1) % FOLDS, clicks, gone=fold == out)
    outer = _came(data, fold == out, clicks, gone=nobody)
    traits = tune(TRAITS, [part], seed=0)[0].recipe
    best = tuned_blend([traits, *FEW_CLICKS], [part], seed=0) if clicks else traits
    recipes = {"popularity": Popularity(), "traits": traits, "best": best}
    return {name: outer.ndcg(outer.answers(_fit(recipe, outer, []))) for name, recipe in recipes.items()}


def _came(data: MovieLens, cold: Flags, clicks: int, *, gone: Flags) -> Hidden:
    """Keep the first `clicks` takes (by time) of `cold` people, hide their others; `gone` people never were."""
    sizes = np.diff(data.rated.indptr)
    user = np.repeat(np.arange(len(sizes)), sizes)
    place = np.empty(len(user), np.int64)
    place[np.lexsort((data.at.data, user))] = np.arange(len(user)) - np.repeat(data.rated.indptr[:-1], sizes)
    hidden = cold[user] & (place >= clicks)
    return Hidden(_entries(data.rated, ~hidden & ~gone[user]), _entries(data.rated, hidden), data.about)


def cold_items(folder: Path) -> Slice:
    """Return the figures of lists of nothing but films that nobody was seen to take; five folds, means over them."""
    data = load(folder)
    fold = np.random.default_rng(1).permutation(data.rated.shape[1]) % FOLDS
    asked = [_cold_items(data, fold, out) for out in range(FOLDS)]
    return {name: np.nanmean([each[name] for each in asked], axis=0) for name in asked[0]}


def _cold_items(data: MovieLens, fold: Floats, out: int) -> Slice:
    """Ask for one fold of the films; the recipe is chosen on another one, as if it were cold, with the first gone."""
    part = _Launch.of(data, new=fold == (out + 1) % FOLDS, gone=fold == out)
    outer = _Launch.of(data, new=fold == out, gone=np.zeros(len(fold), np.bool_))
    figures = [np.nanmean(part.ndcg(recipe)) for recipe in WORDS]
    best = WORDS[int(np.argmax(figures))]
    return {
        "popularity": outer.ndcg(Popularity()),
        "promised_popularity": outer.ndcg(best, everybody=True),
        "content": outer.ndcg(Content()),
        "best": outer.ndcg(best),
    }


@dataclass(frozen=True)
class _Launch:
    """`new` films, taken away from what is learned; `asked` holds who takes them."""

    hidden: Hidden
    new: Flags

    @classmethod
    def of(cls, data: MovieLens, *, new: Flags, gone: Flags) -> "_Launch":
        column = data.rated.indices
        kept = _entries(data.rated, ~new[column] & ~gone[column])
        return cls(Hidden(kept, _entries(data.rated, new[column]), data.about), new)

    def ndcg(self, recipe: Recipe, *, everybody: bool = False) -> Floats:
        """Return NDCG@10 of each person, NaN for those who take none of the films.

        With `everybody` each person gets what all people together would: the popularity that words promise.
        """
        fitted = recipe.fit(self.hidden.kept, rng=np.random.default_rng(0), about=self.hidden.about)
        scores = self.hidden.answers(fitted)
        if everybody:
            scores = np.broadcast_to(scores.mean(axis=0), scores.shape).copy()
        scores[:, ~self.new] = -np.inf
        out = np.full(self.hidden.kept.shape[0], np.nan)
        out[self.hidden.asked] = self.hidden.ndcg(scores)
        return out


def _entries(matrix: Matrix, wanted: Flags) -> Matrix:
    """Return the wanted entries."""
    user = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return sparse.csr_matrix((matrix.data[wanted], (user[wanted], matrix.indices[wanted])), matrix.shape)


def _with(matrix: Matrix, values: Floats) -> Matrix:
    return sparse.csr_matrix((values.astype(np.float32), matrix.indices, matrix.indptr), matrix.shape)
