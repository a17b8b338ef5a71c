"""The public JSON of campaigns: camelCase, times in ISO 8601, UTC."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.counts import Counts
from addressee.emails.states import STATES


def campaign_json(campaign: EmailCampaign) -> dict[str, Any]:
    """Write a campaign as `POST /v1/campaigns` takes it, with everything that was left open filled in."""
    rules, quiet = campaign.rules, campaign.rules.quiet_hours
    return {
        "campaign": campaign.campaign_id,
        "audience": _audience(campaign.segment),
        "template": campaign.template,
        "templateVersion": campaign.template_version,
        "window": {"start": _time(campaign.start_ms), "end": _time(campaign.end_ms)},
        "timing": campaign.timing,
        "holdout": campaign.holdout_share,
        "holdoutSalt": campaign.holdout_salt,
        "topic": rules.topic,
        "caps": {"perDay": rules.cap_per_day, "perWeek": rules.cap_per_week},
        "quietHours": f"{quiet.start}-{quiet.end}" if quiet.start != quiet.end else "",
        "defaultHour": rules.default_hour,
        "timeZone": rules.default_time_zone,
        "resend": campaign.resend,
        "createdAt": _time(campaign.created_at_ms),
    }


def standing_json(standing: Standing) -> dict[str, Any]:
    """Write a campaign and how far it is; `recipients` is null until all rows are planned."""
    planned = standing.planning == "planned"
    return {
        **campaign_json(standing.campaign),
        "status": standing.status,
        "planning": standing.planning,
        "recipients": standing.recipients if planned else None,
    }


def counts_json(counts: Counts) -> dict[str, Any]:
    """Write counts: every state, and the reasons of those that have one."""
    by_state = counts.by_state()
    reasons: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (state, reason), count in sorted(counts.rows.items()):
        if reason:
            reasons[state][reason] = count
    return {
        "counts": {state: by_state[state] for state in STATES},
        "reasons": dict(reasons),
        "unwritten": counts.unwritten,
        "settled": counts.settled,
    }


def status_json(standing: Standing, counts: Counts | None, chunks: Sequence[int]) -> dict[str, Any]:
    """Write the answer of `GET /v1/campaigns/{campaign}`; counts are null where there are too many rows for one answer.

    `finished`: every recipient is settled, and there will be no more of them. `chunks` are the numbers of the lists
    that there are; the answer says how many there can be: one more than the highest.
    """
    said = {**standing_json(standing), "chunks": max(chunks, default=-1) + 1}
    if counts is None:
        return {**said, "counts": None, "reasons": None, "unwritten": None, "settled": None, "finished": None}
    return {**said, **counts_json(counts), "finished": is_finished(standing, counts)}


def is_finished(standing: Standing, counts: Counts) -> bool:
    """Say whether a campaign is over: planned, and every row settled."""
    return standing.planning == "planned" and counts.settled == counts.recipients == standing.recipients


def _audience(segment: tuple[str, str] | None) -> Mapping[str, Any]:
    return {"everyone": True} if segment is None else {"segment": {"kind": segment[0], "name": segment[1]}}


def _time(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
