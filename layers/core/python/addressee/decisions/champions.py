"""`Champions`: the published models as a decision asks them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from addressee.models.bundle import META_FILE, BundleRefused
from addressee.models.serving import (
    RECOMMENDERS,
    SCORERS,
    SEGMENTERS,
    Recommender,
    Scorer,
    Segmenter,
    open_recommender,
    open_scorer,
    open_segmenter,
)
from addressee.profiles.features import FEATURE_HASH

Champion: TypeAlias = Recommender | Scorer | Segmenter


@dataclass(frozen=True, slots=True)
class Champions:
    """The loaded models by kind; a kind that is not published, or cannot be loaded, is absent."""

    recommenders: Mapping[str, Recommender] = field(default_factory=dict)
    scorers: Mapping[str, Scorer] = field(default_factory=dict)
    segmenters: Mapping[str, Segmenter] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


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
    raise BundleRefused(f"{META_FILE}: family {family} is unknown")


def champions_of(loaded: Mapping[str, tuple[str, Champion]]) -> Champions:
    """Sort loaded models (kind -> version and model) by what they can do: rank, score or segment."""
    models = [(kind, model) for kind, (_, model) in loaded.items()]
    return Champions(
        recommenders={kind: cast("Recommender", model) for kind, model in models if hasattr(model, "rank")},
        scorers={kind: cast("Scorer", model) for kind, model in models if hasattr(model, "score")},
        segmenters={kind: cast("Segmenter", model) for kind, model in models if hasattr(model, "segment")},
        versions={kind: version for kind, (version, _) in loaded.items()},
    )
