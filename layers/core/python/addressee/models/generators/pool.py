"""Candidates and what every generator says of them: the small table on which weights and rankers are learned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from addressee.models.generators.generator import Fitted, Matrix, Scores
from addressee.models.generators.hidden import Hidden, K
from addressee.models.generators.lists import NONE, top_items
from addressee.models.list_metrics import hits_of, ndcg_of
from addressee.models.tables import Flags, Floats, Indices

WIDTH = 200
SAMPLE = 256
"""So many rows, evenly taken, tell the scale of a generator's scores."""


@dataclass(frozen=True)
class Pool:
    """n people's m candidates: `items` [n, m] (`NONE` at the end of short ones), `scores` [parts, n, m], `hits` [n, m].

    `wanted` [n] is how many hidden items each person has, in the pool or not.
    """

    items: Indices
    scores: Scores
    hits: Flags
    wanted: Indices

    def only(self, parts: Sequence[int]) -> "Pool":
        """Return the pool as if only these parts had scored it; the candidates stay."""
        return replace(self, scores=self.scores[list(parts)])

    def ndcg(self, weights: Sequence[float]) -> Floats:
        """Return NDCG@k of each person under the weighted sum; ties go by place in the pool."""
        blend = np.tensordot(np.asarray(weights, np.float32), self.scores, axes=1)
        blend[self.items == NONE] = -np.inf
        lists = top_items(blend, k=min(K, blend.shape[1]))
        return ndcg_of(np.take_along_axis(self.hits, lists, axis=1) & (lists != NONE), self.wanted)


def spread(fitted: Fitted, rows: Matrix, traits: Matrix | None = None) -> float:
    """Return the standard deviation of a generator's scores over a sample of rows; 1 where they are constant."""
    step = -(-rows.shape[0] // SAMPLE) or 1
    known = traits is not None and traits.shape[0] > 0
    found = float(fitted.scores(rows[::step], traits=traits[::step] if known and traits is not None else None).std())
    return found or 1.0


def pool_of(part: Hidden, fitted: Sequence[Fitted], *, weights: Sequence[float], width: int = WIDTH) -> Pool:
    """Let the weighted sum choose the candidates, and each generator (in its own scale) score them."""
    answers = [part.answers(each) / np.float32(spread(each, part.kept, part.about.traits)) for each in fitted]
    blend = np.tensordot(np.asarray(weights, np.float32), np.stack(answers), axes=1)
    items = top_items(blend, k=min(width, blend.shape[1]), seen=part.rows)
    relevant = part.hidden[part.asked]
    scores = np.stack([np.take_along_axis(each, np.maximum(items, 0), axis=1) for each in answers])
    return Pool(items, scores, hits_of(items, relevant), np.diff(relevant.indptr).astype(np.int32))
