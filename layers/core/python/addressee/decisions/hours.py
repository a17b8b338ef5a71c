"""At which local hour a person should be mailed, and why: a model's hour, the usual one, or the campaign's default."""

from datetime import tzinfo
from hashlib import sha256
from typing import NamedTuple

from addressee.decisions.campaign import HOURS_PER_DAY, Campaign, QuietHours
from addressee.decisions.person import Person
from addressee.decisions.slot import local_hour, time_zone
from addressee.models.timers import ANY_DAY

TIMER = "send_hour"
LEAST_ACTIVITY = 8
EXPLORED_SHARE = 0.05
"""Of the people for whom a model has an hour, so many get another one that is not quiet: so it goes on learning."""
MODEL, USUAL, DEFAULT, EXPLORED = "model", "usual", "default", "explored"


class Wanted(NamedTuple):
    """Hours of the week, the best first, 168 and more being of any day (`timers.ANY_DAY`); and why.

    `propensity` is the chance that the first hour had of being chosen: below 1 only where a model spoke.
    """

    hours: tuple[int, ...]
    why: str = DEFAULT
    propensity: float = 1.0

    @property
    def hour(self) -> int:
        """The hour of the day, 0 to 23, that is best."""
        return self.hours[0] % HOURS_PER_DAY


def wanted_hours(person: Person, campaign: Campaign, *, now_ms: int, zone: tzinfo) -> Wanted:
    """Return the local hours at which a mail suits the person; a usual or default hour may be quiet.

    A model's hours come first, those that are not quiet; a share of people, chosen by a hash of person and campaign,
    are mailed at any other hour instead. Then the hour around which the person is active most; then the default one.
    """
    if (told := _told(person, campaign.quiet_hours)) is not None:
        return _explored(person.subject, campaign, told)
    shift = local_hour(now_ms, zone) - local_hour(now_ms, time_zone())
    hour = usual_hour(person.state.hour_of_week, shift_hours=shift)
    return Wanted((ANY_DAY + campaign.default_hour,)) if hour is None else Wanted((ANY_DAY + hour,), USUAL)


def _told(person: Person, quiet: QuietHours) -> tuple[int, ...] | None:
    hours = person.scores.hours.get(TIMER, ())
    return tuple(hour for hour in hours if not quiet.covers(hour % HOURS_PER_DAY)) or None


def _explored(subject: str, campaign: Campaign, told: tuple[int, ...]) -> Wanted:
    """Keep the model's hours, or draw another of the allowed ones, each as likely; the same for the same two names."""
    best = told[0] % HOURS_PER_DAY
    others = [hour for hour in range(HOURS_PER_DAY) if hour != best and not campaign.quiet_hours.covers(hour)]
    drawn = int.from_bytes(sha256(f"{TIMER}:{campaign.campaign_id}:{subject}".encode()).digest()[:8], "big") / 2**64
    if drawn >= EXPLORED_SHARE or not others:
        return Wanted(told, MODEL, 1.0 - EXPLORED_SHARE if others else 1.0)
    chosen = others[int(drawn / EXPLORED_SHARE * len(others))]
    return Wanted((ANY_DAY + chosen,), EXPLORED, EXPLORED_SHARE / len(others))


def usual_hour(hour_of_week: bytearray, *, shift_hours: int) -> int | None:
    """Return the local hour around which a person is active most, or None below `LEAST_ACTIVITY` activities.

    `hour_of_week` counts activity per UTC hour, 168 values; local time is `shift_hours` later. Each hour counts with
    half of its neighbours (people are not punctual); ties go to the earliest hour.
    """
    if sum(hour_of_week) < LEAST_ACTIVITY:
        return None
    by_hour = [
        sum(hour_of_week[(hour - shift_hours) % HOURS_PER_DAY :: HOURS_PER_DAY]) for hour in range(HOURS_PER_DAY)
    ]
    smooth = [
        2 * by_hour[hour] + by_hour[hour - 1] + by_hour[(hour + 1) % HOURS_PER_DAY] for hour in range(HOURS_PER_DAY)
    ]
    return max(range(HOURS_PER_DAY), key=lambda hour: smooth[hour])
