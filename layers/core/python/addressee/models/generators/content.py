"""What the catalogue says in words: items with like texts, the new ones that nobody took yet among them."""

from dataclasses import dataclass

import numpy as np

from addressee.models.generators.factors import PureSvd
from addressee.models.generators.generator import NOTHING, About, Linear, Matrix, Scores
from addressee.models.generators.threads import one_thread
from addressee.models.tables import Floats

_WORD = r"(?u)\b\w[\w'-]*\b"


class NoTexts(ValueError):
    """The items have no texts to compare."""


@dataclass(frozen=True)
class Content:
    """Cosine between TF-IDF vectors of texts (Salton and Buckley 1988); runs of up to `words` words count.

    The matrix is not looked at but for its size: an item needs a text, and no taker.
    """

    words: int = 1
    name: str = "content"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Linear:  # noqa: ARG002  # nothing random
        """Weigh words; raises `NoTexts` where there is no word."""
        vectors = _vectors(about, matrix.shape[1], self.words)
        return Linear(vectors, vectors.T.tocsr())


@dataclass(frozen=True)
class ContentFactors:
    """PureSVD in which items taken by few lean on the factors that their words promise (Gantner et al. 2010).

    promised = words @ ridge regression of the factors on the words of items that were taken;
    factors_j = (n_j * own_j + `strength` * promised_j) / (n_j + strength): a new item has what its words promise.
    """

    factors: int = 16
    ridge: float = 1.0
    strength: float = 5.0
    words: int = 1
    name: str = "content_factors"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> Linear:
        """Decompose, regress, mix; raises `NoTexts` where there is no word."""
        own = PureSvd(self.factors).fit(matrix, rng=rng).left
        vectors = _vectors(about, matrix.shape[1], self.words)
        takes = np.asarray(matrix.sum(axis=0), np.float64).reshape(-1, 1)
        promised = vectors @ _ridge(vectors[takes[:, 0] > 0], own[takes[:, 0] > 0], self.ridge)
        mixed = (takes * own + self.strength * promised) / (takes + self.strength)
        return Linear(own, np.ascontiguousarray(mixed.T, np.float32))


def _ridge(vectors: Matrix, targets: Scores, strength: float) -> Floats:
    """Return [terms, factors]: (V'V + strength * I)^-1 V'T, by conjugate gradients where there are many terms."""
    from sklearn.linear_model import Ridge  # noqa: PLC0415  # training only

    with one_thread():
        model = Ridge(alpha=strength, fit_intercept=False, solver="sparse_cg", tol=1e-6)
        return np.asarray(model.fit(vectors.astype(np.float64), targets.astype(np.float64)).coef_.T, np.float64)


def _vectors(about: About, items: int, words: int) -> Matrix:
    if not any(text.split() for text in about.texts):
        raise NoTexts(f"{items} items, and no word about any of them")
    return text_vectors(about.texts, words=words)


def text_vectors(texts: tuple[str, ...], *, words: int = 1) -> Matrix:
    """Return sparse [items, terms], rows of length 1 (or 0 without words): sublinear counts, smoothed idf."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # training only

    vectoriser = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, words), token_pattern=_WORD, dtype=np.float32)
    return vectoriser.fit_transform(texts).tocsr()
