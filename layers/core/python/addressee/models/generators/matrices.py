"""Purchases -> the sparse matrix that generators learn from."""

import numpy as np
from scipy import sparse

from addressee.models.generators.generator import Matrix
from addressee.models.tables import Interactions


def purchase_matrix(
    purchases: Interactions, shape: tuple[int, int], *, day: int, half_life_days: float | None = None
) -> Matrix:
    """Return [users, items]: each purchase line counts `0.5 ** (age in days / half-life)`, or 1 without a half-life.

    `day` is the day from which ages count; nothing after it should be in `purchases` (`Interactions.until`).
    """
    age = np.maximum(day - purchases.day.astype(np.float64), 0.0)
    worth = np.ones(len(age)) if half_life_days is None else 0.5 ** (age / half_life_days)
    matrix = sparse.csr_matrix((worth, (purchases.subject, purchases.item)), shape, dtype=np.float64)
    matrix.sum_duplicates()
    return matrix.astype(np.float32)


def binary(matrix: Matrix) -> Matrix:
    """Return 1 wherever there is a value above 0."""
    kept = matrix.copy()
    kept.data = (kept.data > 0).astype(np.float32)
    kept.eliminate_zeros()
    return kept


def scaled_rows(matrix: Matrix, factors: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> Matrix:
    """Multiply each row by its factor."""
    out = matrix.astype(np.float32)
    out.data *= np.repeat(factors.astype(np.float32), np.diff(out.indptr))
    return out


def scaled_columns(matrix: Matrix, factors: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> Matrix:
    """Multiply each column by its factor."""
    out = matrix.astype(np.float32)
    out.data *= factors.astype(np.float32)[out.indices]
    return out
