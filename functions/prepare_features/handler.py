"""`Learn`'s second step: the compacted lake -> training tables and chunks of people to score, in S3."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from addressee.adapters.campaign_lists import CampaignLists
from addressee.adapters.duckdb_lake import days_until, lake_dates, open_lake
from addressee.adapters.item_scan import ItemScan
from addressee.adapters.log import log
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.trait_scan import TraitScan
from addressee.models.audit import AuditStopped, stop_if_grave
from addressee.models.chunks import MANIFEST, chunk_file, chunk_spans, pack_chunk
from addressee.models.declared import TIME_ZONE
from addressee.models.examples import end_of
from addressee.models.kinds import KINDS
from addressee.models.prepare import EPOCH, HISTORY_DAYS, Sources, prepare_tables
from addressee.models.table_files import AUDIT_FILE, pack_audit, pack_tables, tables_prefix
from addressee.models.tables import Tables
from addressee.profiles.demographics import TRAITS_READ
from addressee.settings import read_settings

FUNCTION = "prepare_features"


class NoSuchDay(Exception):
    """The run was asked for a day that is none."""


@dataclass(frozen=True)
class Settings:
    """The function's environment; `fairness_traits` and `model_traits` are JSON lists of names."""

    lake_bucket: str
    models_bucket: str
    emails_bucket: str
    profiles_table: str
    items_table: str
    fairness_traits: str
    model_traits: str
    default_time_zone: str


@dataclass(frozen=True)
class Wiring:
    """What the function works with; `today` is the current UTC day, which is not complete."""

    lake: S3Bucket
    models: S3Bucket
    campaigns: CampaignLists
    traits: TraitScan
    items: ItemScan
    groups: Sequence[str]
    read: Sequence[str]
    default_zone: str
    today: Callable[[], date]
    prepare: Callable[..., Tables] = prepare_tables


@cache
def wiring() -> Wiring:
    """Wire the function from its environment, once."""
    settings = read_settings(Settings, os.environ)
    return Wiring(
        S3Bucket(settings.lake_bucket),
        S3Bucket(settings.models_bucket),
        CampaignLists(S3Bucket(settings.emails_bucket)),
        TraitScan(settings.profiles_table),
        ItemScan(settings.items_table),
        tuple(json.loads(settings.fairness_traits)),
        tuple(json.loads(settings.model_traits)),
        settings.default_time_zone,
        lambda: datetime.now(UTC).date(),
    )


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> dict[str, Any]:
    """Prepare the tables of `asOf`, else of `through` (compact_lake's answer), else of the last complete day."""
    wired = wired or wiring()
    as_of = _as_of(event, wired)
    with open_lake(wired.lake, days_until(as_of, days=HISTORY_DAYS)) as lake:
        tables = wired.prepare(lake, as_of=as_of, sources=_sources(wired, as_of))
    _stop(wired, tables)
    answer = _store(wired.models, tables)
    if event.get("train") is False:  # a day between two trainings: the champions score the new people
        answer["kinds"] = []
    warned = [finding.said for finding in tables.audit if finding.severity != "note"]
    log("prepared", function=FUNCTION, as_of=answer["asOf"], counts=answer["counts"], audit=warned)
    return answer


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoSuchDay(f"asOf must be a day, YYYY-MM-DD, not {text}") from None


def _as_of(event: Mapping[str, Any], wired: Wiring) -> date:
    """Choose the day: never today unless asked for, because it is not complete."""
    asked = event.get("asOf") or event.get("through")
    if asked:
        return _day(asked)
    yesterday = wired.today() - timedelta(days=1)
    return max((day for day in lake_dates(wired.lake) if day <= yesterday), default=yesterday)


def _sources(wired: Wiring, as_of: date) -> Sources:
    """Open what there is besides the lake; each is read when the tables need it."""
    since_ms = end_of((as_of - EPOCH).days - HISTORY_DAYS)
    return Sources(
        catalogue=wired.items.items(),
        plans=wired.campaigns.plans(since_ms=since_ms),
        traits=wired.traits.traits(sorted({*wired.groups, *TRAITS_READ, TIME_ZONE})),
        groups=wired.groups,
        read=wired.read,
        default_zone=wired.default_zone,
    )


def _stop(wired: Wiring, tables: Tables) -> None:
    """Where nobody must learn from the tables, keep what the audit found, log it, and raise `AuditStopped`."""
    as_of = tables.metadata.as_of
    try:
        stop_if_grave(tables.audit)
    except AuditStopped as stopped:
        wired.models.put(tables_prefix(as_of) + AUDIT_FILE, pack_audit(tables.audit), content_type="application/json")
        log("audit stopped", level="ERROR", function=FUNCTION, as_of=as_of, reason=str(stopped))
        raise


def _store(models: S3Bucket, tables: Tables) -> dict[str, Any]:
    """Write tables, chunks and, last, the manifest that the Distributed Map reads; answer what `Learn` goes on with."""
    as_of, prefix = tables.metadata.as_of, tables_prefix(tables.metadata.as_of)
    for name, body in pack_tables(tables).items():
        models.put(prefix + name, body)
    manifest = []
    for index, (start, stop) in enumerate(chunk_spans(len(tables.subjects))):
        models.put(prefix + chunk_file(index), pack_chunk(tables, start, stop))
        manifest.append({"asOf": as_of, "tables": prefix, "chunk": index, "start": start, "stop": stop})
    models.put(prefix + MANIFEST, json.dumps(manifest).encode(), content_type="application/json")
    return {
        "asOf": as_of,
        "tables": prefix,
        "kinds": [kind.name for kind in KINDS],
        "manifest": {"bucket": models.name, "key": prefix + MANIFEST},
        "chunks": len(manifest),
        "counts": dict(tables.metadata.counts),
    }
