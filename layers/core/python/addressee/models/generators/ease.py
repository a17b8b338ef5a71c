"""EASE: the item-item weights that restore everybody's row best, in closed form by one Cholesky factorisation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addressee.models.generators.generator import BLOCK, NOTHING, About, Linear, Matrix
from addressee.models.generators.threads import one_thread

_Square = NDArray[Any]


class NotInvertible(ValueError):
    """X'X + regularisation * I is not positive definite: the regularisation is 0 or lost in rounding."""


@dataclass(frozen=True)
class Ease:
    """B = I - P diag(1 / diag P) with P = (X'X + regularisation * I)^-1 (Steck 2019, equation 8): its diagonal is 0.

    One array of items x items, worked on in place: 4 bytes each (8 in double precision), thus 1.6 GB for 20,000 items.
    """

    regularisation: float = 200.0
    double: bool = False
    name: str = "ease"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Linear:  # noqa: ARG002  # nothing random
        """Factorise, invert, divide by the diagonal; raises `NotInvertible`."""
        with one_thread():
            weights = _inverse(_gram(matrix, self.regularisation, np.float64 if self.double else np.float32))
        weights /= -weights.diagonal()[None, :]
        np.fill_diagonal(weights, 0.0)
        return Linear(weights)


def _gram(matrix: Matrix, regularisation: float, dtype: type) -> _Square:
    """Return X'X + regularisation * I, dense, block by block: a sparse product would need three times as much."""
    taken, items = matrix.astype(dtype), matrix.shape[1]
    transposed = taken.T.tocsr()
    gram = np.empty((items, items), dtype)
    for start in range(0, items, BLOCK):
        (transposed[start : start + BLOCK] @ taken).toarray(out=gram[start : start + BLOCK])
    gram[np.diag_indices(items)] += regularisation
    return gram


def _inverse(gram: _Square) -> _Square:
    """Invert a symmetric positive definite matrix in place by potrf + potri, a quarter of a general inverse's time."""
    from scipy.linalg import lapack  # noqa: PLC0415  # training only

    potrf, potri = (lapack.spotrf, lapack.spotri) if gram.dtype == np.float32 else (lapack.dpotrf, lapack.dpotri)
    factor, failed = potrf(gram.T, lower=1, clean=0, overwrite_a=1)  # .T: LAPACK reads columns, and gram is symmetric
    if failed:
        raise NotInvertible(f"the leading minor of order {failed} is not positive")
    inverse, _ = potri(factor, lower=1, overwrite_c=1)
    return _mirrored(inverse.T)


def _mirrored(upper: _Square) -> _Square:
    """Copy the upper triangle, in which the inverse was left, into the lower one, block by block."""
    for start in range(0, len(upper), BLOCK):
        stop = start + BLOCK
        upper[stop:, start:stop] = upper[start:stop, stop:].T
        square = upper[start:stop, start:stop]
        square[:] = np.triu(square) + np.triu(square, 1).T
    return upper
