"""The audit of training tables before anybody learns: what is missing, constant, shifted, copied, late, leaking.

A finding is a note (worth knowing), a warning (a model may be worse for it) or a stop (a model would be wrong).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from addressee.models.delays import NO_DELAYS, Delays
from addressee.models.drift import shift_of
from addressee.models.histograms import counted_as, histogram_of
from addressee.models.metrics import roc_auc
from addressee.models.tables import HORIZON_DAYS, Finding, Flags, Floats, People, Severity, Tables
from addressee.profiles.demographics import DEMOGRAPHIC_NAMES
from addressee.profiles.features import CATEGORICAL


class AuditStopped(Exception):
    """The tables must not be learned from; the message says why."""


@dataclass(frozen=True)
class Bounds:
    """From when on something is found. Shares are of rows, `far` is in standard deviations.

    `shift` is the population stability index between training and now that is commonly called large. `strong` and
    `leak` are areas under the ROC curve of one feature alone, whichever side is up: `strong` is more than behaviour
    ever told of anybody's next week; of a feature that is known to read the future `leak` is enough to stop.
    """

    missing: float = 0.2
    shift: float = 0.25
    late: float = 0.05
    copies: float = 0.01
    far: float = 8.0
    far_share: float = 0.001
    strong: float = 0.97
    leak: float = 0.6


@dataclass(frozen=True)
class Evidence:
    """What the tables themselves do not show.

    `changed` names the features whose value at a past cut-off was another once what was received later was taken away
    (`hindsight.py`). Of `events` in the lake, `late` were received more than `LATE_DAYS` days after they happened;
    `delays` are those of orders.
    """

    changed: frozenset[str] = field(default_factory=frozenset)
    events: int = 0
    late: int = 0
    delays: Delays = NO_DELAYS


BOUNDS = Bounds()
NO_EVIDENCE = Evidence()
LATE_DAYS = 2
SAMPLE_ROWS = 50_000
LEAST_ROWS = 200
"""With fewer rows on either side no shift and no strength is told."""


def audit(tables: Tables, evidence: Evidence = NO_EVIDENCE, bounds: Bounds = BOUNDS) -> tuple[Finding, ...]:
    """Return what is found, the gravest first, then by check and column; the same input gives the same findings."""
    found = [
        *_columns(tables, bounds),
        *_twins(tables),
        *_copied_rows(tables.people, bounds),
        *_labels(tables.people),
        *_leaks(tables, evidence, bounds),
        *_late(evidence, bounds),
    ]
    return tuple(sorted(found, key=lambda each: (_GRAVITY.index(each.severity), each.check, each.column)))


_GRAVITY = ("stop", "warn", "note")


def stop_if_grave(findings: Iterable[Finding]) -> None:
    """Raise `AuditStopped` with all reasons where a finding is a stop."""
    reasons = [finding.said for finding in findings if finding.severity == "stop"]
    if reasons:
        raise AuditStopped("; ".join(reasons))


def _columns(tables: Tables, bounds: Bounds) -> Iterator[Finding]:
    """Look at each feature by itself: in the examples, and in the examples against now."""
    checks: Sequence[Callable[[str, Floats, Floats, Bounds], Iterator[Finding]]] = (_missing, _broken, _far, _shifted)
    past, now = _sample(tables.people.features), _sample(tables.now.features)
    for place, name in enumerate(tables.metadata.feature_names):
        if len(past) and _constant(past[:, place]):
            value = float(past[0, place])
            yield Finding("constant", "note", name, value, f"{name} is {value:g} in every example: it tells nothing")
        for check in checks:
            yield from check(name, past[:, place], now[:, place], bounds)


def _sample(rows: Floats) -> Floats:
    """Return at most about `SAMPLE_ROWS` rows, evenly spaced."""
    return rows[:: max(1, len(rows) // SAMPLE_ROWS)]


def _constant(values: Floats) -> bool:
    return bool((values == values[0]).all())


def _missing(name: str, past: Floats, now: Floats, bounds: Bounds) -> Iterator[Finding]:
    for where, values in (("the examples", past), ("what is scored", now)):
        share = float(np.isnan(values).mean()) if len(values) else 0.0
        if name in DEMOGRAPHIC_NAMES and share > 0.0:
            yield Finding("missing", "note", name, share, f"{name} is not declared in {share:.1%} of {where}")
        elif share >= 1.0:
            yield Finding("missing", "stop", name, share, f"{name} is missing everywhere in {where}")
        elif share > 0.0:
            severity: Severity = "warn" if share >= bounds.missing else "note"
            yield Finding("missing", severity, name, share, f"{name} is missing in {share:.1%} of {where}")


def _broken(name: str, past: Floats, now: Floats, bounds: Bounds) -> Iterator[Finding]:  # noqa: ARG001  # as all checks
    broken = int(np.isinf(past).sum() + np.isinf(now).sum())
    if broken:
        yield Finding("infinite", "stop", name, broken, f"{name} is infinite in {broken} rows")


def _far(name: str, past: Floats, now: Floats, bounds: Bounds) -> Iterator[Finding]:  # noqa: ARG001  # as all checks
    """Count values far from the mean, on log(1 + |x|): amounts and counts have long tails by nature."""
    if name in CATEGORICAL:
        return
    flags = far_values(past, far=bounds.far)
    share = float(flags.mean()) if len(flags) else 0.0
    if share >= bounds.far_share:
        said = f"{name} lies over {bounds.far:g} standard deviations from its mean in {share:.2%} of the examples"
        yield Finding("outliers", "note", name, share, said)


def far_values(values: Floats, *, far: float) -> Flags:
    """Tell which values are more than `far` standard deviations from the mean (z-score), after sign * log(1 + |x|)."""
    logs = np.sign(values) * np.log1p(np.abs(values))
    finite = logs[np.isfinite(logs)]
    spread = float(finite.std()) if len(finite) else 0.0
    if not spread:
        return np.zeros(len(values), np.bool_)
    return np.asarray(np.abs(logs - finite.mean()) > far * spread, np.bool_)


def _shifted(name: str, past: Floats, now: Floats, bounds: Bounds) -> Iterator[Finding]:
    if min(len(past), len(now)) < LEAST_ROWS:
        return
    then, today = (_levels(past), _levels(now)) if name in CATEGORICAL else (past, now)
    before = histogram_of(then)
    psi = shift_of(before, counted_as(before, today)).psi
    if psi >= bounds.shift:
        said = f"{name} moved between the examples and now: its population stability index is {psi:.2f}"
        yield Finding("shifted", "warn", name, psi, said)


def _levels(codes: Floats) -> list[str]:
    """Return codes of categories as names, so that each common one is a bin of its own."""
    return [f"{code:g}" for code in codes.tolist()]


def _twins(tables: Tables) -> Iterator[Finding]:
    """Find columns that equal an earlier one in every example."""
    seen: dict[bytes, str] = {}
    past = tables.people.features
    for place, name in enumerate(tables.metadata.feature_names):
        column = np.ascontiguousarray(past[:, place])
        if not len(column) or _constant(column):
            continue
        twin = seen.setdefault(column.tobytes(), name)
        if twin != name:
            yield Finding("duplicate column", "note", name, 1.0, f"{name} equals {twin} in every example")


def _copied_rows(people: People, bounds: Bounds) -> Iterator[Finding]:
    """Find examples that stand there twice: the same person, cut-off and features."""
    order = np.lexsort([people.subject, people.cut_day])
    one, other = order[:-1], order[1:]
    same = (people.subject[one] == people.subject[other]) & (people.cut_day[one] == people.cut_day[other])
    left, right = people.features[one[same]], people.features[other[same]]
    copies = int(((left == right) | (np.isnan(left) & np.isnan(right))).all(axis=1).sum())
    share = copies / max(len(order), 1)
    if copies:
        severity: Severity = "warn" if share >= bounds.copies else "note"
        yield Finding("duplicate rows", severity, "people", share, f"{copies} examples ({share:.1%}) stand there twice")


def _labels(people: People) -> Iterator[Finding]:
    for label in HORIZON_DAYS:
        known = people.labels[label][people.known[label]]
        if len(known) and (known == known[0]).all():
            yield Finding("one class", "warn", label, float(known[0]), f"{label} is {known[0]} in every example")


def _leaks(tables: Tables, evidence: Evidence, bounds: Bounds) -> Iterator[Finding]:
    """Find features that read the future, and those that are suspiciously strong without reading it.

    Strength alone proves nothing: who bought each week for a year will buy. What proves it is that a past value
    changes when the future is taken away.
    """
    for place, name in enumerate(tables.metadata.feature_names):
        label, auc = _strongest(tables.people, place)
        if name in evidence.changed:
            told = f"{name} at a past cut-off changes when what was received later is taken away: it reads the future"
            grave = auc >= bounds.leak
            said = f"{told}, and alone tells {label} with ROC-AUC {auc:.3f}" if grave else told
            yield Finding("leak", "stop" if grave else "warn", name, auc, said)
        elif auc >= bounds.strong:
            said = (
                f"{name} alone tells {label} with ROC-AUC {auc:.3f}; it does not change when the future is taken away"
            )
            yield Finding("strong", "note", name, auc, said)


def _strongest(people: People, place: int) -> tuple[str, float]:
    """Return the label that a feature tells best on its training part, and the ROC-AUC, whichever side is up."""
    best = ("", 0.5)
    for label in HORIZON_DAYS:
        split = people.split(label)
        rows = np.flatnonzero(split.train if split.complete else people.known[label])
        rows = rows[:: max(1, len(rows) // SAMPLE_ROWS)]
        if len(rows) >= LEAST_ROWS:
            values = np.nan_to_num(people.features[rows, place])
            auc = roc_auc(people.labels[label][rows].astype(np.float64), values)
            best = max(best, (label, max(auc, 1.0 - auc)), key=lambda each: each[1])
    return best


def _late(evidence: Evidence, bounds: Bounds) -> Iterator[Finding]:
    share = evidence.late / evidence.events if evidence.events else 0.0
    if share >= bounds.late:
        said = f"{share:.1%} of the events were received over {LATE_DAYS} days late: examples did not see them in time"
        yield Finding("late", "warn", "events", share, said)
    for label, horizon in HORIZON_DAYS.items():
        if wait := evidence.delays.wait_days(horizon):
            said = f"orders come late: {label} is known {wait} days after its window, and newer cut-offs are left out"
            yield Finding("late", "note", label, wait, said)
