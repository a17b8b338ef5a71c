"""`Learn`'s third step, once for each model kind: training tables -> a judged model -> the registry."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from time import time
from typing import Any, cast

from addressee.adapters.log import log_metrics
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.abilities import Following
from addressee.models.bundle import BundleRefused, open_bundle
from addressee.models.fairness import Mitigation
from addressee.models.kind import Fitted, Kind, fitted_of
from addressee.models.kinds import kind_of
from addressee.models.registry import Pointer, day_of
from addressee.models.table_files import read_tables
from addressee.models.tables import Tables
from addressee.models.train import Run, Trained, train
from addressee.models.tuning import NO_BUDGET, Budget
from addressee.settings import read_settings

FUNCTION = "train_models"
YEAR_DAYS = 365


class TablesMissing(Exception):
    """A file of the training tables is not where the event says."""


@dataclass(frozen=True)
class Settings:
    """The function's environment. `canary_share` of people get a new model first; 0: everybody does at once.

    `tuning_trials` may be spent on each family of models; `tier_high` and `tier_medium` are a propensity's tiers;
    `fairness_mitigation` (`fairness.Mitigation`) narrows its gaps between declared groups.
    """

    models_bucket: str
    revision: str
    canary_share: float
    tuning_trials: int
    fairness_mitigation: str
    tier_high: float
    tier_medium: float


@dataclass(frozen=True)
class Wiring:
    """What the function works with; `revision` is that of the deployed code, empty where nobody knows."""

    models: S3Bucket
    registry: S3Registry
    revision: str = ""
    canary_share: float = 0.0
    now_ms: Callable[[], int] = lambda: int(time() * 1000)
    budget: Budget = NO_BUDGET
    tiers: Mapping[str, float] = field(default_factory=dict)
    mitigation: Mitigation = "none"


@cache
def wiring() -> Wiring:
    """Wire the function from its environment, once."""
    settings = read_settings(Settings, os.environ)
    bucket = S3Bucket(settings.models_bucket)
    return Wiring(
        bucket,
        S3Registry(bucket),
        settings.revision,
        settings.canary_share,
        budget=Budget(settings.tuning_trials),
        tiers={"high": settings.tier_high, "medium": settings.tier_medium},
        mitigation=cast("Mitigation", settings.fairness_mitigation),
    )


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> dict[str, Any]:
    """Train `kind` on the tables below `tables`, and publish it if the gate lets it pass.

    `published` says whether anybody gets it (`state` champion or challenger), `version` is then the new one, else the
    champion. The seed is the day of the tables: a repeat gives the same bytes, and publishing them changes nothing. The
    clock says only since when a canary runs.
    """
    wired = wired or wiring()
    kind = kind_of(event["kind"])
    tables = read_tables(lambda name: _read(wired.models, event["tables"] + name))
    pointer = wired.registry.pointers().get(kind.name, Pointer(""))
    trained = train(_run(kind, tables, wired, pointer))
    if trained.bundle is not None:
        pointer = wired.registry.publish(trained.bundle, share=wired.canary_share, now_ms=wired.now_ms())
    return _answer(kind.name, trained, pointer)


def _run(kind: Kind, tables: Tables, wired: Wiring, pointer: Pointer) -> Run:
    """Name the rivals: recipes of the champion and of the last year's, made by the family that this code still has."""
    known, registry = tables.metadata, wired.registry
    served = registry.meta(kind.name, pointer.champion) if pointer.champion else {}
    year_ago = (date.fromisoformat(known.as_of) - timedelta(YEAR_DAYS)).isoformat()
    former = [each for each in registry.former(kind.name, since=year_ago, until=known.as_of) if _comparable(kind, each)]
    return Run(
        kind,
        tables,
        seed=known.as_of_day,
        champion=served["recipe"] if _comparable(kind, served) else None,
        former=[each["recipe"] for each in former],
        revision=wired.revision,
        budget=wired.budget,
        tiers=wired.tiers,
        mitigation=wired.mitigation,
        previous=_previous(kind, wired, pointer, known.as_of),
    )


def _previous(kind: Kind, wired: Wiring, pointer: Pointer, as_of: str) -> Fitted | None:
    """Return the latest champion of earlier tables, if the kind goes on from it: a repeat of a run finds the same one.

    It may be of other features than those of now; one that is damaged is none.
    """
    versions = [pointer.champion, *(former.version for former in pointer.history)]
    earlier = [each for each in versions if each and day_of(each) < as_of]
    if not earlier or not isinstance(kind, Following):
        return None
    files, meta = wired.registry.files(kind.name, earlier[0]), wired.registry.meta(kind.name, earlier[0])
    try:
        return fitted_of(open_bundle(kind.name, files, feature_hash=meta.get("feature_hash", "")))
    except BundleRefused:
        return None


def _comparable(kind: Kind, meta: Mapping[str, Any]) -> bool:
    return meta.get("family") in kind.families and "recipe" in meta


def _read(models: S3Bucket, key: str) -> bytes:
    stored = models.get(key)
    if stored is None:
        raise TablesMissing(key)
    return stored.body


def _answer(kind: str, trained: Trained, pointer: Pointer) -> dict[str, Any]:
    """Say what became of the model: what passed the gate may still be kept from people, and the reason tells why."""
    version, reason = trained.bundle.version if trained.bundle else "", trained.verdict.reason
    state = pointer.state(version) if version else ""
    published = state in {"champion", "challenger"}
    if version and not published:
        reason = f"{_kept_back(version, pointer)}; {reason}"
    said = {"kind": kind, "version": version if published else pointer.champion, "reason": reason}
    said |= {"state": state if published else "", "champion": pointer.champion, "challenger": pointer.challenger}
    log_metrics("trained", {"Published": int(published), "Withheld": int(not published)}, function=FUNCTION, **said)
    return {**said, "published": published, "metrics": trained.metrics}


def _kept_back(version: str, pointer: Pointer) -> str:
    if pointer.state(version) == "withdrawn":
        return f"{version} was rolled back before"
    if pointer.challenger:
        return f"the canary of {pointer.challenger} is not disturbed"
    return "the champion is of newer tables"
