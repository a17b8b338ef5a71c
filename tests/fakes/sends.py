"""The Sends table in memory, by the same rules as the table; its index is never late."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from addressee.emails.ports import Moved, SendKey
from addressee.emails.send import Send
from addressee.emails.states import REACHED, State, is_settled


class InMemorySends:
    """A `SendStore` whose `rows` are key -> row. A move that no rule names raises."""

    def __init__(self, *sends: Send) -> None:
        """Hold some rows; `writes` counts what changed one."""
        self.rows = {SendKey(send.subject, send.campaign): send for send in sends}
        self.writes = 0

    def put_new(self, send: Send) -> bool:
        """Write a row unless there is one; say whether it was written."""
        key = SendKey(send.subject, send.campaign)
        if key in self.rows:
            return False
        self.rows[key] = send
        self.writes += 1
        return True

    def get(self, key: SendKey, *, consistent: bool = True) -> Send | None:
        """Read a row, or None; no read is late."""
        del consistent
        return self.rows.get(key)

    def get_many(self, keys: Sequence[SendKey], *, consistent: bool = True) -> dict[SendKey, Send]:
        """Read rows; those that do not exist are absent."""
        del consistent
        return {key: self.rows[key] for key in keys if key in self.rows}

    def due(self, slot: str, campaign: str, *, limit: int, after: SendKey | None = None) -> list[SendKey]:
        """List rows of a slot and campaign by subject, those behind `after`."""
        keys = sorted(key for key, row in self.rows.items() if (row.slot, row.campaign) == (slot, campaign))
        return [key for key in keys if after is None or key > after][:limit]

    def move(
        self, key: SendKey, to: State, *, leaving: frozenset[State], owned_by: str | None = None, **changes: str | int
    ) -> Moved:
        """Move a row whose state is one of `leaving`, and whose claim is `owned_by` where given."""
        if not leaving <= REACHED[to]:
            raise ValueError(f"no rule moves {sorted(leaving - REACHED[to])} to {to}")
        row = self.rows.get(key)
        if row is None or row.state not in leaving or owned_by not in {None, row.claim}:
            return Moved(row, won=False)
        return self._changed(key, row, {"state": to, **({"slot": ""} if is_settled(to) else {}), **changes})

    def amend(self, key: SendKey, expected: Mapping[str, str | int], **changes: str | int) -> Moved:
        """Change attributes of a row that holds all of `expected`."""
        row = self.rows.get(key)
        if row is None or any(getattr(row, name) != value for name, value in expected.items()):
            return Moved(row, won=False)
        return self._changed(key, row, changes)

    def _changed(self, key: SendKey, row: Send, changes: Mapping[str, Any]) -> Moved:
        self.writes += 1
        self.rows[key] = replace(row, **changes)
        return Moved(self.rows[key], won=True)
