"""People's touches in memory, kept on the people themselves."""

from collections.abc import Iterable
from dataclasses import replace

from addressee.decisions.person import Person
from tests.fakes.decisions import InMemoryPeople


class InMemoryTouches:
    """The `Touches` of the people of an `InMemoryPeople`."""

    def __init__(self, people: InMemoryPeople) -> None:
        """Write to these people."""
        self._people = people

    def note(self, subject: str, touches: Iterable[tuple[str, int]], *, version: int) -> bool:
        """Replace the list if it still has `version` (0: there is none); say whether it did."""
        person = self._people.people.get(subject, Person(subject))
        if person.touches_version != version:
            return False
        self._people.people[subject] = replace(person, touches=tuple(touches), touches_version=version + 1)
        return True
