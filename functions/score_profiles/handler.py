"""`Learn`'s last step, once for each chunk of people: models -> `scores` rows and a snapshot in the lake."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from addressee.adapters.dynamo_scores import DynamoScores
from addressee.adapters.log import log, log_metrics
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.adapters.score_snapshots import put_snapshot
from addressee.models.bundle import Bundle, BundleRefused, open_bundle
from addressee.models.chunks import Chunk, chunk_file, read_chunk
from addressee.models.kinds import UnknownKind, kind_of
from addressee.models.registry import Pointer
from addressee.models.score import Served, score_chunk
from addressee.settings import read_settings

FUNCTION = "score_profiles"


class ChunkMissing(Exception):
    """The manifest names a chunk whose file is not there."""


@dataclass(frozen=True)
class Settings:
    """The function's environment."""

    lake_bucket: str
    models_bucket: str
    profiles_table: str


@dataclass(frozen=True)
class Wiring:
    """What the function works with."""

    lake: S3Bucket
    models: S3Bucket
    registry: S3Registry
    scores: DynamoScores


@cache
def wiring() -> Wiring:
    """Wire the function from its environment, once."""
    settings = read_settings(Settings, os.environ)
    lake, models = S3Bucket(settings.lake_bucket), S3Bucket(settings.models_bucket)
    return Wiring(lake, models, S3Registry(models), DynamoScores(settings.profiles_table))


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> dict[str, Any]:
    """Score one item of the manifest, or several of them under `Items`; a repeat writes the same again."""
    wired = wired or wiring()
    scored, kinds, faults = 0, set[str](), list[str]()
    for item in event.get("Items", [event]):
        chunk = _chunk(wired.models, item["tables"] + chunk_file(item["chunk"]))
        served = _served(wired.registry, chunk, faults)
        scored += _score(wired, item["chunk"], chunk, served, faults)
        kinds.update(served)
    said: dict[str, Any] = {"scored": scored, "kinds": sorted(kinds)}
    if faults:
        log_metrics("scored", {"ModelFaults": len(faults)}, function=FUNCTION, faults=faults, **said)
    else:
        log("scored", function=FUNCTION, **said)
    return said


def _score(wired: Wiring, part: int, chunk: Chunk, served: Mapping[str, Served], faults: list[str]) -> int:
    """Write the chunk's rows and its part of the snapshot; without any champion there is nothing to write."""
    if not served:
        return 0
    people = score_chunk(chunk, served, on_fault=lambda *fault: faults.append(" ".join(fault)))
    put_snapshot(wired.lake, chunk.as_of, part, people)
    return wired.scores.put_all((person.subject, person.body) for person in people)


def _chunk(models: S3Bucket, key: str) -> Chunk:
    stored = models.get(key)
    if stored is None:
        raise ChunkMissing(key)
    return read_chunk(stored.body)


def _served(registry: S3Registry, chunk: Chunk, faults: list[str]) -> dict[str, Served]:
    """Load the models that fit this code and the chunk's features; others are left out, and the log says so.

    Without its champion a kind is left out; a challenger that is refused leaves everybody to the champion.
    """
    served: dict[str, Served] = {}
    for kind, pointer in registry.pointers().items():
        if (champion := _bundle(registry, kind, pointer.champion, chunk)) is None:
            continue
        challenger = _challenger(registry, kind, pointer, chunk)
        if challenger is None and pointer.challenger:
            faults.append(f"{kind} {pointer.challenger} refused")
        served[kind] = Served(champion, challenger, pointer.canary_share)
    return served


def _challenger(registry: S3Registry, kind: str, pointer: Pointer, chunk: Chunk) -> Bundle | None:
    return _bundle(registry, kind, pointer.challenger, chunk) if pointer.challenger else None


def _bundle(registry: S3Registry, kind: str, version: str, chunk: Chunk) -> Bundle | None:
    try:
        return open_bundle(kind, registry.files(kind_of(kind).name, version), feature_hash=chunk.feature_hash)
    except (BundleRefused, UnknownKind) as refused:
        log("bundle refused", level="WARNING", kind=kind, version=version, reason=str(refused))
        return None
