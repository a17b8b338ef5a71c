"""Hidden parts of the training matrix, on which everything is chosen: recipes, weights, the ranker."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import sparse

from addressee.models.generators.generator import NOTHING, About, Fitted, Matrix, Recipe, Scores
from addressee.models.generators.lists import top_items
from addressee.models.list_metrics import hits_of, ndcg_of
from addressee.models.tables import Flags, Floats, Indices, Ints

K = 10


@dataclass(frozen=True)
class Hidden:
    """What is shown to a generator and what it has to find: two sparse [users, items], both of the training part.

    Cut by time, `kept` is what was known on a day and `hidden` what came after. `about` belongs to `kept`.
    """

    kept: Matrix
    hidden: Matrix
    about: About = NOTHING

    @property
    def asked(self) -> Indices:
        """Return the users of whom something is hidden: they are asked, the others are learned from."""
        return np.flatnonzero(np.diff(self.hidden.indptr)).astype(np.int32)

    @property
    def rows(self) -> Matrix:
        """Return what is known of the asked users."""
        return self.kept[self.asked]

    def answers(self, fitted: Fitted) -> Scores:
        """Return the scores of the asked users, [asked, items]."""
        traits = self.about.traits[self.asked] if self.about.traits.shape[0] else None
        return fitted.scores(self.rows, traits=traits)

    def ndcg(self, scores: Scores, *, k: int = K) -> Floats:
        """Return NDCG@k of each asked user, what they are known to have taken left out."""
        relevant = self.hidden[self.asked]
        return ndcg_of(hits_of(top_items(scores, k=k, seen=self.rows), relevant), np.diff(relevant.indptr))


def hide(matrix: Matrix, *, share: float, rng: np.random.Generator, about: About = NOTHING) -> Hidden:
    """Hide a random `share` (rounded) of each user's items; somebody with one item keeps it."""
    sizes = np.diff(matrix.indptr)
    user = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    shuffled = np.lexsort((rng.random(len(user)), user))
    place = np.empty(len(user), np.int64)
    place[shuffled] = np.arange(len(user)) - np.repeat(matrix.indptr[:-1], sizes)
    hidden = place < np.minimum(np.rint(share * sizes), sizes - 1)[user]
    kept = _only(matrix, user, ~hidden)
    lately = about.lately.multiply(kept > 0).tocsr() if about.lately.shape[0] else about.lately
    return Hidden(kept, _only(matrix, user, hidden), replace(about, lately=lately))


def _only(matrix: Matrix, user: Ints, wanted: Flags) -> Matrix:
    return sparse.csr_matrix((matrix.data[wanted], (user[wanted], matrix.indices[wanted])), matrix.shape)


class Tuned(NamedTuple):
    """A recipe and its mean NDCG@10 on the hidden parts."""

    recipe: Recipe
    ndcg: float


def tune(recipes: Sequence[Recipe], parts: Sequence[Hidden], *, seed: int) -> list[Tuned]:
    """Fit each recipe on each part and ask for what is hidden; best first, ties in the order given."""
    figures = [_figure(recipe, parts, seed) for recipe in recipes]
    tuned = [Tuned(recipe, figure) for recipe, figure in zip(recipes, figures, strict=True)]
    return sorted(tuned, key=lambda each: -each.ndcg)


def _figure(recipe: Recipe, parts: Sequence[Hidden], seed: int) -> float:
    asked = [
        part.ndcg(part.answers(recipe.fit(part.kept, rng=np.random.default_rng(seed), about=part.about)))
        for part in parts
    ]
    return float(np.mean(np.concatenate(asked))) if asked else 0.0
