"""A day's watch over the served models: drift, performance, canaries, and whether to retrain; as one report."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from addressee.models.canary import Verdict
from addressee.models.drift import DriftSettings, Moved, Shift, drifted, said, shift_of
from addressee.models.feature_words import in_words
from addressee.models.histograms import Histogram, counted_as
from addressee.models.kind import Fitted, Kind
from addressee.models.reference import Column, Reference, answers_of, features_of
from addressee.models.registry import Pointer, day_of, promoted, withdrawn
from addressee.models.tables import Tables

LARGEST = 5
ADVICE = (
    "First see whether the shop's events are whole: a column that went to 0, to never or to missing mostly is a sender"
    " that lost a field. If people did change, retraining follows by itself (setting retrain_on_drift), or run"
    " `addressee learn`; compare with `addressee models watch` on the next day."
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """A version that is compared with newer people: what it was trained on, and the model itself."""

    kind: Kind
    version: str
    reference: Reference
    fitted: Fitted


def watched_version(pointer: Pointer, as_of: str) -> str:
    """Choose which version the people of `as_of` are compared with: the champion, if it is of an older day.

    A champion of the same tables has seen them: then the one before, so that what changed overnight shows (a lost
    field), though the model has learned it meanwhile. Empty where there is none.
    """
    versions = [pointer.champion, *(left.version for left in pointer.history)]
    return next((version for version in versions if version and day_of(version) < as_of), "")


def shifts_of(watched: Sequence[Watched], tables: Tables) -> dict[str, Shift]:
    """Compare all columns: features, once for each day that a watched model is of; answers, of each watched model.

    A column is called `<as_of>/<feature>` or `<kind>/<answer>`.
    """
    shifts: dict[str, Shift] = {}
    for each in watched:
        named = {f"{each.reference.as_of}/{name}": name for name in each.reference.features}
        if not named.keys() <= shifts.keys():
            shifts |= _shifts(each.reference.as_of, each.reference.features, features_of(each.kind, tables))
        shifts |= _shifts(each.kind.name, each.reference.answers, answers_of(each.kind, tables, each.fitted))
    return shifts


def _shifts(of: str, reference: Mapping[str, Histogram], columns: Mapping[str, Column]) -> dict[str, Shift]:
    common = [name for name in reference if name in columns]
    return {f"{of}/{name}": shift_of(reference[name], counted_as(reference[name], columns[name])) for name in common}


def drift_report(watched: Sequence[Watched], tables: Tables, settings: DriftSettings) -> Json:
    """Return what moved since the watched models were trained, and the largest shifts that are no alarm."""
    shifts = shifts_of(watched, tables)
    moved = drifted(shifts, settings)
    names = {each.column for each in moved}
    calm = sorted((column for column in shifts if column not in names), key=lambda column: -shifts[column].psi)
    return {
        "rate": settings.rate,
        "floor": settings.floor,
        "columns": len(shifts),
        "compared": {each.kind.name: {"version": each.version, "asOf": each.reference.as_of} for each in watched},
        "moved": [_entry(each, settings) for each in moved],
        "calm": [{"column": column, **_figures(shifts[column])} for column in calm[:LARGEST]],
        "do": ADVICE if moved else "",
    }


def _entry(moved: Moved, settings: DriftSettings) -> Json:
    of, _, name = moved.column.partition("/")
    words = f"{of}: {in_words(name)}" if name in {"prediction", "confidence", "products"} else in_words(name)
    figures = {**_figures(moved.shift), "chance": _short(moved.shift.chance(settings.rate))}
    return {"column": moved.column, **figures, "adjusted": _short(moved.adjusted), "said": said(moved, words)}


def _figures(shift: Shift) -> Json:
    return {"psi": _short(shift.psi), "kl": _short(shift.kl), "p": _short(shift.p_value), "people": list(shift.sizes)}


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def why_retrain(
    drift: Json, pointers: Mapping[str, Pointer], as_of: str, *, versions: Collection[tuple[str, str]] = ()
) -> str:
    """Say what a retraining is for, or nothing: drift, and kinds that have not learned from the newest people yet.

    `versions` are all that were published, (kind, version): what was trained on these tables, canary or not, has
    learned from them, and training it again would give the same bytes.
    """
    if not drift["moved"]:
        return ""
    learned = {kind for kind, version in versions if day_of(version) == as_of}
    old = {kind for kind, pointer in pointers.items() if pointer.champion and day_of(pointer.champion) < as_of}
    stale = sorted(old - learned)
    return f"{len(drift['moved'])} columns moved, {', '.join(stale)} trained before" if stale else ""


def after_verdict(
    pointers: Mapping[str, Pointer], kind: str, challenger: str, verdict: Verdict, *, now_ms: int
) -> dict[str, Pointer]:
    """Move the pointers as the verdict says; unchanged where that challenger does not run any more."""
    held = pointers.get(kind)
    if held is None or held.challenger != challenger or verdict.action == "keep":
        return dict(pointers)
    if verdict.action == "promote":
        return promoted(pointers, kind, challenger, now_ms=now_ms, reason=verdict.reason)
    return withdrawn(pointers, kind, challenger, now_ms=now_ms, reason=verdict.reason)
