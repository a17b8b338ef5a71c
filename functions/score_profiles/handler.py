"""`Learn`'s last step, once for each chunk of people: champions -> `scores` rows and a snapshot in the lake."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from addressee.adapters.dynamo_scores import DynamoScores
from addressee.adapters.log import log
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.adapters.score_snapshots import put_snapshot
from addressee.models.bundle import Bundle, BundleRefused, open_bundle
from addressee.models.chunks import Chunk, chunk_file, read_chunk
from addressee.models.kinds import UnknownKind, kind_of
from addressee.models.score import score_chunk
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
    scored, kinds = 0, set[str]()
    for item in event.get("Items", [event]):
        chunk = _chunk(wired.models, item["tables"] + chunk_file(item["chunk"]))
        bundles = _champions(wired.registry, chunk)
        scored += _score(wired, item["chunk"], chunk, bundles)
        kinds.update(bundles)
    log("scored", function=FUNCTION, scored=scored, kinds=sorted(kinds))
    return {"scored": scored, "kinds": sorted(kinds)}


def _score(wired: Wiring, part: int, chunk: Chunk, bundles: Mapping[str, Bundle]) -> int:
    """Write the chunk's rows and its part of the snapshot; without any champion there is nothing to write."""
    if not bundles:
        return 0
    people = score_chunk(chunk, bundles)
    put_snapshot(wired.lake, chunk.as_of, part, people)
    return wired.scores.put_all((person.subject, person.body) for person in people)


def _chunk(models: S3Bucket, key: str) -> Chunk:
    stored = models.get(key)
    if stored is None:
        raise ChunkMissing(key)
    return read_chunk(stored.body)


def _champions(registry: S3Registry, chunk: Chunk) -> dict[str, Bundle]:
    """Load the champions that fit this code and the chunk's features; others are left out, and the log says so."""
    bundles: dict[str, Bundle] = {}
    for kind, pointer in registry.pointers().items():
        try:
            files = registry.files(kind_of(kind).name, pointer.champion)
            bundles[kind] = open_bundle(kind, files, feature_hash=chunk.feature_hash)
        except (BundleRefused, UnknownKind) as refused:
            log("bundle refused", level="WARNING", kind=kind, version=pointer.champion, reason=str(refused))
    return bundles
