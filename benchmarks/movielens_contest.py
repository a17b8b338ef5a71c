"""Who competes on MovieLens: generators tuned on hidden parts, their blend, the ranker over it, and a library SLIM."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy import sparse

from addressee.models.generators.blend import Blend, fitted_on, weighed
from addressee.models.generators.content import ContentFactors
from addressee.models.generators.ease import Ease
from addressee.models.generators.factors import Als, PureSvd
from addressee.models.generators.generator import NOTHING, About, Fitted, Linear, Matrix, Recipe
from addressee.models.generators.hidden import Hidden, Tuned, tune
from addressee.models.generators.neighbours import ItemItem, UserUser
from addressee.models.generators.pool import pool_of
from addressee.models.generators.popularity import Popularity
from addressee.models.generators.stack import Objective, Stack
from addressee.models.generators.walks import Rp3Beta

GRIDS: Mapping[str, Sequence[Recipe]] = {
    "popularity": [Popularity()],
    "item_item": [
        *(ItemItem("cosine", shrinkage, width) for shrinkage, width in product((10.0, 30.0), (100, 1000))),
        ItemItem("jaccard", 0.0, 100),
    ],
    "user_user": [UserUser(100, 2.0), UserUser(200, 3.0), UserUser(300, 4.0)],
    "ease": [Ease(each) for each in (150.0, 200.0, 300.0, 500.0, 800.0)],
    "rp3beta": [Rp3Beta(1.0, beta, 100) for beta in (0.3, 0.4, 0.5, 0.6)],
    "als": [
        *(Als(factors, regularisation, 4.0) for factors, regularisation in product((16, 24, 32), (20.0, 40.0))),
        *(Als(factors, 60.0, 8.0) for factors in (24, 32)),
    ],
    "svd": [PureSvd(each) for each in (12, 16, 24)],
    "content_factors": [ContentFactors(16, 1.0, 5.0)],
}
"""What each generator is tuned over; ALS, the peer, gets the most recipes."""
TWICE = {"ease": 2, "als": 2}
"""The strongest go into the blend with their two best recipes, which err differently."""
LINEAR = ("item_item", "ease", "rp3beta", "svd", "content_factors", "popularity")
"""Generators whose blend is one sparse sum at serving time."""
TUNED_ON = 2
"""So many parts, those before the last one, choose the recipes; all of them the weights of blends."""
LEANS = (0.0, 0.5)
OBJECTIVES: Sequence[Objective] = ("lambdarank", "binary")


@dataclass(frozen=True)
class Contest:
    """What was chosen on hidden parts: `best` of each generator, blends of all and of linear ones, and the hybrid."""

    best: Mapping[str, Tuned]
    blend: Blend
    linear: Blend
    hybrid: Recipe


def prepare(parts: Sequence[Hidden], *, seed: int) -> Contest:
    """Choose everything on hidden parts of the training data; the last one alone decides who is the hybrid."""
    ranked = {name: tune(grid, parts[-1 - TUNED_ON : -1], seed=seed) for name, grid in GRIDS.items()}
    best = {name: tuned[0] for name, tuned in ranked.items()}
    chosen = [tuned.recipe for name in GRIDS for tuned in ranked[name][: TWICE.get(name, 1)]]
    pools = [pool_of(part, fitted_on(part, chosen, seed=seed), weights=[1.0] * len(chosen)) for part in parts]
    blend = weighed(chosen, pools)
    linear = [at for at, recipe in enumerate(chosen) if recipe.name in LINEAR]
    linear_blend = weighed([chosen[at] for at in linear], [pool.only(linear) for pool in pools])
    return Contest(best, blend, linear_blend, _hybrid(blend, parts, seed))


def _hybrid(blend: Blend, parts: Sequence[Hidden], seed: int) -> Recipe:
    """Take what finds most on the last part, having learned on the others: one of the rankers, or the blend itself."""
    *learned, last = parts
    stacks = [Stack(blend, objective=objective) for objective in OBJECTIVES]
    examples = [stacks[0].examples(part, seed=seed) for part in learned]
    rng = np.random.default_rng
    fitted = blend.fit(last.kept, rng=rng(seed), about=last.about)
    found: list[tuple[float, Recipe]] = [(float(last.ndcg(last.answers(fitted)).mean()), blend)]
    for stack in stacks:
        model = stack.learn(examples, seed=seed)
        for leaning in (replace(stack, lean=lean) for lean in LEANS):
            ranker = leaning.ranked(fitted, last.kept, model)
            found.append((float(last.ndcg(last.answers(ranker)).mean()), leaning))
    return max(found, key=lambda each: each[0])[1]


@dataclass(frozen=True)
class Slim:
    """SLIM as libraries have it (Ning and Karypis 2011): an elastic net for each item, no weight below 0.

    The defaults are those of RecBole's `SLIMElastic`; on a hidden part alpha .3 found less.
    """

    alpha: float = 0.2
    l1_ratio: float = 0.02
    name: str = "slim"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Fitted:  # noqa: ARG002  # generators' interface
        """Fit scikit-learn's `ElasticNet` to one column after the other, that column emptied meanwhile."""
        from sklearn.linear_model import ElasticNet  # noqa: PLC0415  # only where it runs

        model = ElasticNet(
            alpha=self.alpha,
            l1_ratio=self.l1_ratio,
            positive=True,
            fit_intercept=False,
            copy_X=False,
            selection="random",
            random_state=int(rng.integers(2**31)),
            max_iter=100,
            tol=1e-3,
        )
        taken = sparse.csc_matrix(matrix, dtype=np.float64, copy=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # items that nobody took, and 100 steps, are the library's usual ones
            columns = [_column(model, taken, item) for item in range(taken.shape[1])]
        return Linear(sparse.hstack(columns, format="csr", dtype=np.float32))


def _column(model: object, taken: Matrix, item: int) -> Matrix:
    span = slice(taken.indptr[item], taken.indptr[item + 1])
    target, values = np.zeros(taken.shape[0]), taken.data[span].copy()
    target[taken.indices[span]] = values
    taken.data[span] = 0.0
    model.fit(taken, target)  # type: ignore[attr-defined]  # scikit-learn has no types
    taken.data[span] = values
    return sparse.csc_matrix(model.coef_[:, None])  # type: ignore[attr-defined]  # the same
