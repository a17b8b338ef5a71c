"""What the models say of a person now: propensities and segments on the fresh profile."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from addressee.decisions.champions import Champions
from addressee.decisions.person import Person
from addressee.profiles.features import vector


@dataclass(frozen=True, slots=True)
class Portrait:
    """Probabilities, segment names and hours to be mailed at, by kind of model; empty where nothing is known."""

    scores: Mapping[str, float] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def portray(person: Person, champions: Champions, *, now_ms: int) -> Portrait:
    """Score a person live; where no model of a kind is loaded, what the last scoring run said stands."""
    stored = person.scores
    everybody = {} if stored.as_of else {kind: model.hours() for kind, model in champions.timers.items()}
    hours = stored.hours or {kind: told for kind, told in everybody.items() if told}
    if not person.state.last_seen_ms or not (champions.scorers or champions.segmenters):
        return Portrait(stored.scores, stored.segments, hours)
    features = vector(person.state, max(now_ms, person.state.last_seen_ms), person.traits)
    scores = {kind: round(model.score(features), 6) for kind, model in champions.scorers.items()}
    segments = {kind: model.segment(features) for kind, model in champions.segmenters.items()}
    return Portrait({**stored.scores, **scores}, {**stored.segments, **segments}, hours)
