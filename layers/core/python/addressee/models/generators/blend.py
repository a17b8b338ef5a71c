"""A weighted sum of generators, each in its own scale; the weights are found on hidden parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from addressee.models.generators.generator import (
    NOTHING,
    About,
    Fitted,
    ItemModel,
    Matrix,
    Recipe,
    Scores,
    blocks_of,
    strongest,
)
from addressee.models.generators.hidden import Hidden
from addressee.models.generators.pool import Pool, pool_of, spread
from addressee.models.generators.popularity import Popular

_SEEDS = 2**31
_ROUNDS = 3
STEPS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


class NotLinear(TypeError):
    """A part of the blend is no sum over what a person took, so it has no item-item weights."""


@dataclass(frozen=True)
class FittedBlend:
    """Fitted parts and what to multiply each one's scores with."""

    parts: tuple[Fitted, ...]
    factors: tuple[float, ...]

    def part_scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:
        """Return what each part adds, [parts, n, items]."""
        return np.stack([factor * part.scores(rows, traits=traits) for part, factor in self._pairs()])

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:
        """Add up the parts' scores."""
        return _sum(factor * part.scores(rows, traits=traits) for part, factor in self._pairs())

    @property
    def size(self) -> int:
        """Return the number of items."""
        return self._linear()[0][0].size

    def block(self, start: int, stop: int) -> Scores:
        """Add up the parts' weights; raises `NotLinear`. Popularity, the same for all rows, stands in `bias`."""
        return _sum(factor * part.block(start, stop) for part, factor in self._linear())

    def item_item(self, *, top: int) -> Matrix:
        """Return sparse [items, items]: the sum's `top` weights of each row, farthest from 0; raises `NotLinear`."""
        return strongest(blocks_of(self), top=top)

    @property
    def bias(self) -> Scores | None:
        """Return what the popularity among the parts adds to everybody's scores, [items]; None where there is none."""
        popular = [factor * part.popularity for part, factor in self._pairs() if isinstance(part, Popular)]
        return _sum(popular) if popular else None

    def _pairs(self) -> list[tuple[Fitted, np.float32]]:
        return [(part, np.float32(factor)) for part, factor in zip(self.parts, self.factors, strict=True)]

    def _linear(self) -> list[tuple[ItemModel, np.float32]]:
        rest = [(part, factor) for part, factor in self._pairs() if not isinstance(part, Popular)]
        if stray := [type(part).__name__ for part, _ in rest if not isinstance(part, ItemModel)]:
            raise NotLinear(", ".join(stray))
        if not rest:
            raise NotLinear("popularity alone has no item-item weights")
        return [(part, factor) for part, factor in rest if isinstance(part, ItemModel)]


def _sum(arrays: Iterable[Scores]) -> Scores:
    return reduce(np.add, arrays)


@dataclass(frozen=True)
class Blend:
    """The weighted sum of its parts' scores, each divided by its spread over a sample of the training rows.

    The division is by one number for each part, so that a blend of sums over what a person took is such a sum, too.
    Parts of weight 0 are not fitted.
    """

    parts: tuple[Recipe, ...]
    weights: tuple[float, ...]
    name: str = "blend"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> FittedBlend:
        """Fit each part with the same seed; raises `ValueError` where the parts and weights differ in number."""
        seed = int(rng.integers(_SEEDS))
        fitted = tuple(part.fit(matrix, rng=np.random.default_rng(seed), about=about) for part in self.used)
        weights = [weight for _, weight in self._pairs() if weight]
        spreads = [spread(part, matrix, about.traits) for part in fitted]
        return FittedBlend(fitted, tuple(weight / each for weight, each in zip(weights, spreads, strict=True)))

    @property
    def used(self) -> tuple[Recipe, ...]:
        """Return the parts that have a weight, in order."""
        return tuple(part for part, weight in self._pairs() if weight)

    def _pairs(self) -> list[tuple[Recipe, float]]:
        return list(zip(self.parts, self.weights, strict=True))


def tuned_blend(parts: Sequence[Recipe], hidden: Sequence[Hidden], *, seed: int) -> Blend:
    """Find the weights that give the highest mean NDCG@10 on the hidden parts, and leave out parts of weight 0.

    Coordinate ascent over `STEPS` from equal weights, on candidates that equal weights choose.
    """
    equal = [1.0] * len(parts)
    return weighed(parts, [pool_of(part, fitted_on(part, parts, seed=seed), weights=equal) for part in hidden])


def weighed(parts: Sequence[Recipe], pools: Sequence[Pool]) -> Blend:
    """Return the blend of the best weights on pools that these parts, in this order, have scored."""
    weights = climb(pools, [1.0] * len(parts))
    kept = [(part, weight) for part, weight in zip(parts, weights, strict=True) if weight]
    return Blend(tuple(part for part, _ in kept), tuple(weight for _, weight in kept))


def fitted_on(part: Hidden, recipes: Sequence[Recipe], *, seed: int) -> list[Fitted]:
    """Fit each recipe on what is kept, with the same seed."""
    return [recipe.fit(part.kept, rng=np.random.default_rng(seed), about=part.about) for recipe in recipes]


def climb(pools: Sequence[Pool], weights: Sequence[float]) -> list[float]:
    """Change one weight after the other while the mean over all pools' people rises; the first of equals stays."""
    best, found, before = list(weights), _mean(pools, weights), -1.0
    for _ in range(_ROUNDS):
        if found <= before:
            break
        before = found
        for at in range(len(best)):
            for step in STEPS:
                tried = [*best[:at], step, *best[at + 1 :]]
                if any(tried) and (figure := _mean(pools, tried)) > found:
                    best, found = tried, figure
    return best


def _mean(pools: Sequence[Pool], weights: Sequence[float]) -> float:
    return float(np.mean(np.concatenate([pool.ndcg(weights) for pool in pools])))
