"""What served models said some time ago, beside what people did since: figures of their performance over time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from addressee.models.kind import Kind
from addressee.models.metrics import calibration_error, recall, roc_auc
from addressee.models.tables import Flags, Floats, Tables

LEAST_PEOPLE = 50
SEND_DAYS = 7
"""A score of a day is held against the mails of so many days after it."""
SETTLED_DAYS = 10
"""So long ago was the snapshot that clicks are judged by: those days, and the 72 hours that a label takes."""
NEXT_DAYS = 14
K = 10
_VALUE = re.compile(r"value_in_(\d+)_days")
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Snapshot:
    """What the served models said of people at the end of `day`: by kind, by subject.

    `products` are ranked lists of item ids. `versions` say which version spoke.
    """

    day: int
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    products: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


class _Truth(NamedTuple):
    """What people did after a day: rows of subject (an index) and a label or an amount, refunds being none."""

    subject: np.ndarray[Any, np.dtype[np.int32]]
    value: Floats


def snapshot_day(kind: Kind, tables: Tables) -> int | None:
    """Return the latest day whose answers can be judged by now, or None where nothing tells."""
    as_of = tables.metadata.as_of_day
    if kind.name in tables.people.known:
        days = tables.people.cut_day[tables.people.known[kind.name]]
        return int(days.max()) if len(days) else None
    if kind.name in tables.sends.known:
        return as_of - SETTLED_DAYS
    if kind.role == "recommender":
        return as_of - NEXT_DAYS
    value = _VALUE.fullmatch(kind.name)
    return as_of - int(value[1]) if value else None


def threshold_of(settings: Mapping[str, Any]) -> float:
    """Return from which probability on a model says yes, by the settings of its bundle: the tuned one, else a half."""
    rule = settings.get("tuned", {}).get(settings.get("decides", ""))
    return float(rule["at"]) if rule else 0.5


def performance(kind: Kind, snapshot: Snapshot, tables: Tables, *, threshold: float = 0.5) -> dict[str, float]:
    """Return the figures of a kind's answers in a snapshot; none where fewer than `LEAST_PEOPLE` can be judged.

    `threshold` is the probability from which on the model says yes: the false-positive rate is measured there.
    """
    if kind.role == "recommender":
        return _of_lists(snapshot.products.get(kind.name, {}), snapshot.day, tables)
    truth = _truth(kind, snapshot.day, tables)
    scores = snapshot.scores.get(kind.name, {})
    rows = [(subject, scores[subject], value) for subject, value in _named(truth, tables) if subject in scores]
    people = len({subject for subject, _, _ in rows})
    if people < LEAST_PEOPLE:
        return {}
    said, did = np.array([row[1:] for row in rows], np.float64).T
    figures = _of_amounts(said, did) if kind.role == "valuer" else _of_probabilities(said, did, threshold)
    return {"People": float(people), **_rounded(figures)}


def _truth(kind: Kind, day: int, tables: Tables) -> _Truth:
    if kind.name in tables.people.known:
        people = tables.people
        rows: Flags = people.known[kind.name] & (people.cut_day == day)
        return _Truth(people.subject[rows], people.labels[kind.name][rows].astype(np.float64))
    if kind.name in tables.sends.known:
        sends = tables.sends
        start_ms = (day + 1) * DAY_MS
        sent = (sends.sent_ms >= start_ms) & (sends.sent_ms < start_ms + SEND_DAYS * DAY_MS)
        rows = sends.known[kind.name] & sent
        return _Truth(sends.subject[rows], sends.labels[kind.name][rows].astype(np.float64))
    bought = tables.interactions.after(day, days=tables.metadata.as_of_day - day)
    spent = np.bincount(bought.subject, bought.amount_minor_units, minlength=len(tables.subjects))
    return _Truth(np.arange(len(tables.subjects), dtype=np.int32), np.maximum(spent, 0.0))


def _named(truth: _Truth, tables: Tables) -> list[tuple[str, float]]:
    pairs = zip(truth.subject.tolist(), truth.value.tolist(), strict=True)
    return [(tables.subjects[place], value) for place, value in pairs]


def _of_probabilities(said: Floats, did: Floats, threshold: float) -> dict[str, float]:
    yes, no = said >= threshold, did <= 0
    return {
        "RocAuc": roc_auc(did, said),
        "FalsePositiveRate": float((yes & no).sum() / max(int(no.sum()), 1)),
        "LiftTopDecile": _lift(said, did),
        "Predicted": float(said.mean()),
        "Actual": float(did.mean()),
        "CalibrationError": calibration_error(did, said),
    }


def _of_amounts(said: Floats, did: Floats) -> dict[str, float]:
    figures = {"LiftTopDecile": _lift(said, did), "Predicted": float(said.mean()), "Actual": float(did.mean())}
    return {**figures, "MeanAbsoluteError": float(np.abs(said - did).mean())}


def _of_lists(products: Mapping[str, Sequence[str]], day: int, tables: Tables) -> dict[str, float]:
    """Return recall and hit rate at 10, over people who bought something in the following two weeks."""
    bought = tables.interactions.after(day, days=NEXT_DAYS)
    found: dict[str, set[str]] = {}
    for subject, item in zip(bought.subject.tolist(), bought.item.tolist(), strict=True):
        found.setdefault(tables.subjects[subject], set()).add(tables.items.ids[item])
    asked = [(products[subject], frozenset(items)) for subject, items in found.items() if subject in products]
    if len(asked) < LEAST_PEOPLE:
        return {}
    hits = [float(bool(items.intersection(ranked[:K]))) for ranked, items in asked]
    recalls = [recall(ranked, items, K) for ranked, items in asked]
    return {"People": float(len(asked)), **_rounded({"HitRateAt10": _mean(hits), "RecallAt10": _mean(recalls)})}


def _lift(said: Floats, did: Floats) -> float:
    """Return the mean outcome of the tenth with the highest scores, over that of everybody; 1 is chance."""
    top = np.argsort(-said, kind="stable")[: max(len(said) // 10, 1)]
    return float(did[top].mean() / did.mean()) if did.any() else 1.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in figures.items()}
