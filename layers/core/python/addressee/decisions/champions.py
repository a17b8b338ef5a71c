"""`Champions`: the published models as a decision asks them, with challengers for those who are in a canary."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

from addressee.models.bundle import META_FILE, BundleRefused
from addressee.models.registry import in_canary
from addressee.models.serving import (
    RECOMMENDERS,
    SCORERS,
    SEGMENTERS,
    TIMERS,
    Recommender,
    Scorer,
    Segmenter,
    open_recommender,
    open_scorer,
    open_segmenter,
    open_timer,
)
from addressee.models.timers import Timer
from addressee.profiles.features import FEATURE_HASH

Champion: TypeAlias = Recommender | Scorer | Segmenter | Timer
NOT_LOADED = "NotLoaded"
_ROLES: Mapping[str, str] = {"recommenders": "rank", "scorers": "score", "segmenters": "segment", "timers": "hours"}
"""Field of `Champions` -> what the models in it can do."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A challenger: its version, its share of people, and the model, or None where it could not be loaded."""

    version: str
    share: float
    model: Champion | None = None


@dataclass(frozen=True, slots=True)
class Champions:
    """The loaded models by kind; a kind that is not published, or cannot be loaded, is absent.

    `trials` are the challengers by kind: `of` puts them in their champions' place for whoever is in the canary.
    `faults` says, by kind, which of a person's models failed or could not be loaded, by the error's name.
    """

    recommenders: Mapping[str, Recommender] = field(default_factory=dict)
    scorers: Mapping[str, Scorer] = field(default_factory=dict)
    segmenters: Mapping[str, Segmenter] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    trials: Mapping[str, Trial] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    timers: Mapping[str, Timer] = field(default_factory=dict)

    def of(self, subject: str) -> "Champions":
        """Return the models that this person gets: the same answer for the same person as long as a canary runs."""
        chosen = {kind: trial for kind, trial in self.trials.items() if _chosen(subject, kind, trial)}
        if not chosen:
            return self
        found = {kind: (trial.version, trial.model) for kind, trial in chosen.items() if trial.model is not None}
        missing = {kind: NOT_LOADED for kind in chosen if kind not in found}
        return replace(self.exchanged(found), faults={**self.faults, **missing})

    def exchanged(self, models: Mapping[str, tuple[str, Champion] | None]) -> "Champions":
        """Return them with models (kind -> version and model) in the place of others; None leaves a kind out."""
        roles: dict[str, Any] = {}
        for role, verb in _ROLES.items():
            come = {kind: each[1] for kind, each in models.items() if each is not None and hasattr(each[1], verb)}
            held = getattr(self, role).items()
            roles[role] = {kind: model for kind, model in held if kind not in models or kind in come} | come
        kept = {kind: version for kind, version in self.versions.items() if kind not in models or models[kind]}
        return replace(self, versions=kept | {kind: each[0] for kind, each in models.items() if each}, **roles)

    def models(self) -> dict[str, tuple[str, Champion]]:
        """Return version and model by kind."""
        found = {kind: model for role in _ROLES for kind, model in getattr(self, role).items()}
        return {kind: (self.versions.get(kind, ""), model) for kind, model in found.items()}


def _chosen(subject: str, kind: str, trial: Trial) -> bool:
    return in_canary(subject, kind, trial.version, trial.share)


def open_champion(kind: str, files: Mapping[str, bytes]) -> Champion:
    """Open a bundle of any kind from its `bundle.json` and `serving.bin`. Raises `BundleRefused` with the reason."""
    try:
        family = str(json.loads(files[META_FILE])["family"])
    except (KeyError, TypeError, ValueError):
        raise BundleRefused(f"{META_FILE} names no family") from None
    if family in RECOMMENDERS:
        return open_recommender(kind, files, feature_hash=FEATURE_HASH)
    if family in SCORERS:
        return open_scorer(kind, files, feature_hash=FEATURE_HASH)
    if family in SEGMENTERS:
        return open_segmenter(kind, files, feature_hash=FEATURE_HASH)
    if family in TIMERS:
        return open_timer(kind, files, feature_hash=FEATURE_HASH)
    raise BundleRefused(f"{META_FILE}: family {family} is unknown")


def champions_of(loaded: Mapping[str, tuple[str, Champion]], trials: Mapping[str, Trial] | None = None) -> Champions:
    """Sort loaded models (kind -> version and model) by what they can do (`_ROLES`); add challengers."""
    models = [(kind, model) for kind, (_, model) in loaded.items()]
    return Champions(
        recommenders={kind: cast("Recommender", model) for kind, model in models if hasattr(model, "rank")},
        scorers={kind: cast("Scorer", model) for kind, model in models if hasattr(model, "score")},
        segmenters={kind: cast("Segmenter", model) for kind, model in models if hasattr(model, "segment")},
        timers={kind: cast("Timer", model) for kind, model in models if hasattr(model, "hours")},
        versions={kind: version for kind, (version, _) in loaded.items()},
        trials=trials or {},
    )
