"""`EmailCampaign`: who gets which template in which window, as it was created; and its status, which people change."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from addressee.decisions.campaign import Arm, Campaign, QuietHours

Status = Literal["running", "paused", "cancelled"]
Planning = Literal["planning", "planned", "failed"]
Timing = Literal["usual_hour", "at_once"]
Resend = Literal["never", "unknown"]
OPEN_SLOTS = "open-slots"
"""The partition of the Campaigns table that holds no campaign; no campaign may be called so."""


@dataclass(frozen=True, slots=True)
class EmailCampaign:
    """A campaign as its row holds it. `rules` are what a decision needs of it: caps, hours, zone, topic, arms.

    `segment` is (model kind, segment name), None for everybody with consent. Mail goes out from `start_ms` until, not
    including, `end_ms`. `timing`: at the person's usual hour, or as soon as the window opens; quiet hours hold for
    both. `holdout_share` of the audience, by the hash of `holdout_salt`, gets nothing. `resend` `unknown` means at
    least once: a mail of which nobody knows whether it went out is sent again.
    """

    campaign_id: str
    rules: Campaign
    template: str
    template_version: str
    start_ms: int
    end_ms: int
    created_at_ms: int
    segment: tuple[str, str] | None = None
    timing: Timing = "usual_hour"
    holdout_share: float = 0.0
    holdout_salt: str = ""
    resend: Resend = "never"


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign and what became of it so far. `recipients` counts rows, held-out people among them, once planned."""

    campaign: EmailCampaign
    status: Status = "running"
    planning: Planning = "planning"
    recipients: int = 0


def to_body(campaign: EmailCampaign) -> bytes:
    """Write a campaign as the JSON that its row keeps, snake_case."""
    return json.dumps(asdict(campaign), separators=(",", ":"), sort_keys=True).encode()


def from_body(body: bytes) -> EmailCampaign:
    """Read what `to_body` wrote; fields of later versions are ignored."""
    stored = _known(EmailCampaign, json.loads(body))
    rules = _known(Campaign, stored["rules"])
    quiet_hours = QuietHours(**_known(QuietHours, rules["quiet_hours"]))
    arms = tuple(Arm(**_known(Arm, each)) for each in rules["arms"])
    segment = stored.get("segment")
    return EmailCampaign(
        **{
            **stored,
            "rules": Campaign(**{**rules, "quiet_hours": quiet_hours, "arms": arms}),
            "segment": None if segment is None else tuple(segment),
        }
    )


def _known(kind: type[Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: stored[each.name] for each in fields(kind) if each.name in stored}
