"""Every day: are people still those that the models learned from, were the answers right, how does a canary do."""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from time import time
from typing import Any

from addressee.adapters.decision_scan import DecisionScan
from addressee.adapters.log import log, log_metrics
from addressee.adapters.model_tables import newest_tables, tables_of
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.adapters.score_snapshots import read_snapshot
from addressee.adapters.step_functions import LearnMachine
from addressee.adapters.watch_reports import newest_report, put_report
from addressee.adapters.watched_models import watched_models
from addressee.models.arms import Arms, count_arms
from addressee.models.canary import CanarySettings, judge_canary
from addressee.models.drift import DriftSettings
from addressee.models.kinds import KINDS
from addressee.models.outcomes import performance, snapshot_day, threshold_of
from addressee.models.registry import Pointer
from addressee.models.tables import Tables
from addressee.models.watch import after_verdict, drift_report, why_retrain
from addressee.settings import read_settings

FUNCTION = "watch_models"
DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1)
Json = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """The function's environment. Drift retrains every `drift_retrain_days` at most; 0: it never does."""

    lake_bucket: str
    models_bucket: str
    decisions_table: str
    learn_machine: str
    drift_rate: float
    drift_floor: float
    drift_retrain_days: int
    canary_days: float


@dataclass(frozen=True)
class Wiring:
    """What the function works with."""

    lake: S3Bucket
    models: S3Bucket
    registry: S3Registry
    decisions: DecisionScan
    learn: LearnMachine
    drift: DriftSettings = field(default_factory=DriftSettings)
    canary: CanarySettings = field(default_factory=CanarySettings)
    retrain_days: int = 7
    now_ms: Callable[[], int] = lambda: int(time() * 1000)

    @property
    def today(self) -> date:
        """Return the UTC day on which the function watches."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC).date()


@cache
def wiring() -> Wiring:
    """Wire the function from its environment, once."""
    given = read_settings(Settings, os.environ)
    models = S3Bucket(given.models_bucket)
    return Wiring(
        S3Bucket(given.lake_bucket),
        models,
        S3Registry(models),
        DecisionScan(given.decisions_table),
        LearnMachine(given.learn_machine),
        DriftSettings(given.drift_rate, given.drift_floor),
        CanarySettings(canary_days=given.canary_days),
        given.drift_retrain_days,
    )


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> Json:
    """Watch the served models on the newest tables, or on those of `asOf`; act on what is found; keep the report."""
    wired = wired or wiring()
    as_of = event.get("asOf") or newest_tables(wired.models)
    if not as_of:
        log("nothing to watch", function=FUNCTION)
        return {"asOf": "", "moved": 0, "canaries": {}, "retrain": ""}
    tables = tables_of(wired.models, as_of)
    drift = drift_report(watched_models(wired.registry, tables.metadata, on_refused=_refused), tables, wired.drift)
    figures = _performance(wired, tables)
    canaries = _judge_all(wired, tables)
    retrain = _retrain(wired, drift, as_of)
    report = {"asOf": as_of, "drift": drift, "performance": figures, "canaries": canaries, "retrain": retrain}
    key = put_report(wired.models, wired.today.isoformat(), report)
    _log(key, report)
    return {"asOf": as_of, "moved": len(drift["moved"]), "canaries": canaries, "retrain": retrain["why"], "report": key}


def _performance(wired: Wiring, tables: Tables) -> Json:
    """Hold what snapshots said against what people did since; a day without a snapshot tells nothing."""
    days = {kind.name: day for kind in KINDS if (day := snapshot_day(kind, tables)) is not None}
    snapshots = {day: read_snapshot(wired.lake, (EPOCH + timedelta(day)).isoformat()) for day in {*days.values()}}
    found = {}
    for kind in KINDS:
        snapshot = snapshots.get(days.get(kind.name, -1))
        if snapshot is None or not (version := snapshot.versions.get(kind.name)):
            continue
        threshold = threshold_of(wired.registry.meta(kind.name, version).get("settings", {}))
        if figures := performance(kind, snapshot, tables, threshold=threshold):
            found[kind.name] = {"version": version, "day": (EPOCH + timedelta(snapshot.day)).isoformat(), **figures}
    return found


def _judge_all(wired: Wiring, tables: Tables) -> Json:
    """Judge every canary that runs; the decisions are read once for all."""
    running = {kind: pointer for kind, pointer in wired.registry.pointers().items() if pointer.challenger}
    if not running:
        return {}
    decisions = list(wired.decisions.asked_since(min(pointer.since_ms for pointer in running.values())))
    arms = {kind: count_arms(kind, pointer, tables, decisions) for kind, pointer in running.items()}
    return {kind: _judge(wired, kind, pointer, arms[kind]) for kind, pointer in running.items()}


def _judge(wired: Wiring, kind: str, pointer: Pointer, arms: Arms) -> Json:
    """Judge a canary and do what the verdict says."""
    now_ms = wired.now_ms()
    days = (now_ms - pointer.since_ms) / DAY_MS
    verdict = judge_canary(arms.champion, arms.challenger, days=days, settings=wired.canary)
    move = partial(after_verdict, kind=kind, challenger=pointer.challenger, verdict=verdict, now_ms=now_ms)
    after = wired.registry.change(move)[kind]
    said = {"challenger": pointer.challenger, "action": verdict.action, "reason": verdict.reason}
    return {**said, "champion": after.champion, "arms": {name: asdict(arm) for name, arm in arms._asdict().items()}}


def _retrain(wired: Wiring, drift: Json, as_of: str) -> Json:
    """Start `Learn` where drift asks for it and did not lately; its day names the run, so a repeat starts no other."""
    last = newest_report(wired.models).get("retrain", {}).get("last", "")
    registry = wired.registry
    why = why_retrain(drift, registry.pointers(), as_of, versions=registry.versions()) if wired.retrain_days else ""
    due = not last or wired.today - date.fromisoformat(last) >= timedelta(wired.retrain_days)
    if why and due:
        last = wired.today.isoformat()
        wired.learn.start(f"drift-{last}")
    return {"why": why, "started": bool(why and due), "last": last}


def _refused(kind: str, version: str, reason: str) -> None:
    log("not compared", level="WARNING", function=FUNCTION, kind=kind, version=version, reason=reason)


def _log(key: str, report: Json) -> None:
    """Write a line for each kind with its figures as metrics, and one with all that an alarm watches."""
    for kind, told in report["performance"].items():
        figures = {name: value for name, value in told.items() if isinstance(value, float)}
        log_metrics("performance", figures, function=FUNCTION, by=["kind"], kind=kind, version=told["version"])
    actions = [each["action"] for each in report["canaries"].values()]
    metrics = {
        "ModelDrift": len(report["drift"]["moved"]),
        "CanaryRolledBack": actions.count("roll back"),
        "CanaryPromoted": actions.count("promote"),
        "DriftRetrain": int(report["retrain"]["started"]),
    }
    moved = [each["said"] for each in report["drift"]["moved"]]
    canaries = {kind: f"{each['action']}: {each['reason']}" for kind, each in report["canaries"].items()}
    log_metrics("watched", metrics, function=FUNCTION, report=key, moved=moved[:10], canaries=canaries)
