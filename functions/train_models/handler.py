"""`Learn`'s third step, once for each model kind: training tables -> a judged model -> the registry."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from addressee.adapters.log import log_metrics
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.kind import Recipe
from addressee.models.kinds import kind_of
from addressee.models.registry import Pointer
from addressee.models.table_files import read_tables
from addressee.models.train import Run, Trained, train
from addressee.settings import read_settings

FUNCTION = "train_models"


class TablesMissing(Exception):
    """A file of the training tables is not where the event says."""


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    models_bucket: str


@dataclass(frozen=True)
class Wiring:
    """What the function works with."""

    models: S3Bucket
    registry: S3Registry


@cache
def wiring() -> Wiring:
    """Wire the function from its environment, once."""
    bucket = S3Bucket(read_settings(Settings, os.environ).models_bucket)
    return Wiring(bucket, S3Registry(bucket))


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> dict[str, Any]:
    """Train `kind` on the tables below `tables`, and publish it if the gate lets it pass; `version` is what is served.

    The seed is the day of the tables, so that a repeat gives the same bytes, and publishing them again changes nothing.
    """
    wired = wired or wiring()
    kind = kind_of(event["kind"])
    tables = read_tables(lambda name: _read(wired.models, event["tables"] + name))
    champion = wired.registry.pointers().get(kind.name)
    trained = train(
        Run(kind, tables, seed=tables.metadata.as_of_day, champion=_recipe(wired.registry, kind.name, champion))
    )
    if trained.bundle is not None:
        champion = wired.registry.publish(trained.bundle)
    return _answer(kind.name, trained, champion)


def _read(models: S3Bucket, key: str) -> bytes:
    stored = models.get(key)
    if stored is None:
        raise TablesMissing(key)
    return stored.body


def _recipe(registry: S3Registry, kind: str, champion: Pointer | None) -> Recipe | None:
    """Return the champion's recipe; None where there is no champion."""
    return registry.meta(kind, champion.champion).get("recipe") if champion else None


def _answer(kind: str, trained: Trained, served: Pointer | None) -> dict[str, Any]:
    answer = {
        "kind": kind,
        "version": served.champion if served else "",
        "published": trained.verdict.published,
        "reason": trained.verdict.reason,
        "metrics": trained.metrics,
    }
    published = int(trained.verdict.published)
    said = {"kind": kind, "version": answer["version"], "reason": trained.verdict.reason}
    log_metrics("trained", {"Published": published, "Withheld": 1 - published}, function=FUNCTION, **said)
    return answer
