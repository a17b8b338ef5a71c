"""Random walks of three steps over who took what: item -> person -> item."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from addressee.models.generators.generator import BLOCK, NOTHING, About, Linear, Matrix, Scores, dense, strongest
from addressee.models.generators.matrices import binary, scaled_columns, scaled_rows


@dataclass(frozen=True)
class Rp3Beta:
    """RP3beta: transition chances to the power `alpha`, divided by the target's takers ** `beta` (Paudel et al. 2017).

    w(i, j) = sum over people u of p(u | i) ** alpha * p(j | u) ** alpha / n_j ** beta; each i keeps its `neighbours`
    largest.
    """

    alpha: float = 1.0
    beta: float = 0.4
    neighbours: int = 100
    name: str = "rp3beta"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Linear:  # noqa: ARG002  # nothing random
        """Multiply block by block, so that memory stays at `BLOCK` x items."""
        return Linear(strongest(self._blocks(binary(matrix)), top=self.neighbours))

    def _blocks(self, taken: Matrix) -> Iterator[Scores]:
        people, takers = _at_least_one(taken.sum(axis=1)), _at_least_one(taken.sum(axis=0))
        to_person = scaled_rows(taken.T.tocsr(), takers**-self.alpha)
        to_item = scaled_columns(scaled_rows(taken, people**-self.alpha), takers**-self.beta)
        for start in range(0, taken.shape[1], BLOCK):
            yield dense(to_person[start : start + BLOCK] @ to_item)


def _at_least_one(sums: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> Scores:
    return np.maximum(np.asarray(sums, np.float32).ravel(), np.float32(1.0))
