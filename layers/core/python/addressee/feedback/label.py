"""Whether a person or a machine opened or clicked; `docs/feedback.md` gives the sources of each rule."""

from typing import NamedTuple

from addressee.feedback.agents import MACHINES, PEOPLE, Sort, sort_of
from addressee.feedback.events import Fetch, Kind

TOO_SOON_MS = 10_000
"""A click so soon after the mail came is a scanner's; of an open nobody can tell."""


class Label(NamedTuple):
    """Who did it (human, machine, unknown; of a bounce hard or soft), and the rule that says so."""

    who: str
    why: str


def label(kind: Kind, fetch: Fetch, *, after_ms: int | None) -> Label:
    """Label an open or a click `after_ms` after the mail came (None: unknown).

    Any sign of a machine outweighs the mail service's `Unlikely`, which outweighs what is only uncertain.
    """
    sort = sort_of(fetch.user_agent)
    soon = after_ms is not None and after_ms < TOO_SOON_MS
    machine = _machine(fetch, sort, clicked_soon=soon and kind == "clicked")
    if machine:
        return Label("machine", machine)
    if fetch.is_bot is False:
        return Label("human", "ses_unlikely")
    if soon:
        return Label("unknown", "too_soon")
    return Label("human" if sort in PEOPLE else "unknown", sort)


def _machine(fetch: Fetch, sort: Sort, *, clicked_soon: bool) -> str:
    """Return the sign of a machine, or an empty string."""
    signs = {
        "head": fetch.method.upper() == "HEAD",
        "ses_likely": fetch.is_bot is True,
        sort: sort in MACHINES,
        "too_soon": clicked_soon,
    }
    return next((sign for sign, is_there in signs.items() if is_there), "")
