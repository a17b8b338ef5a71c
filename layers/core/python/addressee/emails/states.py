"""The states of a send and the moves between them; a move that is not here does not exist."""

from collections.abc import Mapping
from typing import Literal, get_args

State = Literal[
    "planned",
    "queued",
    "claimed",
    "sent",
    "delivered",
    "bounced",
    "complained",
    "failed",
    "unknown",
    "skipped",
]
STATES: tuple[State, ...] = get_args(State)
UNSETTLED: frozenset[State] = frozenset({"planned", "queued", "claimed"})
"""What still has a slot; everything else is settled."""
REACHED: Mapping[State, frozenset[State]] = {
    "planned": frozenset({"queued"}),
    "queued": frozenset({"planned", "claimed", "unknown"}),
    "claimed": frozenset({"queued"}),
    "sent": frozenset({"claimed", "unknown"}),
    "delivered": frozenset({"claimed", "unknown", "sent"}),
    "bounced": frozenset({"claimed", "unknown", "sent", "delivered"}),
    "complained": frozenset({"claimed", "unknown", "sent", "delivered"}),
    "failed": frozenset({"queued", "claimed", "unknown", "sent"}),
    "unknown": frozenset({"claimed"}),
    "skipped": frozenset({"planned", "queued"}),
}
"""State -> the states that it may be reached from. A row begins as `planned`, or as `skipped` where it is held out; it
is `planned` again, in another slot, where its turn came in the person's quiet hours."""


def is_settled(state: State) -> bool:
    """Say whether nothing more is to be done for a row in this state."""
    return state not in UNSETTLED
