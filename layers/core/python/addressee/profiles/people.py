"""People as they are kept beside the folded state: person, traits and consent, and the store that keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from addressee.profiles.consent import ConsentChange
from addressee.profiles.traits import TraitChange


@dataclass(frozen=True, slots=True)
class PersonChange:
    """Everything that one message says about one person. `user_id` empty: the `person` row is not touched.

    `address` or `first_name` None: what is known stays; empty: it is removed.
    """

    subject: str
    user_id: str = ""
    address: str | None = None
    traits: Sequence[TraitChange] = ()
    consent: Sequence[ConsentChange] = ()
    first_name: str | None = None


class PersonStore(Protocol):
    """Keeps `person`, `traits` and `consent` rows; every write is harmless to repeat and commutes with others."""

    def apply(self, subject: str, *, traits: Sequence[TraitChange] = (), consent: Sequence[ConsentChange] = ()) -> None:
        """Merge traits and consent, each attribute by its own stamp."""
        ...

    def put_person(self, subject: str, user_id: str, address: str | None, first_name: str | None = None) -> None:
        """Write the `person` row; an address or a first name of None leaves the known one, an empty one removes it."""
        ...

    def apply_many(self, changes: Sequence[PersonChange]) -> None:
        """Apply many people's changes with few calls; after a fault, repeat the whole."""
        ...

    def carry_over(self, visitors: Sequence[tuple[str, str]]) -> None:
        """Give users what their visitors declared and withdrew, by the same stamps: (visitor, user) subjects."""
        ...
