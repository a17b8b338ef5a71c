"""What a caller asks of campaigns: the body of `POST /v1/campaigns`, checked field by field."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from addressee.decisions.campaign import Arm, Campaign, InvalidCampaign, QuietHours, read_quiet_hours
from addressee.decisions.request import InvalidField, read_campaign
from addressee.decisions.slot import HOUR_MS, MINUTE_MS
from addressee.emails.campaign import OPEN_SLOTS, EmailCampaign, Resend, Timing
from addressee.emails.request_fields import checked, json_object, name, number, one_of, only, whole
from addressee.emails.template import TEMPLATE_NAME
from addressee.profiles import checks

MAX_BODY_BYTES = 32 * 1024
DEFAULT_WINDOW_MS = 48 * HOUR_MS
MAX_WINDOW_MS = 14 * 24 * HOUR_MS
MAX_AHEAD_MS = 366 * 24 * HOUR_MS
MAX_HOLDOUT = 0.5
MAX_SALT = 64
LAST_HOUR = 23
MOST_PER_DAY, MOST_PER_WEEK = 100, 500
TIMINGS: Mapping[str, Timing] = {"usual_hour": "usual_hour", "at_once": "at_once"}
_CHUNK = re.compile(r"[0-9]{1,5}")
RESENDS: Mapping[str, Resend] = {"never": "never", "unknown": "unknown"}
FIELDS = frozenset(
    {
        *("campaign", "audience", "template", "window", "timing", "holdout", "holdoutSalt", "topic"),
        *("caps", "quietHours", "defaultHour", "timeZone", "resend"),
    }
)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a request is silent: the installation's mailing rules, topics, and the share held out."""

    rules: Campaign
    topics: Collection[str]
    holdout_share: float


def read_id(body: object) -> str:
    """Read the id of the campaign that a body speaks of. Raises `InvalidField`."""
    campaign = read_campaign(json_object(body, "body").get("campaign"))
    if campaign == OPEN_SLOTS:
        raise InvalidField("campaign", f"{OPEN_SLOTS} is taken")
    return campaign


def read_template(body: object) -> str:
    """Read the name of the template that a body speaks of. Raises `InvalidField`."""
    template = json_object(body, "body").get("template")
    if not isinstance(template, str) or not TEMPLATE_NAME.fullmatch(template):
        raise InvalidField("template", "must be a template's name: a-z, 0-9 and -, at most 64, a letter first")
    return template


def read_chunk(text: str) -> int:
    """Read the query's `chunk`: the number of a part of a campaign's recipients. Raises `InvalidField`."""
    if not _CHUNK.fullmatch(text):
        raise InvalidField("chunk", "must be a whole number from 0 on")
    return int(text)


def read_email_campaign(body: object, defaults: Defaults, *, template_version: str, now_ms: int) -> EmailCampaign:
    """Read a campaign that is created at `now_ms` with the template's version of that time. Raises `InvalidField`.

    Fields that are not known are refused: a misspelt cap would mail too much. The same body, read with the same
    defaults, version and time, gives the same campaign; so a repeated request is told from another one.
    """
    given = only(json_object(body, "body"), FIELDS)
    campaign_id, template = read_id(given), read_template(given)
    start_ms, end_ms = _window(given.get("window"), now_ms)
    return EmailCampaign(
        campaign_id=campaign_id,
        rules=_rules(given, defaults, campaign_id, template),
        template=template,
        template_version=template_version,
        start_ms=start_ms,
        end_ms=end_ms,
        created_at_ms=now_ms,
        segment=_audience(given.get("audience")),
        timing=one_of(TIMINGS, given.get("timing", "usual_hour"), "timing"),
        holdout_share=number(given["holdout"], MAX_HOLDOUT, "holdout")
        if "holdout" in given
        else defaults.holdout_share,
        holdout_salt=checked(checks.up_to(MAX_SALT), given.get("holdoutSalt", campaign_id), "holdoutSalt"),
        resend=one_of(RESENDS, given.get("resend", "never"), "resend"),
    )


def _rules(given: Mapping[str, Any], defaults: Defaults, campaign_id: str, template: str) -> Campaign:
    rules = defaults.rules
    caps = only(json_object(given.get("caps", {}), "caps"), {"perDay", "perWeek"}, "caps.")
    return Campaign(
        campaign_id=campaign_id,
        cap_per_day=whole(caps.get("perDay", rules.cap_per_day), MOST_PER_DAY, "caps.perDay"),
        cap_per_week=whole(caps.get("perWeek", rules.cap_per_week), MOST_PER_WEEK, "caps.perWeek"),
        default_hour=whole(given.get("defaultHour", rules.default_hour), LAST_HOUR, "defaultHour"),
        quiet_hours=_quiet_hours(given["quietHours"]) if "quietHours" in given else rules.quiet_hours,
        default_time_zone=checked(checks.time_zone, given.get("timeZone", rules.default_time_zone), "timeZone"),
        topic=_topic(given.get("topic", ""), defaults.topics),
        arms=(Arm(template=template),),
    )


def _audience(value: object) -> tuple[str, str] | None:
    """Read who is meant: None is everybody. There is no default: nobody mails everybody by forgetting a field."""
    audience = only(json_object(value, "audience"), {"everyone", "segment"}, "audience.")
    if ("segment" in audience) == ("everyone" in audience):
        raise InvalidField("audience", 'must be {"everyone": true} or {"segment": {"kind": ..., "name": ...}}')
    if "segment" not in audience:
        if audience["everyone"] is not True:
            raise InvalidField("audience.everyone", "must be true")
        return None
    segment = only(json_object(audience["segment"], "audience.segment"), {"kind", "name"}, "audience.segment.")
    return name(segment.get("kind"), "audience.segment.kind"), name(segment.get("name"), "audience.segment.name")


def _window(value: object, now_ms: int) -> tuple[int, int]:
    """Read from when until when, cut to whole minutes, as slots are."""
    window = only(json_object({} if value is None else value, "window"), {"start", "end"}, "window.")
    start_ms = _minute(window.get("start"), "window.start", now_ms)
    end_ms = _minute(window.get("end"), "window.end", start_ms + DEFAULT_WINDOW_MS)
    if start_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidField("window.start", "must be at most a year ahead")
    if end_ms <= max(start_ms, now_ms):
        raise InvalidField("window.end", "must lie after the start, and in the future")
    if end_ms - start_ms > MAX_WINDOW_MS:
        raise InvalidField("window.end", "must be at most 14 days after the start")
    return start_ms, end_ms


def _minute(value: object, field: str, default_ms: int) -> int:
    moment_ms = default_ms if value is None else checked(_zoned_ms, value, field)
    return moment_ms - moment_ms % MINUTE_MS


def _zoned_ms(value: object) -> int:
    moment_ms = checks.time_ms(value)
    if datetime.fromisoformat(checks.text(value)).tzinfo is None:
        raise ValueError("must name its zone, such as 2026-01-31T12:00:00Z or 2026-01-31T12:00:00+01:00")
    return moment_ms


def _quiet_hours(value: object) -> QuietHours:
    try:
        return read_quiet_hours(checked(checks.text, value, "quietHours"))
    except InvalidCampaign:
        raise InvalidField("quietHours", "must be two hours from 0 to 23 such as 21-8, or empty for none") from None


def _topic(value: object, topics: Collection[str]) -> str:
    if value == "" or (isinstance(value, str) and value in topics):
        return value
    known = ", ".join(sorted(topics)) or "none is set up"
    raise InvalidField("topic", f"must be one of the topics of the installation: {known}")
