"""Which mails went out though a stop had been acknowledged before their re-check read began."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from addressee.emails.ports import SendKey
from addressee.emails.send import send_id_of

About = tuple[str, str]
RECHECKS = {"people.get": "person", "campaigns.get": "campaign", "suppressions.reason": "address"}
"""A call that reads again whether a mail is still wanted -> the kind of stop that it sees."""


@dataclass(slots=True)
class Attempt:
    """What an actor has read for the mail at hand: per kind of stop, the one that stood when the read began."""

    key: SendKey
    stopped: dict[str, About | None] = field(default_factory=dict)


@dataclass(slots=True)
class Stops:
    """Follows what is read and sent, in order. `addresses` are subject -> address hash.

    Whatever a sender does not read again for a mail counts as read when it began on that mail.
    """

    addresses: Mapping[str, str]
    standing: set[About] = field(default_factory=set)
    attempts: dict[str, Attempt] = field(default_factory=dict)

    def stop(self, about: About) -> None:
        """Acknowledge a stop: it counts from here on."""
        self.standing.add(about)

    def go(self, about: About) -> None:
        """Take a stop back: what leaves from here on does not leave in spite of it, whenever its read began.

        A read may begin under a pause and be answered after the resumption; the mail is then rightly sent.
        """
        self.standing.discard(about)
        for attempt in self.attempts.values():
            attempt.stopped = {kind: None if stop == about else stop for kind, stop in attempt.stopped.items()}

    def begin(self, actor: str, key: SendKey) -> None:
        """Begin on a mail: the actor reads a row, of another mail than before or of the same one again."""
        known = self.attempts.get(actor)
        if known is None or known.key != key:
            attempt = self.attempts[actor] = Attempt(key)
            about = {"person": key.subject, "campaign": key.campaign, "address": self.addresses[key.subject]}
            attempt.stopped = {kind: self._standing(kind, name) for kind, name in about.items()}

    def read(self, actor: str, call: str, name: str) -> None:
        """Begin a re-check read."""
        if (attempt := self.attempts.get(actor)) is not None:
            kind = RECHECKS[call]
            attempt.stopped[kind] = self._standing(kind, name)

    def send(self, actor: str) -> list[str]:
        """Call the mail service; say what should have kept the actor from that."""
        attempt = self.attempts[actor]
        about = [each for each in attempt.stopped.values() if each]
        return [f"{send_id_of(*attempt.key)}: sent, though {each} was stopped before the re-check" for each in about]

    def _standing(self, kind: str, name: str) -> About | None:
        about = (kind, name)
        return about if about in self.standing else None
