"""Why a person has a score: its tier, and the features that moved it most, in words."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from addressee.decisions.champions import Champions
from addressee.decisions.person import Person
from addressee.models.group_tiers import thresholds_of
from addressee.models.scorers import tier
from addressee.models.serving import Scorer
from addressee.profiles.feature_words import said
from addressee.profiles.features import FEATURE_NAMES, vector

STRONGEST = 5


class Because(NamedTuple):
    """One feature: its value, what it adds to the log-odds (to an amount: in its unit), and both in words."""

    feature: str
    value: float
    contribution: float
    words: str


class Explanation(NamedTuple):
    """A score's tier, None for an amount, and what moved it: the strongest first, at most `STRONGEST`."""

    tier: str | None
    because: tuple[Because, ...]


def explanations(person: Person, champions: Champions, *, now_ms: int) -> dict[str, Explanation]:
    """Explain the live scores by kind of model; nothing for somebody never seen."""
    if not person.state.last_seen_ms:
        return {}
    features = vector(person.state, max(now_ms, person.state.last_seen_ms), person.traits)
    return {kind: _explained(model, features, person.traits) for kind, model in champions.scorers.items()}


def _explained(model: Scorer, features: Sequence[float], declared: Mapping[str, Any]) -> Explanation:
    given = sorted(zip(FEATURE_NAMES, features, model.explain(features), strict=True), key=lambda each: -abs(each[2]))
    subject = "chance" if model.thresholds else "amount"
    because = tuple(
        Because(name, round(value, 6), round(moved, 6), _in_words(name, value, moved, subject))
        for name, value, moved in given[:STRONGEST]
        if moved
    )
    least = thresholds_of(model.thresholds, declared)
    return Explanation(tier(model.score(features), least) if least else None, because)


def _in_words(name: str, value: float, moved: float, subject: str) -> str:
    return f"{said(name, value)}: {'raises' if moved > 0 else 'lowers'} the {subject}"


def explanations_json(explained: Mapping[str, Explanation]) -> dict[str, Any]:
    """Write explanations as `GET /v1/users/{id}/scores?explain=true` answers them; an unknown value is null."""
    return {
        kind: {"tier": each.tier, "because": [_because_json(reason) for reason in each.because]}
        for kind, each in explained.items()
    }


def _because_json(reason: Because) -> dict[str, Any]:
    value = reason.value if reason.value == reason.value else None  # NaN differs from itself
    return {**reason._asdict(), "value": value}
