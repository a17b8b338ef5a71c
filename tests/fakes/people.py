"""People in memory, by the same rules as the table."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from addressee.profiles.consent import PAUSED, ConsentChange, consent_cells, newer_consent, read_consent
from addressee.profiles.people import PersonChange
from addressee.profiles.traits import Stamp, TraitChange, newer_traits, read_traits, trait_cells


class InMemoryPersonStore:
    """A `PersonStore` whose `rows` are (subject, part) -> the stored row."""

    def __init__(self) -> None:
        """Know nobody."""
        self.rows: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)

    def apply(self, subject: str, *, traits: Sequence[TraitChange] = (), consent: Sequence[ConsentChange] = ()) -> None:
        """Merge traits and consent, each attribute by its own stamp."""
        if traits:
            row = self.rows[subject, "traits"]
            row.update(trait_cells(newer_traits(read_traits(row), traits).values()))
        if consent:
            row = self.rows[subject, "consent"]
            row.update(consent_cells(newer_consent(read_consent(row), consent).values()))

    def consent_row(self, subject: str) -> Mapping[str, Any]:
        """Read the `consent` row; empty where there is none."""
        return dict(self.rows.get((subject, "consent"), {}))

    def pause(self, subject: str, until_ms: int, stamp: Stamp) -> None:
        """Let no mail go out before `until_ms` (0 ends a pause), unless a newer stamp said otherwise."""
        row = self.rows[subject, "consent"]
        known = row.get(PAUSED)
        if known is None or Stamp(known["at"], known["id"]) < stamp:
            row[PAUSED] = {"until": until_ms, "at": stamp.at_ms, "id": stamp.id}

    def put_person(self, subject: str, user_id: str, address: str | None, first_name: str | None = None) -> None:
        """Write the `person` row; an address or a first name of None leaves the known one, an empty one removes it."""
        row = self.rows[subject, "person"]
        row["user_id"] = user_id
        for name, value in (("address", address), ("first_name", first_name)):
            if value:
                row[name] = value
            elif value is not None:
                row.pop(name, None)

    def apply_many(self, changes: Sequence[PersonChange]) -> None:
        """Apply each change."""
        for change in changes:
            if change.user_id:
                self.put_person(change.subject, change.user_id, change.address, change.first_name)
            self.apply(change.subject, traits=change.traits, consent=change.consent)

    def carry_over(self, visitors: Sequence[tuple[str, str]]) -> None:
        """Give users what their visitors declared and withdrew."""
        for visitor, user in visitors:
            traits = read_traits(self.rows.get((visitor, "traits"), {}))
            consent = read_consent(self.rows.get((visitor, "consent"), {}))
            self.apply(user, traits=list(traits.values()), consent=list(consent.values()))
