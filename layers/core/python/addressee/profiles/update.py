"""`update_profiles`: a batch of stream records into states, lake, traits and quarantine, each record exactly once."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass
from typing import TypeVar

from addressee.profiles.batch import Arrival, Record, Rejected, read_records
from addressee.profiles.fold_batch import needs_state
from addressee.profiles.people import PersonStore
from addressee.profiles.plan import Plan, Update, plan_updates
from addressee.profiles.ports import Lake, ProfileStore, Quarantine, StateRow

SOURCE = "update_profiles"
ROUNDS = 8
NOT_FOLDED = "group"
"""A `group` call is accepted and counted, and leaves no trace."""

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class StatesStayContended(Exception):
    """Other writers won every round of conditional writes; the batch is to be tried again whole."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a batch is written to. `pool` is bounded: the latency of its calls is what ingestion waits for."""

    store: ProfileStore
    lake: Lake
    quarantine: Quarantine
    people: PersonStore
    pool: Executor


@dataclass(slots=True)
class Counts:
    """What became of a batch. `conflicts` counts states that somebody else wrote meanwhile; they were folded again.

    `folded` counts a repeated own send again: its row goes to the lake once more, and no state is read that knew it.
    """

    records: int = 0
    folded: int = 0
    duplicates: int = 0
    quarantined: int = 0
    conflicts: int = 0
    dropped_addresses: int = 0


def update_profiles(records: Sequence[Record], ports: Ports, *, key: bytes) -> Counts:
    """Fold a batch; `key` is the secret behind every subject. Whatever it raises, the same batch can be given again.

    Order of writes: quarantine, lake, merges and their rows in the lake, traits and consent, and last the states with
    their watermarks. Each but the last is harmless to repeat, and a record below its watermark has had all of them:
    so a crash anywhere repeats side effects and never loses or doubles one. Raises `StatesStayContended`.
    """
    arrivals, rejected = read_records(records, key=key)
    return fold_all(arrivals, rejected, ports)


def fold_all(arrivals: Sequence[Arrival], rejected: Sequence[Rejected], ports: Ports) -> Counts:
    """Do what `update_profiles` says with records that are read already, as an import's are."""
    counts = Counts(records=len(arrivals) + len(rejected))
    counts.dropped_addresses = sum(each.event.dropped_addresses for each in arrivals)
    _quarantine(rejected, ports, counts)
    pending = [arrival for arrival in arrivals if arrival.event.kind != NOT_FOLDED]
    for _ in range(ROUNDS):
        if not pending:
            return counts
        pending = _round(pending, ports, counts)
    raise StatesStayContended


def _round(arrivals: Sequence[Arrival], ports: Ports, counts: Counts) -> list[Arrival]:
    """Do all of a batch on rows read now; return the arrivals whose state somebody else wrote meanwhile."""
    plan = plan_updates(arrivals, _read_rows(arrivals, ports.store))
    _quarantine(plan.rejected, ports, counts)
    ports.lake.append(plan.lake_rows())
    lost = _write(plan, ports)
    counts.conflicts += len(lost)
    counts.duplicates += plan.duplicates
    for update in plan.updates:
        if update.subject not in lost:
            counts.folded += len(update.folded.taken)
            counts.duplicates += update.folded.duplicates
    return [arrival for update in plan.updates if update.subject in lost for arrival in update.unsettled()]


def _read_rows(arrivals: Iterable[Arrival], store: ProfileStore) -> dict[str, StateRow]:
    """Read every subject that arrivals name, and the users whom their pointers lead to; not for own sends alone."""
    named = [subject for arrival in arrivals if needs_state(arrival) for subject in arrival.subjects]
    rows = store.read(named) if named else {}
    further = {row.merged_into for row in rows.values()} - rows.keys() - {""}
    return {**rows, **store.read(sorted(further))} if further else rows


def _write(plan: Plan, ports: Ports) -> set[str]:
    """Write merges and what goes with them, traits, then states; return the subjects whose row was not as read.

    Of a user whose merge was lost to somebody else nothing more is written: the visitor may be another user's now.
    """
    merging = [update for update in plan.updates if update.pointers]
    merged = _at_once(ports.pool, lambda update: _merge(update, ports.store), merging)
    lost = {update.subject for update, done in zip(merging, merged, strict=True) if not done}
    standing = [update for update in plan.updates if update.subject not in lost]
    ports.lake.append([row for update in standing for row in update.merge_rows])
    ports.people.carry_over([pair for update in standing for pair in update.visitors()])
    changes = [change for update in standing for change in update.person_changes()]
    ports.people.apply_many([*plan.withdrawals, *changes])
    changed = [update for update in standing if update.folded.changed]
    written = _at_once(ports.pool, lambda update: _write_state(update, ports.store), changed)
    return lost | {update.subject for update, done in zip(changed, written, strict=True) if not done}


def _merge(update: Update, store: ProfileStore) -> bool:
    return store.merge(update.subject, update.merged, version=update.version, pointers=update.pointers)


def _write_state(update: Update, store: ProfileStore) -> bool:
    version = update.version + 1 if update.pointers else update.version
    return store.write(update.subject, update.folded.packed, version=version)


def _quarantine(rejected: Sequence[Rejected], ports: Ports, counts: Counts) -> None:
    _at_once(ports.pool, lambda each: _put(each, ports.quarantine), rejected)
    counts.quarantined += len(rejected)


def _put(each: Rejected, quarantine: Quarantine) -> None:
    record = each.record
    quarantine.put(each.reason, record.data, field=each.field, at_ms=record.arrived_at_ms, source=SOURCE)


def _at_once(pool: Executor, call: Callable[[Item], Outcome], items: Sequence[Item]) -> list[Outcome]:
    """Call for each item in the pool, in order; wait for all before any fault is raised: none runs on afterwards."""
    futures = [pool.submit(call, item) for item in items]
    wait(futures)
    return [future.result() for future in futures]
