"""What the catalogue says in words: items with like texts, the new ones that nobody took yet among them."""

from dataclasses import dataclass

import numpy as np

from addressee.models.generators.generator import NOTHING, About, Linear, Matrix

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
        if not any(text.split() for text in about.texts):
            raise NoTexts(f"{matrix.shape[1]} items, and no word about any of them")
        vectors = text_vectors(about.texts, words=self.words)
        return Linear(vectors, vectors.T.tocsr())


def text_vectors(texts: tuple[str, ...], *, words: int = 1) -> Matrix:
    """Return sparse [items, terms], rows of length 1 (or 0 without words): sublinear counts, smoothed idf."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # training only

    vectoriser = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, words), token_pattern=_WORD, dtype=np.float32)
    return vectoriser.fit_transform(texts).tocsr()
