"""`Guarded`: every read and write of a decision, within a time budget; each fault is kept by name and costs a rung."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from addressee.decisions.champions import Champions
from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.decisions.ports import Catalogue, ChampionSource, DecisionStore, People, Suppressions, Unavailable
from addressee.decisions.request import Who
from addressee.profiles.items import Item
from addressee.profiles.subject import address_hash, subject_of

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a decision reads and writes. `key` returns the secret key of every subject."""

    key: Callable[[], bytes]
    people: People
    suppressions: Suppressions
    catalogue: Catalogue
    champions: ChampionSource
    decisions: DecisionStore


@dataclass(slots=True)
class Guarded:
    """The sources of one request; a `Catalogue` itself. What fails raises `Unavailable` and is kept in `faults`.

    `clock` is monotonic, in seconds; nothing more is tried once it passes `deadline`. `model_faults` are those of
    models, by kind: mostly others stood in for them.
    """

    sources: Sources
    clock: Callable[[], float]
    deadline: float
    faults: dict[str, str] = field(default_factory=dict)
    model_faults: dict[str, str] = field(default_factory=dict)

    def subject(self, who: Who) -> str:
        """Return the pseudonym. Raises `Unavailable` where the key cannot be read."""
        return self._try("subject_key", lambda: subject_of(who.identifier, kind=who.kind, key=self.sources.key()))

    def person(self, subject: str) -> Person:
        """Read a person. Raises `Unavailable`."""
        return self._try("profiles", lambda: self.sources.people.get(subject))

    def with_suppression(self, person: Person) -> Person:
        """Add what the suppression list says of the person's address, where consent lets it matter.

        Where the list cannot be read, consent counts as unknown: nobody is mailed by mistake.
        """
        if not person.granted or not person.address:
            return person
        try:
            return replace(person, suppression=self._try("suppressions", lambda: self._suppression(person.address)))
        except Unavailable:
            return replace(person, granted=None)

    def _suppression(self, address: str) -> str | None:
        return self.sources.suppressions.reason(address_hash(address, key=self.sources.key()))

    def champions(self) -> Champions:
        """Return the loaded models; none where they cannot be had."""
        try:
            return self._try("models", self.sources.champions.current)
        except Unavailable:
            return Champions()

    def note(self, faults: Mapping[str, str], versions: Mapping[str, str]) -> None:
        """Keep the faults of models, error by kind; a kind without a version that spoke made the answer poorer."""
        self.model_faults.update(faults)
        self.faults.update({f"model {kind}": fault for kind, fault in faults.items() if kind not in versions})

    def get_many(self, item_ids: Sequence[str]) -> Mapping[str, Item]:
        """Read items by id. Raises `Unavailable`."""
        return self._try("catalogue", lambda: self.sources.catalogue.get_many(item_ids))

    def stored(self, subject: str, campaign: str) -> Decision | None:
        """Read a decision, or None. Raises `Unavailable`."""
        return self._try("decisions", lambda: self.sources.decisions.get(subject, campaign))

    def put_once(self, decision: Decision) -> Decision:
        """Store a decision unless one that mails is there; return the stored one. Raises `Unavailable`."""
        return self._try("decisions", lambda: self.sources.decisions.put_once(decision))

    def _try(self, name: str, call: Callable[[], Found]) -> Found:
        if self.clock() >= self.deadline:
            self.faults.setdefault(name, "OutOfTime")
            raise Unavailable(name)
        try:
            return call()
        except Exception as error:  # a store may fail in any way; the send-time call answers all the same
            self.faults[name] = type(error).__name__
            raise Unavailable(name) from error
