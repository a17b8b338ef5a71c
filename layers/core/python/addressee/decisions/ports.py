"""What a decision needs from outside: people, suppressions, the catalogue, champions and the record's store."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from addressee.decisions.champions import Champions
from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.profiles.items import Item


class Unavailable(Exception):
    """What was asked cannot be had now; the message names it. The decision goes on a rung further down."""


class People(Protocol):
    """Reads people."""

    def get(self, subject: str) -> Person:
        """Read one person; an anonymous subject that was merged answers with the user. Never seen: an empty one."""
        ...


class Suppressions(Protocol):
    """Reads the list of addresses that are never mailed."""

    def reason(self, address_hash: str) -> str | None:
        """Return why the address is suppressed, or None."""
        ...


class Catalogue(Protocol):
    """Reads items."""

    def get_many(self, item_ids: Sequence[str]) -> Mapping[str, Item]:
        """Read items by id; those that do not exist are absent. May raise `Unavailable`."""
        ...


class ChampionSource(Protocol):
    """Holds the published models."""

    def current(self) -> Champions:
        """Return what is loaded; kinds that cannot be had are absent. Raises `Unavailable` before any was loaded."""
        ...


class DecisionStore(Protocol):
    """Keeps decisions, one for each subject and campaign."""

    def get(self, subject: str, campaign: str) -> Decision | None:
        """Read a decision, or None."""
        ...

    def put_once(self, decision: Decision) -> Decision:
        """Store a decision unless one that mails is there already; return the one that is stored afterwards."""
        ...
