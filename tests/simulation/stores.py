"""The Sends table as DynamoDB keeps it: conditional writes exact, the index late."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from addressee.emails.ports import Moved, SendKey
from addressee.emails.send import Send
from addressee.emails.states import UNSETTLED, State
from tests.simulation.scheduler import Scheduler

USUAL_LAG_MS, LONGEST_LAG_MS = 500, 300_000
Slot = tuple[str, str]
Move = tuple[SendKey, State, State]


class SendsTable:
    """A `SendStore`. `moves` are all changes of state, in order; `due` reads an index that follows later."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Begin empty."""
        self.rows: dict[SendKey, Send] = {}
        self.moves: list[Move] = []
        self._past: dict[SendKey, list[tuple[int, Send]]] = {}
        self._scheduler = scheduler
        self._index: dict[Slot, set[str]] = {}
        self._pending: list[tuple[int, str, Slot, bool]] = []

    def put_new(self, send: Send) -> bool:
        """Write a row unless there is one."""
        key = SendKey(send.subject, send.campaign)
        if key in self.rows:
            return False
        self._keep(key, send)
        return True

    def get(self, key: SendKey, *, consistent: bool = True) -> Send | None:
        """Read a row, or None; one that is not read consistently is always as late as such reads may be."""
        return self.rows.get(key) if consistent else self._late(key)

    def get_many(self, keys: Sequence[SendKey], *, consistent: bool = True) -> Mapping[SendKey, Send]:
        """Read rows; those that do not exist are absent."""
        found = {key: self.get(key, consistent=consistent) for key in keys}
        return {key: row for key, row in found.items() if row is not None}

    def _late(self, key: SendKey) -> Send | None:
        """Return the row as it was before the usual lag, or None where there was none yet."""
        seen_ms = self._scheduler.now_ms - USUAL_LAG_MS
        return next((row for at_ms, row in reversed(self._past.get(key, ())) if at_ms <= seen_ms), None)

    def due(self, slot: str, campaign: str, *, limit: int, after: SendKey | None = None) -> Sequence[SendKey]:
        """List what the index shows by now, by subject."""
        self._catch_up()
        subjects = sorted(self._index.get((slot, campaign), ()))
        behind = [subject for subject in subjects if after is None or subject > after.subject]
        return [SendKey(subject, campaign) for subject in behind[:limit]]

    def move(
        self, key: SendKey, to: State, *, leaving: frozenset[State], owned_by: str | None = None, **changes: Any
    ) -> Moved:
        """Move a row if it is where it should be."""
        row = self.rows.get(key)
        if row is None or row.state not in leaving or (owned_by is not None and row.claim != owned_by):
            return Moved(row, won=False)
        if to not in UNSETTLED:
            changes = {"slot": "", **changes}
        moved = replace(row, state=to, **changes)
        self.moves.append((key, row.state, to))
        self._keep(key, moved)
        return Moved(moved, won=True)

    def amend(self, key: SendKey, expected: Mapping[str, str | int], **changes: Any) -> Moved:
        """Change attributes of a row that is as expected."""
        row = self.rows.get(key)
        if row is None or any(getattr(row, name) != value for name, value in expected.items()):
            return Moved(row, won=False)
        amended = replace(row, **changes)
        self._keep(key, amended)
        return Moved(amended, won=True)

    def _keep(self, key: SendKey, row: Send) -> None:
        self._past.setdefault(key, []).append((self._scheduler.now_ms, row))
        before = self.rows.get(key)
        self.rows[key] = row
        old, new = before.slot if before else "", row.slot
        if old == new:
            return
        random = self._scheduler.random
        lag_ms = int(random() ** 8 * LONGEST_LAG_MS) if random() < 0.2 else int(random() * USUAL_LAG_MS)
        at_ms = max(self._scheduler.now_ms + lag_ms, self._pending[-1][0] if self._pending else 0)
        for slot, there in ((old, False), (new, True)):
            if slot:
                self._pending.append((at_ms, key.subject, (slot, key.campaign), there))

    def _catch_up(self) -> None:
        now_ms, pending = self._scheduler.now_ms, self._pending
        done = 0
        for at_ms, subject, slot, there in pending:
            if at_ms > now_ms:
                break
            done += 1
            subjects = self._index.setdefault(slot, set())
            if there:
                subjects.add(subject)
            else:
                subjects.discard(subject)
        del pending[:done]
