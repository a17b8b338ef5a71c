"""What is asked again just before a mail goes out: does its campaign still run, and may this person still be mailed."""

from itertools import islice

from addressee.decisions.campaign import Campaign
from addressee.decisions.eligibility import (
    BOUNCED,
    CAP_PER_DAY,
    CAP_PER_WEEK,
    COMPLAINED,
    CONSENT_UNKNOWN,
    NO_CONSENT,
    PAUSED,
    SUPPRESSED,
    TOPIC_OFF,
    refusal,
)
from addressee.decisions.person import Person
from addressee.decisions.slot import hours_from, local_hour, time_zone
from addressee.emails.campaign import Standing

CANCELLED = "cancelled"
EXPIRED = "expired"
NO_ADDRESS = "no_address"
MERGED = "merged"
MOST_QUIET_HOURS = 30
REASONS = {
    NO_CONSENT: "consent",
    SUPPRESSED: "suppressed",
    CAP_PER_DAY: "cap",
    CAP_PER_WEEK: "cap",
    TOPIC_OFF: "topic",
    PAUSED: "paused_by_person",
    BOUNCED: "bounced",
    COMPLAINED: "complained",
}
"""Why a decision refuses -> the reason that a skipped row shows."""


class ConsentUnknown(Exception):
    """Nobody can say now whether this person may be mailed: a fault to come back to, never a skip."""


def over(standing: Standing, *, now_ms: int) -> str | None:
    """Return why no mail of this campaign goes out any more, or None: cancelled, or its window has ended."""
    if standing.status == "cancelled":
        return CANCELLED
    return EXPIRED if now_ms >= standing.campaign.end_ms else None


def refused(subject: str, person: Person, campaign: Campaign, *, now_ms: int) -> str | None:
    """Return why this person gets no mail now, or None. The caps count every send save the one in question.

    `person` is who answers for `subject`: another one where it was merged away; a mail to that one is planned in that
    one's own row. Raises `ConsentUnknown`.
    """
    reason = refusal(person, campaign, now_ms=now_ms)
    if reason == CONSENT_UNKNOWN:
        raise ConsentUnknown(subject)
    if person.subject != subject:
        return MERGED
    if reason is not None:
        return REASONS[reason]
    return None if person.address else NO_ADDRESS


def quiet_until(person: Person, campaign: Campaign, *, now_ms: int) -> int | None:
    """Return when the person's quiet hours end, or None where it is not quiet now, or always.

    A plan keeps out of them; a mail whose turn comes late, after a pause or a full day, may run into them.
    """
    quiet, zone = campaign.quiet_hours, time_zone(person.time_zone, campaign.default_time_zone)
    if not quiet.covers(local_hour(now_ms, zone)):
        return None
    hours = islice(hours_from(now_ms, zone), MOST_QUIET_HOURS)
    return next((moment_ms for moment_ms, hour in hours if not quiet.covers(hour)), None)
