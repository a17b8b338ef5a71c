"""The interface of all generators: a recipe is fitted on a matrix, a fitted model scores rows of items."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from addressee.models.generators.threads import one_thread

Matrix: TypeAlias = Any
"""A `scipy.sparse.csr_matrix` [users, items]; values above 0 say how much. (scipy has no types.)"""
Weights: TypeAlias = Any
"""A sparse matrix or an array."""
Scores = NDArray[np.float32]
BLOCK = 512


def unknown() -> Matrix:
    """Return a matrix without rows: nothing is known of anybody."""
    return sparse.csr_matrix((0, 0), dtype=np.float32)


@dataclass(frozen=True)
class About:
    """What is known besides who took what: a text per item (catalogue title, category, attributes), traits of users.

    `texts` is empty, or one per item. `traits` is sparse [users, T] of 0 and 1, or has no row. `lately` is like the
    matrix, each take worth less with its age (`matrices.purchase_matrix`), or has no row; popularity reads it.
    """

    texts: tuple[str, ...] = ()
    traits: Matrix = field(default_factory=unknown)
    lately: Matrix = field(default_factory=unknown)


NOTHING = About()


class Fitted(Protocol):
    """A fitted generator."""

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:
        """Return dense [n, items] for people of whom `rows` (sparse [n, items]) is known; higher is better.

        What a person took already is scored too: leaving it out is up to the list (`lists.top_items`).
        """
        ...


class Recipe(Protocol):
    """Settings of a generator; equal recipes fitted on equal input with equal seeds give equal bytes."""

    @property
    def name(self) -> str:
        """The generator's name, for tables and cards."""
        ...

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Fitted:
        """Learn from who took what; `about` has the same users and items."""
        ...


@runtime_checkable
class ItemModel(Protocol):
    """A fitted generator whose scores are sums over what a person took, so that it serves from `item_item`."""

    @property
    def size(self) -> int:
        """Return the number of items."""
        ...

    def block(self, start: int, stop: int) -> Scores:
        """Return the weights of items `start` to `stop`, dense [stop - start, items]."""
        ...

    def item_item(self, *, top: int) -> Matrix:
        """Return sparse [items, items]: each row keeps its `top` weights farthest from 0."""
        ...


@dataclass(frozen=True)
class Linear:
    """Scores `rows @ left`, or `rows @ left @ right`; each is dense or sparse, the product [items, items]."""

    left: Weights
    right: Weights | None = None

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:  # noqa: ARG002  # the interface's
        """Add up the weights of what each person took."""
        return self._times(rows.astype(np.float32) @ self.left)

    @property
    def size(self) -> int:
        """Return the number of items."""
        return int(self.left.shape[0])

    def block(self, start: int, stop: int) -> Scores:
        """Return some rows of the product."""
        return self._times(self.left[start:stop])

    def item_item(self, *, top: int) -> Matrix:
        """Return sparse [items, items]: see `strongest`."""
        return strongest(blocks_of(self), top=top)

    def _times(self, left: Weights) -> Scores:
        with one_thread():
            return dense(left if self.right is None else left @ self.right)


def blocks_of(model: ItemModel) -> Iterator[Scores]:
    """Yield the weights of `BLOCK` items after the other."""
    for start in range(0, model.size, BLOCK):
        yield model.block(start, min(start + BLOCK, model.size))


def dense(values: Weights) -> Scores:
    """Return a float32 array of a dense or sparse matrix."""
    return np.asarray(values.toarray() if sparse.issparse(values) else values, np.float32)


def strongest(blocks: Iterable[Scores], *, top: int) -> Matrix:
    """Return sparse [items, items] of a square's rows, which come in blocks: of each row the `top` farthest from 0.

    Weights of 0 and an item's weight for itself are left out, ties go by column. Weights below 0 (EASE has some: what
    does not go together) are kept like others: on MovieLens 100 neighbours without them find 1.2 % less.
    """
    kept, start = [], 0
    for block in blocks:
        rows = np.arange(len(block))
        ranked = np.where(block == 0.0, np.float32(-np.inf), np.abs(block))
        ranked[rows, start + rows] = -np.inf
        chosen = largest(ranked, top)
        chosen.data = block[np.repeat(rows, np.diff(chosen.indptr)), chosen.indices]
        kept.append(chosen)
        start += len(block)
    return sparse.vstack(kept, format="csr")


def largest(block: Scores, top: int) -> Matrix:
    """Return sparse [n, m]: of each row the `top` largest values above minus infinity; ties go by column."""
    if top < block.shape[1]:
        least = np.partition(block, -top, axis=1)[:, -top, None]
        above, ties = block > least, block == least
        room = top - above.sum(axis=1, keepdims=True)
        block = np.where(above | (ties & (ties.cumsum(axis=1) <= room)), block, np.float32(-np.inf))
    row, column = np.nonzero(block > -np.inf)
    return sparse.csr_matrix((block[row, column], (row, column)), block.shape, dtype=np.float32)
