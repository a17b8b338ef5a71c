"""One subject's arrivals into its state: each folded, skipped as known, or rejected with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from addressee.profiles.batch import POISON, Arrival, Rejected
from addressee.profiles.fold import fold, is_folded, is_own_send
from addressee.profiles.packing import pack, unpack
from addressee.profiles.state import State, empty_state
from addressee.profiles.watermarks import advance, seen


@dataclass(slots=True)
class Folded:
    """The new packed state and what became of each arrival. `changed` False: there is nothing to write."""

    packed: bytes = b""
    changed: bool = False
    taken: list[Arrival] = field(default_factory=list)
    duplicates: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def fold_arrivals(state: State, before: bytes, arrivals: Sequence[Arrival]) -> Folded:
    """Fold arrivals in their order into `state` (changed in place), whose packed form is `before` (empty: nobody).

    Our own sends are taken, for the lake, and leave the state and its watermark alone. A record that trips the code is
    found by folding one at a time, and rejected; the others are folded.
    """
    try:
        outcome = Folded()
        for arrival in arrivals:
            _fold_one(state, arrival, outcome)
        outcome.packed = pack(state) if outcome.changed else before
    except POISON:
        return _fold_singly(before, arrivals)
    return outcome


def needs_state(arrival: Arrival) -> bool:
    """Tell whether folding an arrival takes its subjects' rows.

    A user's own send that names nobody else does not: its row in the lake, and what it says of the person, are all.
    """
    return not arrival.user or bool(arrival.aliases) or not is_own_send(arrival.event, arrival.user)


def known(state: State, arrival: Arrival) -> bool:
    """Tell whether the state has folded this very record: then all that goes with it was done before."""
    return seen(state, arrival.record.partition_key, arrival.record.sequence_number)


def _fold_one(state: State, arrival: Arrival, outcome: Folded) -> None:
    record = arrival.record
    if known(state, arrival):
        outcome.duplicates += 1
        return
    if is_own_send(arrival.event, arrival.subject):  # its row in the lake is all; a copy there is a duplicate row
        outcome.taken.append(arrival)
        return
    if not advance(state, record.partition_key, record.sequence_number, record.arrived_at_ms):
        outcome.rejected.append(too_many_keys(arrival))
        return
    outcome.changed = True
    if is_folded(state, arrival.event.message_id):
        outcome.duplicates += 1
        return
    fold(state, arrival.event)
    outcome.taken.append(arrival)


def _fold_singly(before: bytes, arrivals: Iterable[Arrival]) -> Folded:
    outcome = Folded(packed=before)
    for arrival in arrivals:
        state = unpack(outcome.packed) if outcome.packed else empty_state()
        step = Folded()
        try:
            _fold_one(state, arrival, step)
            packed = pack(state)
        except POISON as error:
            outcome.rejected.append(Rejected(arrival.record, "", f"cannot be folded ({type(error).__name__})"))
            continue
        outcome.packed = packed if step.changed else outcome.packed
        outcome.changed |= step.changed
        outcome.taken += step.taken
        outcome.duplicates += step.duplicates
        outcome.rejected += step.rejected
    return outcome


def too_many_keys(arrival: Arrival) -> Rejected:
    """Reject a record whose source would be one more than a state can watch within the stream's retention."""
    return Rejected(arrival.record, "anonymousId", "is one more id than a user may bring within a day")
