"""Events and lines made fast: a mutable draft is filled and then becomes the frozen value.

A frozen dataclass sets each field through `object.__setattr__`: 24 of them were a fifth of reading a message. A draft
is a subclass that adds nothing but plain assignment, so Python lets it change its class: what leaves the reader is an
`Event`.
"""

from typing import Any

from addressee.events.event import Event, Line

Draft = Any
"""An `Event` whose fields can be set: static types have no word for that."""


class _EventDraft(Event):
    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__  # both, or Python takes the slow path for each


class _LineDraft(Line):
    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__


_blank: Any = object.__new__


def new_draft(user_id: str, anonymous_id: str, received_at_ms: int) -> Draft:
    """Return an event that can be filled: no kind, name, time and message id yet, the rest by default."""
    draft = _blank(_EventDraft)
    draft.user_id, draft.anonymous_id, draft.received_at_ms = user_id, anonymous_id, received_at_ms
    draft.message_id = draft.kind = draft.name = draft.previous_id = draft.order_id = draft.currency = ""
    draft.send_id = draft.campaign = draft.label = draft.device = draft.locale = draft.time_zone = draft.path = ""
    draft.event_time_ms = draft.amount_minor_units = draft.duration_ms = draft.dropped_addresses = 0
    draft.lines = draft.withdrawn_purposes = ()
    draft.traits = {}
    return draft


def finished(draft: Draft) -> Event:
    """Turn the filled draft itself into the frozen event, and return it."""
    draft.__class__ = Event
    made: Event = draft
    return made


def make_line(item_id: str, category: str, quantity: int, amount_minor_units: int) -> Line:
    """Return `Line(item_id, category, quantity, amount_minor_units)`."""
    draft = _blank(_LineDraft)
    draft.item_id, draft.category = item_id, category
    draft.quantity, draft.amount_minor_units = quantity, amount_minor_units
    draft.__class__ = Line
    made: Line = draft
    return made
