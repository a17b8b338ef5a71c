"""The training tables of one `as_of` day: examples of people, purchases, items, and everybody's features now.

Rows of `People` are examples: one person at one cut-off, features as of then, labels from what came after. Days are
days since the epoch, UTC; "day d" as a cut-off means the end of that day. `subjects` are sorted, `subject` columns
index into them; `items` are sorted by id, `item` columns index into them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.int32]
Flags = NDArray[np.bool_]

BUYS = "buys_in_7_days"
LAPSES = "lapses_in_28_days"
HORIZON_DAYS: Mapping[str, int] = {BUYS: 7, LAPSES: 28}
ACTIVE_DAYS = 28
ACTIVE_ONLY = frozenset({LAPSES})
"""Labels that exist only for people who bought in the `ACTIVE_DAYS` days before."""


@dataclass(frozen=True)
class Split:
    """Masks over the rows of `People`, apart in time: no label window of one part reaches past a later part's cut."""

    train: Flags
    validation: Flags
    test: Flags

    @property
    def complete(self) -> bool:
        """Tell whether every part has rows; where not, there is not enough data to judge a model."""
        return bool(self.train.any() and self.validation.any() and self.test.any())


@dataclass(frozen=True)
class People:
    """Examples of people, sorted by cut-off and subject, n rows.

    `features` is [n, F], F = `Metadata.feature_names`. `subject` and `cut_day` are [n]. `labels[label]` and
    `known[label]` are [n]: a label counts only where it is known: its window was complete at `as_of` and the person
    was at risk (`lapses_in_28_days`: bought in the `ACTIVE_DAYS` days before the cut-off).
    """

    features: Floats
    subject: Indices
    cut_day: Indices
    labels: Mapping[str, Flags]
    known: Mapping[str, Flags]

    def split(self, label: str) -> Split:
        """Part the known rows by time; the test part is the latest cut-off with a known label, to be used once.

        With horizon h and test cut-off T, validation is the latest cut-off V <= T - h and training is all up to
        V - h; cut-offs between are left out, because their label windows overlap the next part's.
        """
        known, horizon = self.known[label], HORIZON_DAYS[label]
        test = _latest(self.cut_day, known)
        validation = _latest(self.cut_day, known & (self.cut_day <= test - horizon))
        return Split(
            train=known & (self.cut_day <= validation - horizon),
            validation=known & (self.cut_day == validation),
            test=known & (self.cut_day == test),
        )


def _latest(days: Indices, rows: Flags) -> int:
    """Return the latest day among `rows`, or a day before all others where there is none."""
    return int(days[rows].max()) if rows.any() else -(2**30)


@dataclass(frozen=True)
class Interactions:
    """Purchases, one row per item of an order, sorted by subject, event time and order; all columns are [m].

    `day` is the purchase's own day, `received_day` the day on which it became known (late events differ); a training
    set that pretends to live on day d takes rows with both up to d. `basket` numbers the orders in row order.
    `quantity` is units, `amount_minor_units` the whole line.
    """

    subject: Indices
    item: Indices
    basket: Indices
    day: Indices
    received_day: Indices
    quantity: Ints
    amount_minor_units: Ints

    def until(self, day: int) -> "Interactions":
        """Return what had happened and was known at the end of `day`."""
        return self.where((self.day <= day) & (self.received_day <= day))

    def after(self, day: int, *, days: int) -> "Interactions":
        """Return the purchases of the `days` days that follow `day`."""
        return self.where((self.day > day) & (self.day <= day + days))

    def of_subjects(self, start: int, stop: int) -> "Interactions":
        """Return the rows of subjects `start` to `stop` (exclusive); quick, because rows are sorted by subject."""
        first, last = np.searchsorted(self.subject, [start, stop])
        return self.where(slice(int(first), int(last)))

    def where(self, rows: Flags | slice) -> "Interactions":
        """Return the chosen rows, in order."""
        return Interactions(**{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True)
class Now:
    """Everybody's features at the end of `as_of`, in the order of `subjects`; what is scored.

    `features` is [s, F]; `active` is [s]: bought in the last `ACTIVE_DAYS` days, thus at risk of lapsing.
    """

    features: Floats
    active: Flags


@dataclass(frozen=True)
class Items:
    """Items that were bought in the window or stand in the catalogue, sorted by id; all columns in that order.

    `categories` are "" where unknown. `texts` hold what the catalogue says in words (title, category, attributes),
    `prices_minor_units` its price, 0 where it has none; both are empty where there was no catalogue to read.
    """

    ids: tuple[str, ...]
    categories: tuple[str, ...]
    texts: tuple[str, ...] = ()
    prices_minor_units: tuple[int, ...] = ()


CLICKS_24H = "clicks_in_24_hours"
CLICKS_72H = "clicks_in_72_hours"
OPENS_24H = "opens_in_24_hours"
SEND_HORIZON_HOURS: Mapping[str, int] = {CLICKS_24H: 24, CLICKS_72H: 72, OPENS_24H: 24}


@dataclass(frozen=True)
class Sends:
    """Mails that were sent, sorted by time and subject, m rows; what machines did with them is not seen.

    `features` is [m, F], as of the moment before the send. `hour_of_week` is local to the person's time zone, 0 being
    Monday from 0 to 1 o'clock. `labels[label]` and `known[label]` are [m], by the names of `SEND_HORIZON_HOURS`: a
    label counts only where its hours were over at the end of `as_of`.
    """

    features: Floats
    subject: Indices
    sent_ms: Ints
    hour_of_week: Indices
    labels: Mapping[str, Flags]
    known: Mapping[str, Flags]


@dataclass(frozen=True)
class Trials:
    """Who was mailed and who was held out by chance, a row per person and campaign, sorted by day and subject, m rows.

    `features` is [m, F], as of the end of `day`, the one before the mail was due. `mailed` tells the random
    assignment, `share` how many of the campaign's people were to be mailed, neither none nor all; `bought` and
    `revenue_minor_units` what followed within `TRIAL_DAYS`, `known` whether those were over.
    """

    features: Floats
    subject: Indices
    day: Indices
    mailed: Flags
    share: Floats
    bought: Flags
    revenue_minor_units: Ints
    known: Flags


TRIAL_DAYS = 14


def no_sends(features: int = 0) -> Sends:
    """Return the table of a sender who has not sent yet."""
    nothing = np.empty(0, np.bool_)
    labels = dict.fromkeys(SEND_HORIZON_HOURS, nothing)
    subject, sent_ms = np.empty(0, np.int32), np.empty(0, np.int64)
    return Sends(np.empty((0, features)), subject, sent_ms, subject, labels, labels)


def no_trials(features: int = 0) -> Trials:
    """Return the table of a sender who held nobody out yet."""
    nothing, subject = np.empty(0, np.bool_), np.empty(0, np.int32)
    share, revenue = np.empty(0), np.empty(0, np.int64)
    return Trials(np.empty((0, features)), subject, subject, nothing, share, nothing, revenue, nothing)


@dataclass(frozen=True)
class Metadata:
    """What the tables were made from; holds no wall-clock value."""

    as_of: str
    as_of_day: int
    first_day: int
    feature_names: tuple[str, ...]
    feature_hash: str
    cut_days: tuple[int, ...]
    counts: Mapping[str, int]


Severity = Literal["note", "warn", "stop"]


class Finding(NamedTuple):
    """What the audit found (`audit.py`): which check, how grave, in which column (a feature, a table), and in words.

    `value` is the figure that the check compares with its bound.
    """

    check: str
    severity: Severity
    column: str
    value: float
    said: str


@dataclass(frozen=True)
class Tables:
    """All training tables of one `as_of` day.

    `groups` hold for each configured trait what is declared of each subject, in the order of `subjects`, "" where
    nothing is: fairness is reported by them; they are no features. `audit` is what was found in all of this.
    """

    metadata: Metadata
    subjects: tuple[str, ...]
    items: Items
    people: People
    interactions: Interactions
    now: Now
    sends: Sends = field(default_factory=no_sends)
    trials: Trials = field(default_factory=no_trials)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    audit: tuple[Finding, ...] = ()
