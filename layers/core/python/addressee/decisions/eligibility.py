"""Whether a person may be mailed at all; the first rule that says no gives the reason."""

from addressee.decisions.campaign import Campaign
from addressee.decisions.person import Person
from addressee.profiles.consent import topic_purpose
from addressee.profiles.hashing import send_hash
from addressee.profiles.state import DAY_MS

CONSENT_UNKNOWN = "consent_unknown"
NO_CONSENT = "no_consent"
SUPPRESSED = "suppressed"
BOUNCED = "bounced"
COMPLAINED = "complained"
PAUSED = "paused_by_person"
TOPIC_OFF = "topic_off"
CAP_PER_DAY = "cap_per_day"
CAP_PER_WEEK = "cap_per_week"
ELIGIBLE = "eligible"
WEEK_MS = 7 * DAY_MS


def refusal(person: Person, campaign: Campaign, *, now_ms: int) -> str | None:
    """Return why nobody may mail this person now, or None. Quiet hours do not refuse: they move the slot."""
    return hard_refusal(person, campaign, now_ms=now_ms) or _cap(person, campaign, now_ms)


def hard_refusal(person: Person, campaign: Campaign, *, now_ms: int) -> str | None:
    """Return the reason that holds whatever was decided before: consent, topic, pause, suppression, complaint, bounce.

    An unsubscription or a complaint loses only to a later grant, a bounce only to a later open or click.
    A repeated answer asks this again; the caps it does not, because the mail that it speaks of may be the one sent.
    """
    return _unwanted(person, campaign, now_ms) or _undeliverable(person)


def _unwanted(person: Person, campaign: Campaign, now_ms: int) -> str | None:
    if person.granted is None:
        return CONSENT_UNKNOWN
    if not person.granted or person.state.unsubscribed_ms > person.granted_at_ms:
        return NO_CONSENT
    if campaign.topic and topic_purpose(campaign.topic) in person.withdrawn:
        return TOPIC_OFF
    if person.paused_until_ms > now_ms:
        return PAUSED
    return None


def _undeliverable(person: Person) -> str | None:
    state = person.state
    if person.suppression is not None:
        return SUPPRESSED
    if state.complained_ms > person.granted_at_ms:
        return COMPLAINED
    return BOUNCED if state.bounced_ms > max(state.last_open_ms, state.last_click_ms) else None


def _cap(person: Person, campaign: Campaign, now_ms: int) -> str | None:
    """Count the sends of other campaigns: a mail does not stand in its own way when it is decided on again."""
    own = send_hash(f"{person.subject}.{campaign.campaign_id}")
    sent_ms = [at_ms for send, at_ms in person.sends().items() if send != own]
    if sum(at_ms > now_ms - DAY_MS for at_ms in sent_ms) >= campaign.cap_per_day:
        return CAP_PER_DAY
    if sum(at_ms > now_ms - WEEK_MS for at_ms in sent_ms) >= campaign.cap_per_week:
        return CAP_PER_WEEK
    return None
