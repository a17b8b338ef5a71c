"""What `decide_content` loads and asks: recommenders, scorers, segmenters, timers, from a bundle, without numpy.

model = open_recommender("discover", {"bundle.json": ..., "serving.bin": ...}, feature_hash=FEATURE_HASH)
model.rank({item_hash("milk"): 20_000}, today=20_003, k=12)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from addressee.models.bundle import SERVING_FILE, BundleRefused, open_bundle
from addressee.models.packed import Truncated, unpack
from addressee.models.ranking import Scored, Sections
from addressee.models.recommenders import ItemNeighbours, Nightly, PersonalFrequency
from addressee.models.scorers import SCORER_FAMILIES, on_demand
from addressee.models.segmenters import Centroids, Tiers
from addressee.models.timers import Timer


class Recommender(Protocol):
    """Ranks products for one person."""

    def rank(
        self,
        history: Mapping[int, int],
        *,
        today: int,
        candidates: Sequence[str] | None = None,
        k: int,
        nightly: Nightly | None = None,
    ) -> list[Scored]:
        """Rank at most `k` products, best first; fewer where the model has nothing to say, none for no history.

        `history` maps `item_hash` to the last day on which it was bought (`State.bought`), `today` is a day since the
        epoch. `candidates`, item ids, restrict the answer. `nightly` is the person's row of this use in `scores`.
        Hard rules (stock, re-purchase window, cart) are the caller's.
        """
        ...

    def causes(self, item_ids: Sequence[str], history: Mapping[int, int]) -> dict[str, str]:
        """Return the product of `history` that adds the most to each of some ranked ones: because of this one.

        Those that follow from no other product, or not from this history, are left out.
        """
        ...

    def popular(self, k: int, spend: Sequence[float] = ()) -> list[Scored]:
        """Return the `k` products with the most buyers lately; score and support are their number.

        `spend` is what the person spends by `category_bucket` (`State.category_spend`): those categories move up.
        """
        ...

    def confidence(self, support: float) -> float:
        """Return the confidence in [0, 1) that so many observations give: n / (n + half of the model)."""
        ...


class Scorer(Protocol):
    """Gives a person a probability, or an amount."""

    @property
    def expected(self) -> float:
        """The mean over the training rows, in log-odds (an amount's in its own unit): what `explain` starts from."""
        ...

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The least probability of each tier but the lowest, the highest tier first; empty for an amount.

        `group_tiers.thresholds_of` says which ones a person has: a mitigation may give groups their own.
        """
        ...

    def score(self, features: Sequence[float]) -> float:
        """Return the probability for `profiles.features.vector(...)`. Raises `WrongFeatures` on a wrong length."""
        ...

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return each feature's SHAP value; `expected` and they add up to the answer before its calibration.

        But for what is no single feature's: whether anything is far out (`prepared.FAR`).
        """
        ...


class Segmenter(Protocol):
    """Puts a person into one named segment."""

    @property
    def names(self) -> tuple[str, ...]:
        """All segments."""
        ...

    def segment(self, features: Sequence[float]) -> str:
        """Return the segment for `profiles.features.vector(...)`. Raises `WrongFeatures` on a wrong length."""
        ...

    def popular(self, segment: str, k: int) -> list[Scored]:
        """Return the `k` products with the most buyers lately in the segment; none for an unknown segment."""
        ...

    def popular_overall(self, k: int) -> list[Scored]:
        """Return the `k` products with the most buyers lately among everybody."""
        ...

    def confidence(self, support: float) -> float:
        """Return the confidence in [0, 1) that so many observations give."""
        ...


RECOMMENDERS: Mapping[str, Callable[[Sections, Mapping[str, Any]], Recommender]] = {
    "personal_frequency": PersonalFrequency,
    "item_neighbours": ItemNeighbours,
    "stacked": on_demand("stacked", "StackedNeighbours"),
    "next_products": on_demand("next_products", "NextProducts"),
}
"""How a recommender is computed, by the `family` in `bundle.json`; several kinds may share a family."""

SCORERS: Mapping[str, Callable[[Sections, Mapping[str, Any]], Scorer]] = SCORER_FAMILIES

SEGMENTERS: Mapping[str, Callable[[Sections, Mapping[str, Any]], Segmenter]] = {"tiers": Tiers, "centroids": Centroids}

TIMERS: Mapping[str, Callable[[Sections, Mapping[str, Any]], Timer]] = {"hour_profiles": Timer, "hour_trees": Timer}

FAMILIES: Mapping[str, object] = {**RECOMMENDERS, **SCORERS, **SEGMENTERS, **TIMERS}
"""Everything that can be served, whatever its role; a valuer is served by a family of `SCORERS`."""

Served = TypeVar("Served")


def open_recommender(kind: str, files: Mapping[str, bytes], *, feature_hash: str) -> Recommender:
    """Open a recommender (`buy_again`, `discover`) from its `bundle.json` and `serving.bin`.

    `feature_hash` is `profiles.features.FEATURE_HASH`. Raises `BundleRefused` with the reason: damaged or truncated
    files, another kind, other features, an unknown family.
    """
    return _open(kind, files, feature_hash, RECOMMENDERS)


def open_scorer(kind: str, files: Mapping[str, bytes], *, feature_hash: str) -> Scorer:
    """Open a scorer (`buys_in_7_days`, `lapses_in_28_days`); as `open_recommender`."""
    return _open(kind, files, feature_hash, SCORERS)


def open_segmenter(kind: str, files: Mapping[str, bytes], *, feature_hash: str) -> Segmenter:
    """Open a segmenter (`rfm_tiers`); as `open_recommender`."""
    return _open(kind, files, feature_hash, SEGMENTERS)


def open_timer(kind: str, files: Mapping[str, bytes], *, feature_hash: str) -> Timer:
    """Open a timer (`send_hour`); as `open_recommender`."""
    return _open(kind, files, feature_hash, TIMERS)


def _open(
    kind: str,
    files: Mapping[str, bytes],
    feature_hash: str,
    families: Mapping[str, Callable[[Sections, Mapping[str, Any]], Served]],
) -> Served:
    bundle = open_bundle(kind, files, feature_hash=feature_hash)
    family = families.get(str(bundle.meta.get("family")))
    if family is None:
        raise BundleRefused(f"bundle.json: family {bundle.meta.get('family')} is none of {', '.join(families)}")
    try:
        return family(unpack(files[SERVING_FILE]), bundle.meta["settings"])
    except Truncated as error:
        raise BundleRefused(str(error)) from error
    except (KeyError, ValueError, TypeError) as error:
        raise BundleRefused(f"{SERVING_FILE} does not hold what {bundle.meta['family']} needs: {error}") from error
