"""What a person took before, by how often and how lately: for goods that are bought again."""

from dataclasses import dataclass

import numpy as np

from addressee.models.generators.generator import NOTHING, About, Matrix, Scores, dense


@dataclass(frozen=True)
class OwnHistory:
    """Scores that are the person's own values, plus a little popularity to order the rest: `prior` is [items]."""

    prior: Scores

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:  # noqa: ARG002  # the interface's
        """Return the rows themselves above the prior; lists of it must not leave out what was taken."""
        return np.asarray(dense(rows) + self.prior, np.float32)


@dataclass(frozen=True)
class PersonalFrequency:
    """The person's own (decayed) counts; `prior` is the weight of everybody's popularity beside them, 0 for none."""

    prior: float = 0.01
    name: str = "personal_frequency"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> OwnHistory:  # noqa: ARG002  # nothing random
        """Scale the popularity to `prior` at its largest."""
        counts = np.asarray(matrix.sum(axis=0), np.float32).ravel()
        return OwnHistory(np.asarray(self.prior * counts / max(float(counts.max(initial=0.0)), 1.0), np.float32))
