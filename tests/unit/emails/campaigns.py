"""Campaigns and their audience for the tests of this folder."""

from addressee.decisions.campaign import Campaign, QuietHours
from addressee.decisions.person import Person, Scores
from addressee.emails.campaign import EmailCampaign
from addressee.profiles.state import State

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
NOON = 20_000 * DAY_MS + 12 * HOUR_MS
"""2024-10-04T12:00:00Z, a Friday."""
WAKING = QuietHours(21, 8)


def campaign(campaign_id: str = "autumn", **given: object) -> EmailCampaign:
    """Make a campaign of 48 hours from noon, quiet at night; `rules` are those of its decision settings to change."""
    rules = {"campaign_id": campaign_id, "quiet_hours": WAKING, **given.pop("rules", {})}
    settled = {"template": "digest", "template_version": "0123456789abcdef", "created_at_ms": NOON, "start_ms": NOON}
    return EmailCampaign(campaign_id, Campaign(**rules), **{**settled, "end_ms": NOON + 2 * DAY_MS, **given})


def active_at(*utc_hours: int) -> State:
    """Make a state of somebody who was active at these hours of every day."""
    histogram = bytearray(168)
    for day in range(7):
        for hour in utc_hours:
            histogram[24 * day + hour] = 3
    return State(hour_of_week=histogram)


def subject(number: int) -> str:
    """Make up a subject."""
    return f"{number * 2_654_435_761 % 2**32:08x}{number:024x}"


def somebody(number: int = 1, **given: object) -> Person:
    """Make somebody with consent and an address; `segment` is the name of their RFM tier."""
    if "segment" in given:
        given["scores"] = Scores("2024-10-03", {"rfm_tiers": given.pop("segment")})
    known = {"subject": subject(number), "granted": True, "granted_at_ms": 1, "address": f"p{number}@example.com"}
    return Person(**{**known, **given})
