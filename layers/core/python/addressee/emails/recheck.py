"""What is asked again just before a mail goes out: does its campaign still run, and may this person still be mailed."""

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
from addressee.emails.campaign import Standing

CANCELLED = "cancelled"
EXPIRED = "expired"
NO_ADDRESS = "no_address"
MERGED = "merged"
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
