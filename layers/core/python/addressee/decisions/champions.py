"""`Champions`: the published models as a decision asks them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from addressee.models.serving import Recommender, Scorer, Segmenter


@dataclass(frozen=True, slots=True)
class Champions:
    """The loaded models by kind; a kind that is not published, or cannot be loaded, is absent."""

    recommenders: Mapping[str, Recommender] = field(default_factory=dict)
    scorers: Mapping[str, Scorer] = field(default_factory=dict)
    segmenters: Mapping[str, Segmenter] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
