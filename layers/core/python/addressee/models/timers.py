"""Timers as they are served: the hours for somebody of whom nothing is known yet. People's own come from the night."""

from collections.abc import Mapping
from typing import Any

from addressee.models.ranking import Sections

ANY_DAY = 168
"""An hour of the week from here on is that hour of any day: 168 + 18 is 18 o'clock, whatever the weekday."""
HOURS_PER_DAY = 24


class Timer:
    """What everybody's mails say; a person's own hours are in their `scores` row."""

    def __init__(self, sections: Sections, settings: Mapping[str, Any]) -> None:
        """Read `everybody`: hours of the week, best first. Raises `ValueError` where one is none."""
        self._everybody = tuple(int(hour) for hour in sections["everybody"])
        if any(hour >= ANY_DAY + HOURS_PER_DAY for hour in self._everybody):
            raise ValueError("an hour of the week lies below 192")
        self.model = str(settings["model"])

    def hours(self) -> tuple[int, ...]:
        """Return local hours of the week, best first, `ANY_DAY` and more being of any day; none: the default stands."""
        return self._everybody
