"""A chunk of people and the published models -> what each person's `scores` row says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from addressee.models.bundle import Bundle
from addressee.models.chunks import Chunk
from addressee.models.kind import Answers, Audience, fitted_of
from addressee.models.kinds import kind_of
from addressee.models.ranking import Scored
from addressee.models.tables import ACTIVE_ONLY

CANDIDATES = 50
DIGITS = 6

Body = dict[str, Any]


@dataclass(frozen=True)
class ScoredPerson:
    """A subject and the body of their `scores` row.

    The body holds `as_of`, `segments` {kind: name}, `scores` {kind: probability}, `candidates` {use: [[item id, score,
    support]], best first} and `versions` {kind: version}; a kind that has nothing to say of a person is absent.
    """

    subject: str
    body: Body


def score_chunk(chunk: Chunk, bundles: Mapping[str, Bundle]) -> list[ScoredPerson]:
    """Score everybody in the chunk with the given champions (kind -> bundle), in the chunk's order.

    Who did not buy lately gets no score of a kind that is defined only for active people. The same input gives the
    same bodies.
    """
    audience = Audience(len(chunk.subjects), chunk.as_of_day, chunk.now.features, chunk.interactions, chunk.items)
    versions = {kind: bundles[kind].version for kind in sorted(bundles)}
    bodies: list[Body] = [
        {"as_of": chunk.as_of, "segments": {}, "scores": {}, "candidates": {}, "versions": versions}
        for _ in chunk.subjects
    ]
    for kind in sorted(bundles):
        answers = kind_of(kind).predict(fitted_of(bundles[kind]), audience, k=CANDIDATES)
        _enter(bodies, kind, answers, chunk)
    return [ScoredPerson(subject, body) for subject, body in zip(chunk.subjects, bodies, strict=True)]


def _enter(bodies: list[Body], kind: str, answers: Answers, chunk: Chunk) -> None:
    """Enter one kind's answers into everybody's body, by the kind's role."""
    role = kind_of(kind).role
    for place, body in enumerate(bodies):
        if role == "segmenter":
            body["segments"][kind] = answers.segments[place]
        elif role == "scorer":
            if kind not in ACTIVE_ONLY or chunk.now.active[place]:
                body["scores"][kind] = _short(answers.scores[place])
        elif answers.candidates[place]:
            body["candidates"][kind] = [_row(scored) for scored in answers.candidates[place]]


def _row(scored: Scored) -> list[Any]:
    return [scored.item_id, _short(scored.score), _short(scored.support)]


def _short(value: float) -> float:
    """Keep six significant digits: the row is paid for by its size."""
    return float(f"{value:.{DIGITS}g}")
