"""`plan_updates`: what a batch means for the rows as read; nothing is written here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from addressee.profiles.batch import POISON, Arrival, Rejected
from addressee.profiles.consent import PURPOSE, ConsentChange
from addressee.profiles.fold_batch import Folded, fold_arrivals, known, needs_state, too_many_keys
from addressee.profiles.identity import Identities
from addressee.profiles.lake import lake_row, merge_row
from addressee.profiles.packing import pack
from addressee.profiles.people import PersonChange
from addressee.profiles.ports import Pointer, StateRow
from addressee.profiles.traits import Stamp, TraitChange, refused_trait

SOURCE = "event"


@dataclass(slots=True)
class Update:
    """What is to be written for one subject: the merge first, its rows in the lake, then the folded state."""

    subject: str
    version: int
    arrivals: list[Arrival] = field(default_factory=list)
    pointers: Sequence[Pointer] = ()
    merged: bytes = b""
    merge_rows: list[dict[str, Any]] = field(default_factory=list)
    folded: Folded = field(default_factory=Folded)

    def visitors(self) -> list[tuple[str, str]]:
        """List the anonymous subjects that become, or just became, this user's, as (visitor, user)."""
        return [(row["anonymous_subject"], row["subject"]) for row in self.merge_rows]

    def person_changes(self) -> list[PersonChange]:
        """Build the changes of traits and consent that folded events ask for."""
        changes = (_person_change(self.subject, arrival) for arrival in self.folded.taken)
        return [change for change in changes if change.traits or change.consent]

    def unsettled(self) -> list[Arrival]:
        """List the arrivals to fold again after a lost race: what is in quarantine already stays there alone."""
        settled = [each.record for each in self.folded.rejected]
        return [arrival for arrival in self.arrivals if arrival.record not in settled]


@dataclass(slots=True)
class Plan:
    """All updates of a batch, and what is written before them. `duplicates`: records that were done before.

    `withdrawals` are those of rejected records: a no counts at once, whatever else is wrong with the record.
    """

    updates: list[Update] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    withdrawals: list[PersonChange] = field(default_factory=list)
    duplicates: int = 0

    def lake_rows(self) -> list[dict[str, Any]]:
        """Build the lake's row of each folded event."""
        taken = (arrival for update in self.updates for arrival in update.folded.taken)
        return [lake_row(each.event, each.subject, each.anonymous) for each in taken]


def plan_updates(arrivals: Sequence[Arrival], rows: Mapping[str, StateRow]) -> Plan:
    """Resolve all identities of the batch, then fold: what a visitor did before the login is the user's at once.

    `rows` holds every subject that arrivals name and every user whom a pointer among them leads to. A user without a
    row got only our own sends: they are taken, and nothing is said of the state.
    """
    identities = Identities(rows)
    plan = Plan()
    unread = [arrival for arrival in arrivals if not needs_state(arrival) and arrival.user not in rows]
    others = [arrival for arrival in arrivals if needs_state(arrival) or arrival.user in rows]
    outcomes = [(arrival, _identify(arrival, identities)) for arrival in others]
    updates: dict[str, Update] = {}
    for arrival, outcome in outcomes:
        if isinstance(outcome, Rejected):
            plan.rejected.append(outcome)
            plan.withdrawals += _withdrawals(identities.target(arrival), [arrival])
        elif outcome is None:
            plan.duplicates += 1
        else:
            subject = identities.target(arrival)
            update = updates.setdefault(subject, Update(subject, rows[subject].version))
            update.arrivals.append(arrival)
            update.merge_rows += outcome
    for update in updates.values():
        _fold(update, identities)
        plan.rejected += update.folded.rejected
        refused = {each.record for each in update.folded.rejected}
        plan.withdrawals += _withdrawals(update.subject, (each for each in update.arrivals if each.record in refused))
    plan.updates = [*updates.values(), *map(_taken_unread, unread)]
    return plan


def _taken_unread(arrival: Arrival) -> Update:
    return Update(arrival.user, 0, [arrival], folded=Folded(taken=[arrival]))


def _identify(arrival: Arrival, identities: Identities) -> list[dict[str, Any]] | Rejected | None:
    """Claim the arrival's anonymous ids; return the merge rows to repeat, or None for a record that was done before."""
    try:
        if known(identities.state(identities.target(arrival)), arrival):
            return None
        if identities.claim(arrival) is not None:
            return too_many_keys(arrival)
    except POISON as error:
        return Rejected(arrival.record, "", f"cannot be merged ({type(error).__name__})")
    return [merge_row(arrival.user, anonymous, at_ms) for anonymous, at_ms in identities.made_by(arrival)]


def _fold(update: Update, identities: Identities) -> None:
    state = identities.state(update.subject)
    before = identities.rows[update.subject].packed
    pointers = identities.pointers.get(update.subject, ())
    if pointers:
        update.pointers = pointers
        update.merged = before = pack(state)
        update.merge_rows += [merge_row(update.subject, each.anonymous_subject, each.merged_at_ms) for each in pointers]
    update.folded = fold_arrivals(state, before, update.arrivals)


def _withdrawals(subject: str, arrivals: Iterable[Arrival]) -> list[PersonChange]:
    changes = (PersonChange(subject, consent=_person_change(subject, each).consent) for each in arrivals)
    return [change for change in changes if change.consent]


def _person_change(subject: str, arrival: Arrival) -> PersonChange:
    event = arrival.event
    stamp = Stamp(event.event_time_ms, event.message_id)
    traits = [TraitChange(name, value, stamp) for name, value in event.traits.items() if not refused_trait(name, value)]
    consent = [
        ConsentChange(purpose, granted=False, stamp=stamp, source=SOURCE)
        for purpose in event.withdrawn_purposes
        if PURPOSE.fullmatch(purpose)
    ]
    return PersonChange(subject, traits=traits, consent=consent)
