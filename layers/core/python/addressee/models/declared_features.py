"""Features of declared traits for rows of the tables: what was known of a person at each row's moment, and no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from addressee.models.purchases import DAY_MS
from addressee.models.tables import Flags, Floats, Indices, Ints, Now, People, Sends, Trials
from addressee.profiles.demographics import DEMOGRAPHICS, Demographic, year_of
from addressee.profiles.traits import TraitChange

Traits = Mapping[str, TraitChange]


@dataclass(frozen=True)
class DeclaredFeatures:
    """What people declare now, by their places among `size` subjects; `chosen` are the traits that models may read.

    A value counts from when the trait was first declared (`TraitChange.first_declared_ms`), not from its stamp: whoever
    declares it again with every visit would be known at past moments only if they never came back: that is the future.
    """

    size: int
    declared: Mapping[int, Traits] = field(default_factory=dict)
    chosen: Sequence[str] = ()

    def joined(self, features: Floats, subject: Indices, moment_ms: Ints) -> Floats:
        """Return `features` [n, E] with a column for each of `DEMOGRAPHICS`, as of the end of `moment_ms` [n]."""
        columns = [self._column(each, subject, moment_ms) for each in DEMOGRAPHICS]
        return np.column_stack([features, *columns])

    def _column(self, feature: Demographic, subject: Indices, moment_ms: Ints) -> Floats:
        column = np.full(len(subject), feature.nothing)
        if feature.trait not in self.chosen:
            return column
        years = moment_ms.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64) + _EPOCH_YEAR
        for year in np.unique(years).tolist():
            value, since_ms = self._told(feature, year)
            rows = np.flatnonzero(years == year)
            known = since_ms[subject[rows]] <= moment_ms[rows]
            column[rows[known]] = value[subject[rows[known]]]
        return column

    def _told(self, feature: Demographic, year: int) -> tuple[Floats, Ints]:
        """Return everybody's value in a year, and since when it is known."""
        value = np.full(self.size, feature.nothing)
        since_ms = np.full(self.size, np.iinfo(np.int64).max)
        for place, traits in self.declared.items():
            name, said = feature.told({name: each.value for name, each in traits.items()}, year)
            if name:
                value[place], since_ms[place] = said, traits[name].first_declared_ms
        return value, since_ms


_EPOCH_YEAR = year_of(0)


@dataclass(frozen=True)
class Known:
    """Puts the declared columns into each table, each row as of its own moment; `end_ms` is the end of `as_of`."""

    declared: DeclaredFeatures
    end_ms: int

    def people(self, people: People) -> People:
        """Take each example at its cut-off."""
        return replace(people, features=self._at_ends(people.features, people.subject, people.cut_day))

    def trials(self, trials: Trials) -> Trials:
        """Take each assignment at the end of its day."""
        return replace(trials, features=self._at_ends(trials.features, trials.subject, trials.day))

    def sends(self, sends: Sends) -> Sends:
        """Take each mail at the millisecond before it."""
        return replace(sends, features=self.declared.joined(sends.features, sends.subject, sends.sent_ms - 1))

    def now(self, features: Floats, active: Flags) -> Now:
        """Take everybody at the end of the tables' day."""
        subject = np.arange(len(features), dtype=np.int32)
        return Now(self.declared.joined(features, subject, np.full(len(features), self.end_ms - 1)), active)

    def _at_ends(self, features: Floats, subject: Indices, day: Indices) -> Floats:
        return self.declared.joined(features, subject, (day.astype(np.int64) + 1) * DAY_MS - 1)
