"""Mails as a timer learns from them: who got one at which local hour of the week, and whether a person clicked."""

from dataclasses import dataclass

import numpy as np

from addressee.models.tables import CLICKS_24H, SEND_HORIZON_HOURS, Flags, Indices, Sends

DAY_MS = 86_400_000
HORIZON_MS = SEND_HORIZON_HOURS[CLICKS_24H] * 3_600_000


@dataclass(frozen=True)
class Mails:
    """m mails whose outcome is known, sorted by subject: `clicked` tells of a human click within 24 hours.

    `hour_of_week` is local to the person, 0 being Monday from 0 to 1 o'clock. Clicks of machines are none.
    """

    subject: Indices
    hour_of_week: Indices
    clicked: Flags

    def where(self, rows: Flags | slice) -> "Mails":
        """Return the chosen rows, in order."""
        return Mails(self.subject[rows], self.hour_of_week[rows], self.clicked[rows])

    def of_places(self, place: Indices) -> "Mails":
        """Return the mails of subjects whose `place` [subjects] is not negative, numbered by it; places ascend."""
        own = self.where(place[self.subject] >= 0)
        return Mails(place[own.subject], own.hour_of_week, own.clicked)

    def of_subjects(self, start: int, stop: int) -> "Mails":
        """Return the mails of subjects `start` to `stop` (exclusive), numbered from 0."""
        first, last = np.searchsorted(self.subject, [start, stop])
        own = self.where(slice(int(first), int(last)))
        return Mails((own.subject - start).astype(np.int32), own.hour_of_week, own.clicked)


def no_mails() -> Mails:
    """Return what is known of people who were never mailed."""
    nothing = np.empty(0, np.int32)
    return Mails(nothing, nothing, np.empty(0, np.bool_))


def mails_until(sends: Sends, day: int) -> Mails:
    """Return the mails whose 24 hours were over before the end of `day`, as `occasions.Occasions.usable` has it."""
    if CLICKS_24H not in sends.labels:
        return no_mails()
    rows = np.flatnonzero(sends.known[CLICKS_24H] & (sends.sent_ms + HORIZON_MS < (day + 1) * DAY_MS))
    order = rows[np.argsort(sends.subject[rows], kind="stable")]
    return Mails(sends.subject[order], sends.hour_of_week[order], sends.labels[CLICKS_24H][order])
