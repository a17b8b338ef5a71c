"""The answers of public links: redirect, picture and pages with the headers that keep them private."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from addressee.adapters.http import Content, Request
from addressee.emails.preferences import Preferences

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
BUSY = 503
_LATER = {"retry-after": "60"}
_PICTURE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A transparent GIF of one pixel."""


def redirect(url: str) -> Content:
    """Lead on to a target; it must be a safe one (`emails/links.py` `safe_target`)."""
    return Content(302, "", {**HEADERS, "location": url, "content-type": "text/plain"})


def picture() -> Content:
    """Show one transparent pixel."""
    return Content(200, _PICTURE, {**HEADERS, "content-type": "image/gif"})


class LinkPages:
    """Pages in the reader's language, with the sender's name."""

    def __init__(self, sender: str, topics: Mapping[str, str]) -> None:
        """Take `Name <address>`, and topic name -> label."""
        self._sender, self._topics = sender, topics

    def unsubscribe(self, request: Request, preferences: str, *, status: int = 200) -> Content:
        """Ask, with one button; `preferences` links to the other page."""
        return self._page(request, "unsubscribe", status, preferences=preferences)

    def unsubscribed(self, request: Request, preferences: str) -> Content:
        """Say that it is done, and offer the way back."""
        return self._page(request, "unsubscribed", 200, preferences=preferences)

    def preferences(self, request: Request, stands: Preferences, *, saved: bool = False, status: int = 200) -> Content:
        """Show what stands, with a button for each change."""
        from addressee.emails.pages import day_text, language_of  # noqa: PLC0415  # as in `_page`

        until_ms = stands.paused_until_ms
        paused = day_text(until_ms, language_of(_accepted(request))) if until_ms else None
        topics = [(name, label, stands.topics[name]) for name, label in self._topics.items()]
        subscribed = stands.subscribed
        return self._page(
            request, "preferences", status, saved=saved, subscribed=subscribed, topics=topics, paused=paused
        )

    def notice(self, request: Request, notice: str, *, status: int = 200, preferences: str = "") -> Content:
        """Say one thing: `unknown`, `busy`, `back` or `not_subscribed`."""
        content = self._page(request, "notice", status, notice=notice, preferences=preferences)
        return replace(content, headers={**content.headers, **_LATER}) if status == BUSY else content

    def _page(self, request: Request, name: str, status: int, **values: Any) -> Content:  # noqa: ANN401  # a template's
        # Imported here: a redirect needs no template engine, and somebody waits for it.
        from addressee.emails import pages  # noqa: PLC0415

        html = pages.page(name, pages.language_of(_accepted(request)), pages.sender_name(self._sender), **values)
        policy = {"content-security-policy": pages.content_policy(), "content-type": "text/html; charset=utf-8"}
        return Content(status, html, {**HEADERS, **policy, "vary": "accept-language"})


def _accepted(request: Request) -> str:
    return request.headers.get("accept-language", "")
