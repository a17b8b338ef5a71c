"""Neighbours by what was taken together: items of an item, people of a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from addressee.models.generators.generator import (
    BLOCK,
    NOTHING,
    About,
    Linear,
    Matrix,
    Scores,
    dense,
    largest,
    strongest,
)
from addressee.models.generators.matrices import binary

Similarity = Literal["cosine", "jaccard"]


@dataclass(frozen=True)
class ItemItem:
    """Similarity of two items by their takers, shrunk; of each item the `neighbours` nearest stay.

    cosine: together / ((n_i * n_j) ** 0.5 + shrinkage); jaccard: together / (n_i + n_j - together + shrinkage)
    (Sarwar et al. 2001, section 3.1; shrinkage after Bell and Koren 2007).
    """

    similarity: Similarity = "cosine"
    shrinkage: float = 10.0
    neighbours: int = 100
    name: str = "item_item"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Linear:  # noqa: ARG002  # nothing random
        """Count block by block, so that memory stays at `BLOCK` x items."""
        return Linear(strongest(self._blocks(binary(matrix)), top=self.neighbours))

    def _blocks(self, taken: Matrix) -> Iterator[Scores]:
        transposed, takers = taken.T.tocsr(), np.asarray(taken.sum(axis=0), np.float32).ravel()
        for start in range(0, taken.shape[1], BLOCK):
            together = dense(transposed[start : start + BLOCK] @ taken)
            yield self._similar(together, takers[start : start + BLOCK, None], takers[None, :])

    def _similar(self, together: Scores, left: Scores, right: Scores) -> Scores:
        if self.similarity == "cosine":
            below = np.sqrt(left * right) + self.shrinkage
        else:
            below = left + right - together + self.shrinkage
        return _ratio(together, below)


@dataclass(frozen=True)
class UserUser:
    """What the `neighbours` most similar people took, each weighted by cosine ** `sharpness`.

    It keeps everybody's row and compares each asked row with all of them: time and memory grow with the people.
    """

    neighbours: int = 200
    sharpness: float = 3.0
    name: str = "user_user"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> "Neighbourhood":  # noqa: ARG002  # nothing random
        """Keep the people."""
        return Neighbourhood(binary(matrix), self)


@dataclass(frozen=True)
class Neighbourhood:
    """The people of the training matrix, [users, items], to whom asked ones are compared."""

    taken: Matrix
    recipe: UserUser

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:  # noqa: ARG002  # the interface's
        """Add up what the most similar people took; a row equal to the asked one (their own) is no neighbour."""
        asked, sizes = binary(rows), _sizes(self.taken)
        out = np.empty(asked.shape, np.float32)
        for start in range(0, asked.shape[0], BLOCK):
            block = asked[start : start + BLOCK]
            similarity = self._similar(dense(block @ self.taken.T), _sizes(block)[:, None], sizes[None, :])
            out[start : start + BLOCK] = dense(largest(similarity, self.recipe.neighbours) @ self.taken)
        return out

    def _similar(self, together: Scores, left: Scores, right: Scores) -> Scores:
        similarity = np.asarray(_ratio(together, np.sqrt(left * right)) ** self.recipe.sharpness, np.float32)
        itself = (together == left) & (left == right)
        return np.where((together == 0) | itself, np.float32(-np.inf), similarity)


def _sizes(taken: Matrix) -> Scores:
    """Return how many items each row holds."""
    return np.asarray(np.diff(taken.indptr), np.float32)


def _ratio(above: Scores, below: Scores) -> Scores:
    """Divide, 0 where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0), np.float32)
