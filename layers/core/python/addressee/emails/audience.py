"""Who a campaign is for, and who of them is held out to measure what it does."""

from collections.abc import Mapping
from hashlib import sha256

from addressee.decisions.person import Person
from addressee.emails.campaign import EmailCampaign
from addressee.profiles.consent import topic_purpose


def in_audience(person: Person, campaign: EmailCampaign) -> bool:
    """Say whether somebody gets a row: consent, an address, the segment (of the last scoring run), the topic not off.

    Suppression, caps and the person's pause are looked at when the mail is about to go out: those rows exist, end as
    skipped with the reason, and so are counted.
    """
    granted = person.granted is True and person.state.unsubscribed_ms <= person.granted_at_ms
    wants_topic = not campaign.rules.topic or topic_purpose(campaign.rules.topic) not in person.withdrawn
    return granted and bool(person.address) and wants_topic and _in_segment(person.scores.segments, campaign)


def held_out(subject: str, *, salt: str, share: float) -> bool:
    """Say whether somebody gets nothing, by a salted hash that is uniform in [0, 1).

    The same salt holds the same people out in every campaign. The hash is another than an arm's (decisions/arm.py), so
    who is held out says nothing about arms.
    """
    digest = sha256(f"holdout:{salt}:{subject}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def _in_segment(segments: Mapping[str, str], campaign: EmailCampaign) -> bool:
    if campaign.segment is None:
        return True
    kind, name = campaign.segment
    return segments.get(kind) == name
