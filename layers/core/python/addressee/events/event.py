"""`Event`: the normalised form of a Segment-spec message, and the `Refusal` that takes its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["track", "identify", "page", "screen", "alias", "group"]
Trait = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Line:
    """One product of an order, a cart or a view. `amount_minor_units` is the whole line: price times quantity."""

    item_id: str
    category: str = ""
    quantity: int = 1
    amount_minor_units: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did, declared fields only. Times are milliseconds since the epoch, UTC.

    `event_time_ms` is the client's time, corrected for its clock, never later than `received_at_ms`. `user_id` and
    `anonymous_id` are empty when absent; one of them is always present. `previous_id` is set on `alias` alone.
    """

    message_id: str
    kind: Kind
    name: str
    user_id: str
    anonymous_id: str
    event_time_ms: int
    received_at_ms: int
    previous_id: str = ""
    order_id: str = ""
    amount_minor_units: int = 0
    currency: str = ""
    lines: tuple[Line, ...] = ()
    traits: Mapping[str, Trait] = field(default_factory=dict)
    send_id: str = ""
    campaign: str = ""
    label: str = ""
    device: str = ""
    locale: str = ""
    time_zone: str = ""
    path: str = ""
    duration_ms: int = 0
    withdrawn_purposes: tuple[str, ...] = ()
    dropped_addresses: int = 0

    @property
    def partition_key(self) -> str:
        """The Kinesis partition key: the user id, else the anonymous id."""
        return self.user_id or self.anonymous_id


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not accepted: the field (dotted path) and a reason that a developer understands."""

    field: str
    reason: str
    message_id: str = ""
