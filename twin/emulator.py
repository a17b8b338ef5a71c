"""What the twin reads from the emulator's own state: where a configuration set's events go, which API serves links."""

import json
from collections.abc import Iterator

from ministack.core.responses import request_scope
from ministack.services import apigateway, ses_v2, sns

from twin.outbox import SentMail
from twin.ses_events import event_json

ACCOUNT, REGION = "000000000000", "us-east-1"
LINK_ROUTE = "GET /u/{token}"


def publish(kind: str, mail: SentMail, raw: bytes, word: str) -> None:
    """Publish an event to each topic that the mail's configuration set names for its kind, as SES does."""
    with request_scope(ACCOUNT, REGION):
        for topic in _topics(mail.configuration_set, kind):
            event = event_json(kind, mail, raw, account=ACCOUNT, word=word)
            sns.publish_internal(topic, json.dumps(event), "Amazon SES Email Event Notification")


def _topics(configuration_set: str, kind: str) -> Iterator[str]:
    made = ses_v2._config_sets.get(configuration_set) or {}  # noqa: SLF001  # there is no public way
    for destination in (made.get("EventDestinations") or {}).values():
        topic = (destination.get("SnsDestination") or {}).get("TopicArn")
        if topic and destination.get("Enabled") and kind.upper() in destination.get("MatchingEventTypes", ()):
            yield topic


def links_api() -> str | None:
    """Return the id of the HTTP API that serves links; of several, the one deployed last."""
    with request_scope(ACCOUNT, REGION):
        found = [
            api_id
            for api_id, routes in apigateway._routes.items()  # noqa: SLF001  # there is no public way
            if any(route.get("routeKey") == LINK_ROUTE for route in routes.values())
        ]
    return found[-1] if found else None
