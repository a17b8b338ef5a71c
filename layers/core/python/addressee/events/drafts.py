"""Events and lines made fast: a mutable twin is filled and then becomes the frozen value.

A frozen dataclass sets each field through `object.__setattr__`: 24 of them were a fifth of reading a message. The twin
has the same slots, so Python lets an instance change its class; what leaves the reader is a plain frozen `Event`.
"""

from dataclasses import field, fields, make_dataclass
from typing import Any

from addressee.events.event import Event, Line


def _twin(kind: type[Any]) -> Any:  # noqa: ANN401  # a class made at run time has no static type
    columns = [
        (each.name, each.type, field(default=each.default, default_factory=each.default_factory))
        for each in fields(kind)
    ]
    return make_dataclass(f"{kind.__name__}Draft", columns, slots=True)


_EventDraft = _twin(Event)
_LineDraft = _twin(Line)


def make_event(values: dict[str, Any]) -> Event:
    """Return `Event(**values)`."""
    draft = _EventDraft(**values)
    draft.__class__ = Event
    made: Event = draft
    return made


def make_line(item_id: str, category: str, quantity: int, amount_minor_units: int) -> Line:
    """Return `Line(item_id, category, quantity, amount_minor_units)`."""
    draft = _LineDraft(item_id, category, quantity, amount_minor_units)
    draft.__class__ = Line
    made: Line = draft
    return made
