"""The bodies of the Feedback queue: SES's events, raw or in SNS's envelope, and engagements of `serve_links`."""

import json
from collections.abc import Mapping
from typing import Any

from addressee.emails.engagement import SOURCE, Engagement, read_engagement
from addressee.feedback.events import Feedback, Fetch, Kind, Refused, Unused, key_of
from addressee.feedback.ses_events import read_ses_event, text

KIND_OF: Mapping[str, Kind] = {"open": "opened", "click": "clicked", "unsubscribe": "unsubscribed"}
VALIDATION = "Successfully validated SNS topic"
"""SES publishes a line of text that begins so when a configuration set is given its topic."""


def read_feedback(body: str, *, received_at_ms: int) -> Feedback | Unused | Refused:
    """Read one body; no time in the answer is later than `received_at_ms`. Whatever the body holds, nothing raises."""
    message = _parsed(body)
    if isinstance(message, dict) and message.get("Type") == "Notification" and "Message" in message:
        body = text(message["Message"])
        message = _parsed(body)
    if isinstance(message, dict):
        return _read(message, received_at_ms)
    return Unused("the topic was set up") if body.startswith(VALIDATION) else Refused("is no JSON object")


def _parsed(body: str) -> Any:  # noqa: ANN401  # whatever JSON holds
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _read(message: Mapping[str, Any], received_at_ms: int) -> Feedback | Unused | Refused:
    if message.get("source") != SOURCE:
        return read_ses_event(message, received_at_ms=received_at_ms)
    engagement = read_engagement(message)
    return Refused("is no engagement") if engagement is None else _engaged(engagement, received_at_ms)


def _engaged(engagement: Engagement, received_at_ms: int) -> Feedback | Unused:
    kind = KIND_OF.get(engagement.kind)
    if kind is None:
        return Unused(engagement.kind)
    fetch = Fetch(engagement.user_agent, engagement.method) if kind in ("opened", "clicked") else None
    at_ms = min(max(engagement.at_ms, 0), received_at_ms)
    return Feedback(kind, key_of(text(engagement.send_id)), at_ms, text(engagement.message_id), fetch=fetch)
