"""Who an arrival belongs to: pointers followed, anonymous ids claimed. The first user to claim one keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from addressee.profiles.batch import Arrival
from addressee.profiles.merge import TooManyKeys, merge
from addressee.profiles.packing import unpack
from addressee.profiles.ports import Pointer, StateRow
from addressee.profiles.state import SECOND_MS, State, empty_state
from addressee.profiles.watermarks import RETENTION_MS, key_hash, within_limit


@dataclass(slots=True)
class Identities:
    """The rows of a batch's subjects, their pointers, and the merges that the batch asks for."""

    rows: Mapping[str, StateRow]
    links: dict[str, str] = field(init=False)
    """Anonymous subject -> the user whom it belongs to."""
    pointers: dict[str, list[Pointer]] = field(default_factory=dict)
    """User -> the pointers to write in the transaction that stores the merged state."""
    _states: dict[str, State] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take up the links that are stored."""
        self.links = {row.subject: row.merged_into for row in self.rows.values() if row.merged_into}

    def target(self, arrival: Arrival) -> str:
        """Return the subject whose state this arrival changes."""
        return arrival.user or self.links.get(arrival.anonymous, arrival.anonymous)

    def state(self, subject: str) -> State:
        """Return the subject's state, merges of this batch included. Raises `DamagedState` for what is stored."""
        state = self._states.get(subject)
        if state is None:
            packed = self.rows[subject].packed
            state = self._states[subject] = unpack(packed) if packed else empty_state()
        return state

    def claim(self, arrival: Arrival) -> TooManyKeys | None:
        """Merge the anonymous ids that an arrival claims into its user, or say why that cannot be."""
        for anonymous in arrival.aliases:
            if anonymous in self.links:
                continue
            merged = merge(self.state(arrival.user), self.state(anonymous), at_ms=arrival.record.arrived_at_ms)
            if isinstance(merged, TooManyKeys):
                return merged
            if not _leaves_room(merged, arrival):
                return TooManyKeys(len(merged.watermarks) + 1)
            self._states[arrival.user] = merged
            self.links[anonymous] = arrival.user
            self._point(arrival, anonymous)
        return None

    def made_by(self, arrival: Arrival) -> Iterator[tuple[str, int]]:
        """List the stored merges that this very message made, as (anonymous subject, received at).

        It is handled again: whether their rows reached the lake is unknown, so they are to be written again.
        """
        for anonymous in arrival.aliases:
            row = self.rows[anonymous]
            if row.merged_into == arrival.user and row.merged_by == arrival.event.message_id:
                yield anonymous, row.merged_at_ms

    def _point(self, arrival: Arrival, anonymous: str) -> None:
        event = arrival.event
        pointer = Pointer(anonymous, self.rows[anonymous].version, event.message_id, event.received_at_ms)
        self.pointers.setdefault(arrival.user, []).append(pointer)


def _leaves_room(merged: State, arrival: Arrival) -> bool:
    """Tell whether the user's own id still has a watermark: it is not crowded out by the ids that they bring."""
    at_ms = arrival.record.arrived_at_ms
    marks = {key_hash(arrival.event.user_id): (0, at_ms // SECOND_MS)} | merged.watermarks
    return within_limit(marks, at_ms=at_ms, retention_ms=RETENTION_MS) is not None
