"""When a campaign's mail to one person is due: within the window, never in quiet hours, near the person's hour."""

from collections.abc import Iterator
from datetime import tzinfo
from itertools import takewhile

from addressee.decisions.campaign import HOURS_PER_DAY
from addressee.decisions.decide import slot_for
from addressee.decisions.person import Person
from addressee.decisions.slot import hour_of_week, hours_from, time_zone
from addressee.emails.campaign import EmailCampaign
from addressee.models.timers import ANY_DAY


def due_ms(person: Person, campaign: EmailCampaign, *, now_ms: int) -> int | None:
    """Return when the mail is due, or None where the window has no hour left that is not quiet for the person.

    `usual_hour`: where a model names hours of certain weekdays, the first time at the best one that the window holds;
    else the next time at which the person's clock shows their hour; where the window holds none, the nearest hour that
    it holds, by the clock, the earlier of two. `at_once`: as soon as window and quiet hours allow.
    """
    start_ms = max(now_ms, campaign.start_ms)
    zone = time_zone(person.time_zone, campaign.rules.default_time_zone)
    if campaign.timing == "at_once":
        return next((moment_ms for moment_ms, _ in _allowed(campaign, zone, start_ms)), None)
    wanted, suits_ms = slot_for(person, campaign.rules, now_ms=start_ms)
    if (best_ms := _on_weekday(wanted.hours, campaign, zone, start_ms)) is not None:
        return best_ms
    if suits_ms < campaign.end_ms:
        return suits_ms
    allowed = _allowed(campaign, zone, start_ms)
    return min(allowed, key=lambda slot: _apart(slot[1], wanted.hour), default=(None, 0))[0]


def _on_weekday(hours: tuple[int, ...], campaign: EmailCampaign, zone: tzinfo, start_ms: int) -> int | None:
    """Return the first time at the best of the hours that the window holds, if that one has a weekday; else None."""
    if all(hour >= ANY_DAY for hour in hours):
        return None
    first: dict[int, int] = {}
    for moment_ms, _ in _allowed(campaign, zone, start_ms):
        hour = hour_of_week(moment_ms, zone)
        first.setdefault(hour, moment_ms)
        if hour == hours[0]:
            break
    return next((first[hour] for hour in hours if hour in first), None)


def _allowed(campaign: EmailCampaign, zone: tzinfo, start_ms: int) -> Iterator[tuple[int, int]]:
    """Give the window's hours that are not quiet: when each begins (the first: `start_ms`), and its local hour."""
    hours = takewhile(lambda slot: slot[0] < campaign.end_ms, hours_from(start_ms, zone))
    return (slot for slot in hours if not campaign.rules.quiet_hours.covers(slot[1]))


def _apart(hour: int, other: int) -> int:
    gap = abs(hour - other)
    return min(gap, HOURS_PER_DAY - gap)
