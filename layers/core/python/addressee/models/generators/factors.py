"""Few factors for people and items: alternating least squares of the library `implicit`, and a truncated SVD."""

import warnings
from dataclasses import dataclass

import numpy as np

from addressee.models.generators.generator import NOTHING, About, Linear, Matrix, Scores
from addressee.models.generators.threads import one_thread

_SEEDS = 2**31


@dataclass(frozen=True)
class PureSvd:
    """PureSVD (Cremonesi et al. 2010): a row is projected on the `factors` strongest right singular vectors."""

    factors: int = 16
    iterations: int = 7
    name: str = "svd"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Linear:  # noqa: ARG002  # the interface's
        """Use the randomised method of Halko et al. (2011); memory is (users + items) x factors."""
        from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415  # training only

        rank = min(self.factors, *matrix.shape)
        seed = int(rng.integers(_SEEDS))
        with one_thread():
            _, _, right = randomized_svd(matrix.astype(np.float64), rank, n_iter=self.iterations, random_state=seed)
        return Linear(np.ascontiguousarray(right.T, np.float32), right.astype(np.float32))


@dataclass(frozen=True)
class Als:
    """Weighted matrix factorisation (Hu et al. 2008) by `implicit`: confidence `alpha` times the matrix's value."""

    factors: int = 16
    regularisation: float = 20.0
    alpha: float = 4.0
    iterations: int = 15
    name: str = "als"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> "ItemFactors":  # noqa: ARG002  # the interface's
        """Alternate; people's factors are thrown away, since new rows get theirs in the same way."""
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415  # training only

        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library advises one thread, which it has
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularisation,
                alpha=self.alpha,
                iterations=self.iterations,
                random_state=int(rng.integers(_SEEDS)),
                num_threads=1,
            )
            model.fit(matrix.astype(np.float32), show_progress=False)
        return ItemFactors(np.asarray(model.item_factors, np.float32), self)


@dataclass(frozen=True)
class ItemFactors:
    """The items' factors [items, factors]; a person's are the ridge regression on what they took."""

    items: Scores
    recipe: Als

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:  # noqa: ARG002  # the interface's
        """Solve (Y'Y + Y'(C - I)Y + regularisation I) x = Y'C p for each row (Hu et al. 2008, equation 4)."""
        with one_thread():
            gram = self.items.T @ self.items + self.recipe.regularisation * np.eye(
                self.items.shape[1], dtype=np.float32
            )
            people = np.zeros((rows.shape[0], len(gram)), np.float32)
            for at in range(rows.shape[0]):
                people[at] = self._person(rows, at, gram)
            return np.asarray(people @ self.items.T, np.float32)

    def _person(self, rows: Matrix, at: int, gram: Scores) -> Scores:
        span = slice(rows.indptr[at], rows.indptr[at + 1])
        taken, confidence = self.items[rows.indices[span]], self.recipe.alpha * rows.data[span].astype(np.float32)
        left = gram + (taken.T * (confidence - 1.0)) @ taken
        return np.asarray(np.linalg.solve(left, taken.T @ confidence), np.float32)
