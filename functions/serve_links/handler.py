"""Public links of a mail -> picture, redirect, pages. Only a POST changes what stands; a record lost breaks no page."""

import gc
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from time import time
from typing import Any, NamedTuple

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.forms import read_form
from addressee.adapters.http import Content, Request, dispatch
from addressee.adapters.link_keys import LinkKeys
from addressee.adapters.link_pages import LinkPages, picture, redirect
from addressee.adapters.log import log, log_metrics
from addressee.adapters.secrets import Secret
from addressee.adapters.sqs_feedback import SqsFeedback
from addressee.adapters.wire import Patience
from addressee.emails import preferences as wish
from addressee.emails.engagement import FeedbackQueue, engaged
from addressee.emails.engagement import Kind as Done
from addressee.emails.links import CLICK, OPEN, PREFERENCES, UNSUBSCRIBE, BadToken, Kind, Links, Token, read_token
from addressee.profiles.state import DAY_MS
from addressee.settings import read_settings

FUNCTION = "serve_links"
NOT_RECORDED, FAULT = "LinkNotRecorded", "LinkFault"
PATIENT = Patience(read_timeout_seconds=2, connect_timeout_seconds=1, attempts=3)
IMPATIENT = Patience(read_timeout_seconds=0.5, connect_timeout_seconds=0.5, attempts=2)


@dataclass(frozen=True)
class Settings:
    """The function's environment. `topics`: JSON, name -> label; `sender`: `Name <address>`."""

    profiles_table: str
    links_secret: str
    feedback_queue: str
    topics: str
    sender: str


@dataclass(frozen=True)
class Wiring:
    """What the routes need from outside."""

    keys: LinkKeys
    people: wish.PreferenceStore
    queue: FeedbackQueue
    topics: Mapping[str, str]
    pages: LinkPages
    now_ms: Callable[[], int] = lambda: int(time() * 1000)


class Served(NamedTuple):
    """An answer, and what is to be recorded of it, if anything, and for when."""

    content: Content
    done: Done | None = None
    at_ms: int = 0


@cache
def wiring() -> Wiring:
    """Connect to what the environment names, without an SDK: somebody waits for the redirect."""
    settings = read_settings(Settings, os.environ)
    topics = wish.read_topics(settings.topics)
    return Wiring(
        LinkKeys(Secret(settings.links_secret, secrets=plain_aws.secrets_manager(PATIENT))),
        DynamoPersonStore(settings.profiles_table, plain_aws.dynamodb(PATIENT)),
        SqsFeedback(settings.feedback_queue, plain_aws.sqs(IMPATIENT)),
        topics,
        LinkPages(settings.sender, topics),
    )


def handle(event: Mapping[str, Any], context: object, *, wired: Wiring | None = None) -> dict[str, Any]:
    """Answer one request for a link."""
    del context
    ready = wired or wiring()
    routes = {name: partial(_served, ready, kind, route) for name, (kind, route) in ROUTES.items()}
    return dispatch(event, routes, scope=None)


def open_mail(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    """Show the picture of one pixel."""
    del wires, request, token
    return Served(picture(), "open", now_ms)


def click(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    """Redirect to the signed target; an old link still leads there, unrecorded."""
    del wires, request
    return Served(redirect(token.url), None if token.expired else "click", now_ms)


def show_unsubscribe(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    """Show the page with the one button."""
    del now_ms
    return Served(wires.pages.unsubscribe(request, _other_page(wires, token)))


def unsubscribe(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    """Take the one click (RFC 8058) or the page's own buttons; anything else gets the page again, with a 400."""
    fields = read_form(request)
    if "One-Click" in fields.get("List-Unsubscribe", ()):
        return _stop(wires, request, token, now_ms)
    if "resubscribe" in fields.get("do", ()):
        return _come_back(wires, request, token, now_ms)
    return Served(wires.pages.unsubscribe(request, _other_page(wires, token), status=400))


def show_preferences(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    """Show what stands."""
    stands = wish.read_preferences(token, wires.people, wires.topics, now_ms=now_ms)
    return Served(wires.pages.preferences(request, stands))


def save_preferences(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    """Do what the pressed button says, then show what stands; a button that there is not is a 400."""
    fields = read_form(request)
    pressed = (fields.get("do") or [""])[0]
    if pressed == "unsubscribe":
        return _stop(wires, request, token, now_ms)
    if pressed == "resubscribe":
        return _come_back(wires, request, token, now_ms)
    saved = wish.save(token, pressed, fields.get("topic", ()), wires.people, wires.topics, now_ms=now_ms)
    stands = wish.read_preferences(token, wires.people, wires.topics, now_ms=now_ms)
    if not saved:
        return Served(wires.pages.preferences(request, stands, status=400))
    return Served(wires.pages.preferences(request, stands, saved=True), "preferences", now_ms)


Route = Callable[[Wiring, Request, Token, int], Served]
_SHOWN: Mapping[Kind, Route] = {
    OPEN: open_mail,
    CLICK: click,
    UNSUBSCRIBE: show_unsubscribe,
    PREFERENCES: show_preferences,
}
_POSTED: Mapping[Kind, Route] = {UNSUBSCRIBE: unsubscribe, PREFERENCES: save_preferences}
ROUTES: Mapping[str, tuple[Kind, Route]] = {
    **{f"{method} /{kind}/{{token}}": (kind, route) for kind, route in _SHOWN.items() for method in ("GET", "HEAD")},
    **{f"POST /{kind}/{{token}}": (kind, route) for kind, route in _POSTED.items()},
}


def _stop(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    """Withdraw; the record bears the time of the withdrawal, so that a hundred POSTs are one event."""
    at_ms = wish.unsubscribe(token, wires.people, now_ms=now_ms)
    return Served(wires.pages.unsubscribed(request, _other_page(wires, token)), "unsubscribe", at_ms)


def _come_back(wires: Wiring, request: Request, token: Token, now_ms: int) -> Served:
    if not wish.resubscribe(token, wires.people, now_ms=now_ms):
        return Served(wires.pages.notice(request, "not_subscribed"))
    return Served(wires.pages.notice(request, "back", preferences=_other_page(wires, token)), "preferences", now_ms)


def _other_page(wires: Wiring, token: Token) -> str:
    """Link to the person's preference page, relative to a page beside it."""
    return Links("..", wires.keys.signing(), token.day).preferences(token.send_id)


def _served(wires: Wiring, kind: Kind, route: Route, request: Request) -> Content:
    """Read the token, answer, record; one log line. Trouble of ours is a 503: mailbox providers try again."""
    now_ms, token = wires.now_ms(), None
    try:
        token = read_token(kind, request.path.get("token", ""), wires.keys.find, today=now_ms // DAY_MS)
        if isinstance(token, BadToken):
            log("no link of ours", route=request.route, reason=token.reason)
            return _without_body(wires.pages.notice(request, "unknown", status=404), request)
        served = route(wires, request, token, now_ms)
    except Exception as error:  # noqa: BLE001  # whatever it is, a person gets a page and a machine a 503
        sent = token.send_id if isinstance(token, Token) else ""
        said = {"route": request.route, "sendId": sent, "fault": type(error).__name__}
        log_metrics("link not served", {FAULT: 1}, function=FUNCTION, **said)
        return _without_body(wires.pages.notice(request, "busy", status=503), request)
    _record(wires, request, token, served)
    return _without_body(served.content, request)


def _record(wires: Wiring, request: Request, token: Token, served: Served) -> None:
    """Queue what was done; that it could not be queued takes nothing back and is counted."""
    said = {"route": request.route, "sendId": token.send_id, "place": token.place, "done": served.done or ""}
    try:
        if served.done is not None:
            agent = request.headers.get("user-agent", "")
            method = request.route.partition(" ")[0]
            wires.queue.put(
                engaged(
                    served.done, token.send_id, at_ms=served.at_ms, method=method, user_agent=agent, link=token.place
                )
            )
    except Exception as error:  # noqa: BLE001  # the answer stands whatever became of its record
        log_metrics("link not recorded", {NOT_RECORDED: 1}, function=FUNCTION, fault=type(error).__name__, **said)
    else:
        log("link served", status=served.content.status, **said)


def _without_body(content: Content, request: Request) -> Content:
    return Content(content.status, "", content.headers) if request.route.startswith("HEAD ") else content


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # a cold start pays here, where Lambda gives a whole CPU
    wiring()
    gc.freeze()  # what is loaded stays: later collections pass it by
