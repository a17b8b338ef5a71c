"""A chunk of people and the published models -> what each person's `scores` row says."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from addressee.models.bundle import Bundle
from addressee.models.chunks import Chunk
from addressee.models.kind import Answers, Audience, fitted_of
from addressee.models.kinds import kind_of
from addressee.models.registry import in_canary
from addressee.models.tables import ACTIVE_ONLY, Indices, Interactions

CANDIDATES = 50
DIGITS = 6
_SHORT = f"%.{DIGITS}g "

Body = dict[str, Any]


@dataclass(frozen=True)
class ScoredPerson:
    """A subject and the body of their `scores` row.

    The body holds `as_of`, `segments` {kind: name}, `scores` {kind: probability}, `candidates` {use: [[item id, score,
    support]], best first}, `versions` {kind: version} and, where a timer has something to say, `hours` {kind: local
    hours of the week, best first}; a kind that has nothing to say of a person is absent.
    """

    subject: str
    body: Body


@dataclass(frozen=True)
class Served:
    """What is served of one kind: the champion's bundle, and the challenger's for its share of the people, if any."""

    champion: Bundle
    challenger: Bundle | None = None
    share: float = 0.0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector rest: what a chunk makes holds no cycles, and all of it stays until it is written."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_uncollected()
def score_chunk(
    chunk: Chunk, served: Mapping[str, Served], *, on_fault: Callable[[str, str, str], None]
) -> list[ScoredPerson]:
    """Score everybody in the chunk with the models that they get, by kind, in the chunk's order.

    Who did not buy lately gets no score of a kind that is defined only for active people. The same input gives the
    same bodies. A challenger that raises gives way to its champion, and `on_fault(kind, version, error)` hears of it.
    """
    known = (chunk.now.features, chunk.interactions, chunk.items, chunk.mails)
    audience = Audience(len(chunk.subjects), chunk.as_of_day, *known)
    bodies: list[Body] = [
        {"as_of": chunk.as_of, "segments": {}, "scores": {}, "candidates": {}, "versions": {}} for _ in chunk.subjects
    ]
    for kind in sorted(served):
        each = served[kind]
        for bundle, rows in _arms(kind, each, chunk.subjects):
            answers, by = _answers(kind, (bundle, each.champion), _part(audience, rows), on_fault)
            for body in (bodies[row] for row in rows.tolist()):
                body["versions"][kind] = by
            _enter(bodies, kind, rows, answers, chunk)
    return [ScoredPerson(subject, body) for subject, body in zip(chunk.subjects, bodies, strict=True)]


def _arms(kind: str, served: Served, subjects: Sequence[str]) -> list[tuple[Bundle, Indices]]:
    """Return who gets which bundle: places among the subjects."""
    everybody = np.arange(len(subjects), dtype=np.int32)
    challenger = served.challenger
    if challenger is None:
        return [(served.champion, everybody)]
    chosen = np.array([in_canary(each, kind, challenger.version, served.share) for each in subjects], np.bool_)
    return [(served.champion, everybody[~chosen]), (challenger, everybody[chosen])]


def _part(audience: Audience, rows: Indices) -> Audience:
    """Return some of the people, sorted places, with their purchases."""
    if len(rows) == audience.size:
        return audience
    place = np.full(audience.size, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    own = audience.interactions.where(place[audience.interactions.subject] >= 0)
    moved = Interactions(**{**vars(own), "subject": place[own.subject]})
    mails = audience.mails.of_places(place)
    return replace(audience, size=len(rows), features=audience.features[rows], interactions=moved, mails=mails)


def _answers(
    kind: str, bundles: tuple[Bundle, Bundle], audience: Audience, on_fault: Callable[[str, str, str], None]
) -> tuple[Answers, str]:
    """Ask the first bundle, the champion where it raises; a champion's own fault is raised. Return whose answers."""
    asked, champion = bundles
    try:
        return kind_of(kind).predict(fitted_of(asked), audience, k=CANDIDATES), asked.version
    except Exception as error:
        if asked is champion:
            raise
        on_fault(kind, asked.version, type(error).__name__)
    return kind_of(kind).predict(fitted_of(champion), audience, k=CANDIDATES), champion.version


def _enter(bodies: Sequence[Body], kind: str, rows: Indices, answers: Answers, chunk: Chunk) -> None:
    """Enter one kind's answers into their people's bodies, by the kind's role."""
    role = kind_of(kind).role
    for place, row in enumerate(rows.tolist()):
        body = bodies[row]
        if role == "segmenter":
            body["segments"][kind] = answers.segments[place]
        elif role in {"scorer", "valuer"}:
            if kind not in ACTIVE_ONLY or chunk.now.active[row]:
                (body["scores"][kind],) = _short([answers.scores[place]])
        elif role == "recommender" and answers.candidates[place]:
            item_ids, scores, supports = zip(*answers.candidates[place], strict=True)
            body["candidates"][kind] = list(map(list, zip(item_ids, _short(scores), _short(supports), strict=True)))
        elif role == "timer" and answers.hours[place]:
            body.setdefault("hours", {})[kind] = list(answers.hours[place])


def _short(values: Sequence[float]) -> list[float]:
    """Keep six significant digits: the row is paid for by its size. Writing all at once is twice as quick."""
    return list(map(float, (_SHORT * len(values) % tuple(values)).split()))
