"""Occasions to be asked about: a person at a cut-off, or a mail at its sending; seen alike, kept apart in time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from addressee.models.kind import Audience, Cuts, Exam, Window
from addressee.models.tables import HORIZON_DAYS, SEND_HORIZON_HOURS, Flags, Floats, Indices, Ints, Sends, Tables
from addressee.profiles.measures import NEVER_DAYS

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
EXPOSED_DAYS = 7
RECENT_DAYS = 28.0


@dataclass(frozen=True)
class Occasions:
    """n rows: `features` [n, F], as of `moment_ms` [n]; a model that answers knew nothing after the end of day `asked`.

    `ready` [n] is the first day at whose end the label is known; `known` where it is at all.
    """

    features: Floats
    subject: Indices
    moment_ms: Ints
    asked: Indices
    ready: Indices
    labels: Flags
    known: Flags

    def usable(self, until: int) -> Flags:
        """Tell whose label was known at the end of day `until`."""
        return self.known & (self.ready <= until)

    def inside(self, window: Window) -> Flags:
        """Tell which rows with a known label are asked in the window."""
        return self.known & (self.asked >= window.first) & (self.asked <= window.last)


def occasions(tables: Tables, label: str) -> Occasions:
    """Return the rows that a label is about: people at cut-offs, or mails that were sent."""
    return _sends(tables.sends, label) if label in SEND_HORIZON_HOURS else _people(tables, label)


def _people(tables: Tables, label: str) -> Occasions:
    people, horizon = tables.people, HORIZON_DAYS[label]
    moment_ms = (people.cut_day.astype(np.int64) + 1) * DAY_MS
    ready = people.cut_day + np.int32(horizon)
    labels, known = people.labels[label], people.known[label]
    return Occasions(people.features, people.subject, moment_ms, people.cut_day, ready, labels, known)


def _sends(sends: Sends, label: str) -> Occasions:
    ready = (sends.sent_ms + SEND_HORIZON_HOURS[label] * HOUR_MS) // DAY_MS
    asked = sends.sent_ms // DAY_MS - 1
    return Occasions(
        sends.features,
        sends.subject,
        sends.sent_ms,
        asked.astype(np.int32),
        ready.astype(np.int32),
        sends.labels.get(label, np.zeros(len(sends.subject), np.bool_)),
        sends.known.get(label, np.zeros(len(sends.subject), np.bool_)),
    )


def cuts(rows: Occasions, widths_days: Sequence[int], teaches: Callable[[Flags], bool]) -> Cuts | None:
    """Return the widest windows that leave enough for validation and training; None where there are none.

    No outcome of training reaches into validation, and none of validation into the test.
    """
    for width in widths_days:
        test = _window(rows.asked[rows.known], width)
        validation = test and _window(rows.asked[rows.usable(test.first)], width)
        if test is None or validation is None:
            continue
        if all(map(teaches, (rows.usable(validation.first), rows.inside(validation), rows.inside(test)))):
            return Cuts(validation, test)
    return None


def _window(days: Indices, width: int) -> Window | None:
    """Return the days that lie at most `width` days before the latest of them."""
    return Window(int(days[days >= days.max() - width].min()), int(days.max())) if len(days) else None


def inner_split(
    rows: Occasions, usable: Flags, widths_days: Sequence[int], teaches: Callable[[Flags], bool]
) -> tuple[Flags, Flags]:
    """Part usable rows into earlier ones and those held back: the latest in time, no outcome reaching past their start.

    Where time leaves too little, a fifth of the people is held back, as many with a yes as there are among all: none
    of fewer than five.
    """
    for width in widths_days:
        late = _window(rows.asked[usable], width)
        if late is None:
            break
        early, held = usable & (rows.ready <= late.first), usable & (rows.asked >= late.first)
        if teaches(early) and teaches(held):
            return early, held
    held = usable & _fifth(rows, usable)
    return usable & ~held, held


def _fifth(rows: Occasions, usable: Flags) -> Flags:
    """Tell which rows are of every fifth person of the usable rows, of those with and of those without a yes."""
    people, own = np.unique(rows.subject[usable], return_inverse=True)
    said_yes = np.bincount(own.reshape(-1), rows.labels[usable], minlength=len(people)) > 0
    place = np.where(said_yes, np.cumsum(said_yes), np.cumsum(~said_yes))
    return np.isin(rows.subject, people[place % 5 == 0])


def exam_of(tables: Tables, rows: Occasions, chosen: Flags) -> Exam:
    """Ask about the chosen rows; such exams need features, not purchases. Their groups: `exposed`, `activity`."""
    features, nothing = rows.features[chosen], tables.interactions.where(slice(0, 0))
    day = int(rows.asked[chosen].min(initial=tables.metadata.as_of_day))
    audience = Audience(len(features), day, features, nothing, tables.items)
    truth = rows.labels[chosen].astype(np.float64)
    groups = slices(tables, rows.subject[chosen], features, rows.moment_ms[chosen])
    return Exam(audience, truth, rows.subject[chosen], groups=groups)


def slices(tables: Tables, subject: Indices, features: Floats, moment_ms: Ints) -> Mapping[str, Sequence[str]]:
    """Return groups of n rows for the card: `exposed`, and `activity`, when somebody ordered last, if ever."""
    groups = dict(exposure(tables.sends, subject, moment_ms))
    if "recency_days" in tables.metadata.feature_names:
        recency = features[:, tables.metadata.feature_names.index("recency_days")]
        before = np.where(recency < NEVER_DAYS, "ordered before", "no order yet")
        groups["activity"] = np.where(recency < RECENT_DAYS, "ordered in 28 days", before).tolist()
    return groups


def exposure(sends: Sends, subject: Indices, moment_ms: Ints) -> Mapping[str, Sequence[str]]:
    """Return whether each row's person got a mail in the `EXPOSED_DAYS` before; nothing where no mail is known."""
    if not len(sends.subject):
        return {}
    return {"exposed": np.where(exposed(sends, subject, moment_ms), "yes", "no").tolist()}


def exposed(sends: Sends, subject: Indices, moment_ms: Ints) -> Flags:
    """Tell who was sent a mail in the `EXPOSED_DAYS` days before a moment, the moment itself left out."""
    span = int(max(sends.sent_ms.max(initial=0), moment_ms.max(initial=0))) + EXPOSED_DAYS * DAY_MS + 1
    sent = np.sort(sends.subject.astype(np.int64) * span + sends.sent_ms)
    moment = subject.astype(np.int64) * span + moment_ms
    since = subject.astype(np.int64) * span + np.maximum(moment_ms - EXPOSED_DAYS * DAY_MS, 0)
    return np.asarray(np.searchsorted(sent, moment) > np.searchsorted(sent, since), np.bool_)
