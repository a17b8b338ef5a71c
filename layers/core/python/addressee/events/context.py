"""`context`: device, locale, time zone, page, withdrawn consent; a batch fills what its messages leave out."""

import re
from functools import lru_cache
from typing import Any

from addressee.events.declared import DEVICES, PURPOSES
from addressee.events.details import read_path
from addressee.events.drafts import Draft
from addressee.events.messages import Context
from addressee.events.passing import Gate

_LOCALE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,3}")
_TIME_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}")


@lru_cache(maxsize=512)
def _region(locale: str | None, time_zone: str | None) -> tuple[str, str]:
    return (
        locale if locale and _LOCALE.fullmatch(locale) else "",
        time_zone if time_zone and _TIME_ZONE.fullmatch(time_zone) else "",
    )


def read_context(context: Context, gate: Gate, draft: Draft) -> None:
    """Take the declared parts of a context; what is malformed is left out, for people cannot mend their browsers."""
    draft.device = _device(context)
    draft.locale, draft.time_zone = _region(context.locale, context.timezone)
    page, consent = context.page, context.consent
    if page is not None and page.path:
        draft.path = read_path(page.path, gate)
    if consent is not None and consent.category_preferences:
        draft.withdrawn_purposes = withdrawn(consent.category_preferences)


def withdrawn(preferences: dict[str, bool]) -> tuple[str, ...]:
    """Return the declared purposes that are denied, sorted; denying `marketing` denies `email` too. Never a grant."""
    denied = {name.lower() for name, allowed in preferences.items() if not allowed} & PURPOSES
    return tuple(sorted(denied | ({"email"} if "marketing" in denied else set())))


def _device(context: Context) -> str:
    if context.device and context.device.type:
        kind = context.device.type.lower()
        return kind if kind in DEVICES else "other"
    if context.user_agent_data and context.user_agent_data.mobile is not None:
        return "mobile" if context.user_agent_data.mobile else "desktop"
    agent = context.user_agent
    if agent and agent.startswith("Mozilla/"):
        return "mobile" if "Mobi" in agent else "desktop"
    return ""


def merged(own: Context | None, shared: Context | None) -> Context | None:
    """Fill what a message's context leaves out from its batch's."""
    if own is None or shared is None:
        return own or shared
    names = Context.__struct_fields__
    return Context(**{name: _first(getattr(own, name), getattr(shared, name)) for name in names})


def _first(own: Any, shared: Any) -> Any:  # noqa: ANN401  # each field of a context has its type
    return shared if own is None else own
