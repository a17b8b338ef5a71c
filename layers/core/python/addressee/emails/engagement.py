"""`Engagement`: what somebody or something did with a link of ours, and its message on the Feedback queue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, Protocol, get_args

Kind = Literal["open", "click", "unsubscribe", "preferences"]
KINDS: frozenset[str] = frozenset(get_args(Kind))
SHOWN: frozenset[str] = frozenset({"open", "click"})
SOURCE = "addressee"
WINDOW_MS = 10_000
"""The same agent on the same link within one such window is one engagement: a double click, a burst of prefetches."""
MAX_USER_AGENT_BYTES = 256
_ID_DIGITS = 24
_TEXTS = ("sendId", "messageId", "method", "userAgent", "link")


@dataclass(frozen=True, slots=True)
class Engagement:
    """One request. `method` is HTTP's, `link` the place of a click in the mail (`product-1`), else empty.

    `message_id` is the same for the same kind, mail, link, method and user agent within `WINDOW_MS`, for what a POST
    changed whatever the agent: whoever stores it counts it once. No IP address is kept.
    """

    kind: Kind
    send_id: str
    at_ms: int
    message_id: str
    method: str
    user_agent: str = ""
    link: str = ""


class FeedbackQueue(Protocol):
    """Queues engagements; a message may come twice, late, or out of order."""

    def put(self, engagement: Engagement) -> None:
        """Queue it durably, or raise."""
        ...


def engaged(  # noqa: PLR0913  # each is named
    kind: Kind, send_id: str, *, at_ms: int, method: str, user_agent: str = "", link: str = ""
) -> Engagement:
    """Make an engagement with its id; the user agent is cut to `MAX_USER_AGENT_BYTES`."""
    agent = user_agent.encode(errors="replace")[:MAX_USER_AGENT_BYTES].decode(errors="ignore")
    by = [method, agent] if kind in SHOWN else []
    said = json.dumps([kind, send_id, link, by, at_ms // WINDOW_MS])
    return Engagement(
        kind, send_id, at_ms, f"{kind}-{sha256(said.encode()).hexdigest()[:_ID_DIGITS]}", method, agent, link
    )


def engagement_message(engagement: Engagement) -> str:
    """Write the message's body."""
    body = {
        "source": SOURCE,
        "kind": engagement.kind,
        "sendId": engagement.send_id,
        "atMs": engagement.at_ms,
        "messageId": engagement.message_id,
        "method": engagement.method,
        "userAgent": engagement.user_agent,
        "link": engagement.link,
    }
    return json.dumps(body, separators=(",", ":"))


def read_engagement(message: Mapping[str, Any]) -> Engagement | None:
    """Read a message, already parsed; None where it is no engagement of ours."""
    kind: Any = message.get("kind")
    at_ms = message.get("atMs")
    texts = [message.get(name, "") for name in _TEXTS]
    if message.get("source") != SOURCE or type(at_ms) is not int:
        return None
    if not all(isinstance(text, str) for text in (kind, *texts)) or kind not in KINDS or not all(texts[:3]):
        return None
    send_id, message_id, method, user_agent, link = texts
    return Engagement(kind, send_id, at_ms, message_id, method, user_agent, link)
