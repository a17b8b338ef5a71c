"""`Learn`'s third step, once for each model kind: training tables -> a judged model -> the registry."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from addressee.adapters.log import log_metrics
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.kind import Kind
from addressee.models.kinds import kind_of
from addressee.models.registry import Pointer
from addressee.models.table_files import read_tables
from addressee.models.tables import Tables
from addressee.models.train import Run, Trained, train
from addressee.settings import read_settings

FUNCTION = "train_models"
YEAR_DAYS = 365


class TablesMissing(Exception):
    """A file of the training tables is not where the event says."""


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    models_bucket: str
    revision: str


@dataclass(frozen=True)
class Wiring:
    """What the function works with; `revision` is that of the deployed code, empty where nobody knows."""

    models: S3Bucket
    registry: S3Registry
    revision: str = ""


@cache
def wiring() -> Wiring:
    """Wire the function from its environment, once."""
    settings = read_settings(Settings, os.environ)
    bucket = S3Bucket(settings.models_bucket)
    return Wiring(bucket, S3Registry(bucket), settings.revision)


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> dict[str, Any]:
    """Train `kind` on the tables below `tables`, and publish it if the gate lets it pass; `version` is what is served.

    The seed is the day of the tables, so that a repeat gives the same bytes, and publishing them again changes nothing.
    """
    wired = wired or wiring()
    kind = kind_of(event["kind"])
    tables = read_tables(lambda name: _read(wired.models, event["tables"] + name))
    pointer = wired.registry.pointers().get(kind.name)
    trained = train(_run(kind, tables, wired, pointer))
    if trained.bundle is not None:
        pointer = wired.registry.publish(trained.bundle)
    return _answer(kind.name, trained, pointer)


def _run(kind: Kind, tables: Tables, wired: Wiring, pointer: Pointer | None) -> Run:
    """Name the rivals: recipes of the champion and of the last year's, made by the family that this code still has."""
    known, registry = tables.metadata, wired.registry
    served = registry.meta(kind.name, pointer.champion) if pointer else {}
    year_ago = (date.fromisoformat(known.as_of) - timedelta(YEAR_DAYS)).isoformat()
    former = [each for each in registry.former(kind.name, since=year_ago, until=known.as_of) if _comparable(kind, each)]
    return Run(
        kind,
        tables,
        seed=known.as_of_day,
        champion=served["recipe"] if _comparable(kind, served) else None,
        former=[each["recipe"] for each in former],
        revision=wired.revision,
    )


def _comparable(kind: Kind, meta: Mapping[str, Any]) -> bool:
    return meta.get("family") in kind.families and "recipe" in meta


def _read(models: S3Bucket, key: str) -> bytes:
    stored = models.get(key)
    if stored is None:
        raise TablesMissing(key)
    return stored.body


def _answer(kind: str, trained: Trained, served: Pointer | None) -> dict[str, Any]:
    """Say what is served now: a model of older tables than the champion's passes the gate and is not published."""
    version, reason = served.champion if served else "", trained.verdict.reason
    overtaken = trained.bundle is not None and trained.bundle.version != version
    if overtaken:
        reason = f"the champion is of newer tables; {reason}"
    published = int(trained.verdict.published and not overtaken)
    said = {"kind": kind, "version": version, "reason": reason}
    answer = {**said, "published": bool(published), "metrics": trained.metrics}
    log_metrics("trained", {"Published": published, "Withheld": 1 - published}, function=FUNCTION, **said)
    return answer
