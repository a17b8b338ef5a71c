"""Messages as clients send them, and how they are read."""

import json

from addressee.events.event import Event
from addressee.events.read import read_message

NOW = 1_769_860_800_000  # 2026-01-31T12:00:00Z


def message(**changes):
    """Return a track message as bytes; a change of None leaves the field out."""
    fields = {"type": "track", "messageId": "m-1", "userId": "u-1", "event": "Signed Up"} | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def read(**changes):
    """Read a message as a record of the stream."""
    return read_message(message(**changes), received_at_ms=NOW)


def track(name, **properties):
    """Read a track call that must be accepted."""
    event = read(event=name, properties=properties)
    assert isinstance(event, Event), event
    return event
