"""`Campaign`: the settings under which a decision is made, and how they are read from text."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CAMPAIGN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ANY_CATEGORY = "*"
HOURS_PER_DAY = 24
DIVERSITY = 0.1
_QUIET = re.compile(r"(\d{1,2})-(\d{1,2})")


class InvalidCampaign(Exception):
    """A campaign setting holds what it must not; the message names the setting and says what it takes."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours without mail: from `start` up to, not including, `end`, over midnight too; equal ends: none."""

    start: int = 0
    end: int = 0

    def covers(self, hour: int) -> bool:
        """Say whether the local hour 0..23 is quiet."""
        if self.start <= self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of an experiment: its name, its share of the people (shares sum to 1), the template that it shows."""

    name: str = "default"
    share: float = 1.0
    template: str = "default"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What holds for one campaign; one that was not created here has the installation's defaults.

    `repurchase_days` maps a category to the days in which a bought item is not shown again; `*` is every other one.
    `topic` names what people may switch off singly; empty: nothing. `diversity`, 0 to 1, is how much an answer gives up
    for products of different categories (`decisions/diverse.py`).
    """

    campaign_id: str
    cap_per_day: int = 1
    cap_per_week: int = 3
    default_hour: int = 10
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    default_time_zone: str = "UTC"
    repurchase_days: Mapping[str, int] = field(default_factory=dict)
    purpose: str = "email"
    topic: str = ""
    arms: Sequence[Arm] = (Arm(),)
    diversity: float = DIVERSITY

    def window_days(self, category: str, own_days: int | None) -> int:
        """Return the days in which an item is not shown again: its own, else its category's, else the default's."""
        if own_days is not None:
            return own_days
        return self.repurchase_days.get(category, self.repurchase_days.get(ANY_CATEGORY, 0))


def read_quiet_hours(text: str) -> QuietHours:
    """Read `21-8` (local hours, the second not included); empty text: none. Raises `InvalidCampaign`."""
    if not text:
        return QuietHours()
    match = _QUIET.fullmatch(text)
    if match is None or max(hours := (int(match[1]), int(match[2]))) >= HOURS_PER_DAY:
        raise InvalidCampaign(f"quiet hours must read like 21-8, hours from 0 to 23, not {text!r}")
    return QuietHours(*hours)


def read_repurchase_days(text: str) -> dict[str, int]:
    """Read a JSON object of category -> days, `*` for every other category. Raises `InvalidCampaign`."""
    try:
        windows = json.loads(text or "{}")
    except ValueError:
        raise InvalidCampaign("re-purchase days are not JSON") from None
    if not isinstance(windows, dict) or not all(type(days) is int and days >= 0 for days in windows.values()):
        raise InvalidCampaign("re-purchase days must be an object of category -> whole days, 0 or more")
    return windows
