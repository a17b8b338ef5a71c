"""What most people took, lately or among people alike: the floor of every recommender, and the start of cold users."""

from dataclasses import dataclass

import numpy as np

from addressee.models.generators.generator import NOTHING, About, Matrix, Scores
from addressee.models.tables import Floats


@dataclass(frozen=True)
class Popular:
    """The same scores for everybody: `popularity` is [items]."""

    popularity: Scores

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:  # noqa: ARG002  # the interface's
        """Repeat the popularity for each row."""
        return np.broadcast_to(self.popularity, (rows.shape[0], len(self.popularity))).copy()


@dataclass(frozen=True)
class Popularity:
    """What everybody took, added up: of `About.lately`, in which takes lose worth with age, where it is given."""

    name: str = "popularity"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Popular:  # noqa: ARG002  # nothing random
        """Add up the columns."""
        counted = about.lately if about.lately.shape[0] else matrix
        return Popular(np.asarray(counted.sum(axis=0), np.float32).ravel())


@dataclass(frozen=True)
class PopularByTrait:
    """Log chance of each item, and what each trait adds to it: `base` [items], `lift` [T, items]."""

    base: Scores
    lift: Scores

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:
        """Add the lifts of each person's traits; without traits it is plain popularity."""
        base = np.broadcast_to(self.base, (rows.shape[0], len(self.base)))
        if traits is None or not traits.shape[0]:
            return base.copy()
        return np.asarray(base + traits @ self.lift, np.float32)


@dataclass(frozen=True)
class TraitPopularity:
    """Popularity among people with the same traits (naive Bayes): log p_j + share * sum over traits of log lift(j, t).

    lift(j, t) = (takers of j with t + strength * p_j) / ((takes by people with t + strength) * p_j): a rare trait says
    little. With one trait per person (a segment) it is the segment's popularity, shrunk to everybody's.
    """

    strength: float = 1_000.0
    share: float = 1.0
    name: str = "trait_popularity"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> PopularByTrait:  # noqa: ARG002  # nothing random
        """Count takes by trait; `share` below 1 weakens the lifts, since traits overlap."""
        counts = np.asarray(matrix.sum(axis=0), np.float64).ravel()
        chance = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
        taken = _by_trait(matrix, about.traits)
        expected = (taken.sum(axis=1, keepdims=True) + self.strength) * chance
        lift = self.share * np.log((taken + self.strength * chance) / expected)
        return PopularByTrait(np.log(chance).astype(np.float32), lift.astype(np.float32))


def _by_trait(matrix: Matrix, traits: Matrix) -> Floats:
    """Return [T, items]: how much people with the trait took of each item."""
    if not traits.shape[0]:
        return np.zeros((0, matrix.shape[1]))
    return np.asarray((traits.T.astype(np.float64) @ matrix.astype(np.float64)).toarray())
