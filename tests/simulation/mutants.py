"""Addressee with one rule broken: each mutant must be caught by some schedule, or the checker is blind.

The use cases stay the product's own; what is broken is a port between them and the tables, as a careless adapter would.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from addressee.decisions.person import Person
from addressee.emails.campaign import Standing
from addressee.emails.ports import Accepted, Mail, Moved, NotAccepted, Rejected, SendKey
from addressee.emails.states import STATES, State
from addressee.profiles.consent import ConsentChange
from addressee.profiles.traits import Stamp, TraitChange
from tests.simulation.checker import AFTER_STOP, IGNORED, IMPOSSIBLE, OVER_CAP, SENT_TWICE, UNSETTLED_ROW
from tests.simulation.faults import Trouble
from tests.simulation.ours import Addressee
from tests.simulation.people import PeopleTable
from tests.simulation.schedule import Make
from tests.simulation.world import World

Answer = Accepted | NotAccepted | Rejected
SDK_ATTEMPTS = 3
LAG_MS = 2_000


class ClaimAfter(Addressee):
    """Calls the mail service first and claims the row afterwards."""

    def __init__(self, world: World) -> None:
        """Put off every claim."""
        super().__init__(world)
        self._waiting: dict[object, Any] = {}
        self.delivery = replace(
            self.delivery, sends=_Instead(self.gated_sends, move=self._move), mailer=_Instead(None, send=self._send)
        )
        self._mailer = world.gate.port("mailer", world.service, {"send": "mail"})

    def _move(self, key: SendKey, to: str, **given: Any) -> Moved:
        claim = partial(self.gated_sends.move, key, to, **given)
        if to != "claimed":
            moved: Moved = claim()
            return moved
        self._waiting[self.world.scheduler.current] = claim
        return Moved(replace(self.sends.rows[key], state="claimed", claim=given["claim"]), won=True)

    def _send(self, mail: Mail) -> Answer:
        answer: Answer = self._mailer.send(mail)
        self._waiting.pop(self.world.scheduler.current)()
        return answer


class RetryingMailer(Addressee):
    """Leaves the SDK's retries on: a call that timed out is made again."""

    def __init__(self, world: World) -> None:
        """Wrap the mailer."""
        super().__init__(world)
        self._mailer = self.delivery.mailer
        self.delivery = replace(self.delivery, mailer=_Instead(None, send=self._send))

    def _send(self, mail: Mail) -> Answer:
        for _ in range(SDK_ATTEMPTS - 1):
            try:
                return self._mailer.send(mail)
            except Trouble:
                continue
        return self._mailer.send(mail)


class LaggingTable(PeopleTable):
    """People as an eventually consistent read shows them: up to two seconds ago."""

    def __init__(self, world: World) -> None:
        """Share the rows of the world's people."""
        super().__init__()
        self.rows = world.crowd.table.rows
        self._scheduler = world.scheduler
        self._before: dict[str, tuple[int, Person]] = {}

    def get(self, subject: str) -> Person:
        """Read a person, or who they were."""
        at_ms, before = self._before.get(subject, (0, None))
        late = self._scheduler.now_ms - at_ms < self._scheduler.random() * LAG_MS
        return before if late and before is not None else super().get(subject)

    def apply(self, subject: str, *, traits: Sequence[TraitChange] = (), consent: Sequence[ConsentChange] = ()) -> None:
        """Change a person, and remember how they were."""
        self._before[subject] = (self._scheduler.now_ms, super().get(subject))
        super().apply(subject, traits=traits, consent=consent)

    def pause(self, subject: str, until_ms: int, stamp: Stamp) -> None:
        """Pause a person, and remember how they were."""
        self._before[subject] = (self._scheduler.now_ms, super().get(subject))
        super().pause(subject, until_ms, stamp)


class StaleRecheck(Addressee):
    """Reads people without `ConsistentRead` before it sends."""

    def __init__(self, world: World) -> None:
        """Give the world a table that lags."""
        world.crowd = replace(world.crowd, table=LaggingTable(world))
        super().__init__(world)


class StaleCampaign(Addressee):
    """Looks at a campaign once, as a worker that keeps it in memory does."""

    def __init__(self, world: World) -> None:
        """Remember campaigns."""
        super().__init__(world)
        self._known: dict[str, Standing] = {}
        self.delivery = replace(self.delivery, campaigns=_Instead(self.gated_campaigns, get=self._get))

    def _get(self, campaign: str) -> Standing:
        return self._known.get(campaign) or self._known.setdefault(campaign, self.gated_campaigns.get(campaign))


class BlindConfirm(Addressee):
    """Writes `sent` without the condition on claim and state."""

    def __init__(self, world: World) -> None:
        """Drop the condition."""
        super().__init__(world)
        self.delivery = replace(self.delivery, sends=_Instead(self.gated_sends, move=self._move))

    def _move(self, key: SendKey, to: str, **given: Any) -> Moved:
        blind = {"leaving": frozenset(STATES), "owned_by": None} if to == "sent" else {}
        moved: Moved = self.gated_sends.move(key, to, **{**given, **blind})
        return moved


class UncountedTouches(Addressee):
    """Does not note a mail beside the person before it goes out."""

    def __init__(self, world: World) -> None:
        """Note nothing."""
        super().__init__(world)
        self.delivery = replace(self.delivery, touches=_Instead(None, note=lambda *_, **__: True))


class DeafToUnknown(Addressee):
    """Takes no SES event for a mail that was given up."""

    def __init__(self, world: World) -> None:
        """Let feedback move claimed and sent rows alone."""
        super().__init__(world)
        self.recording = replace(self.recording, sends=_Instead(self.gated_sends, move=self._move))

    def _move(self, key: SendKey, to: str, *, leaving: frozenset[State], **given: Any) -> Moved:
        moved: Moved = self.gated_sends.move(key, to, leaving=leaving - {"unknown"}, **given)
        return moved


class EndlessClaims(Addressee):
    """Never gives a claim up."""

    unknown_after_ms = 2**52


class _Instead:
    """A port of which some calls are replaced."""

    def __init__(self, port: object, **calls: Any) -> None:
        self._port = port
        self.__dict__.update(calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


MUTANTS: Mapping[str, tuple[Make, frozenset[str]]] = {
    "claims after the call": (ClaimAfter, frozenset({SENT_TWICE})),
    "leaves the SDK's retries on": (RetryingMailer, frozenset({SENT_TWICE})),
    "checks people without a consistent read": (StaleRecheck, frozenset({AFTER_STOP})),
    "keeps campaigns in memory": (StaleCampaign, frozenset({AFTER_STOP})),
    "confirms without the claim's condition": (BlindConfirm, frozenset({IMPOSSIBLE})),
    "notes no touches": (UncountedTouches, frozenset({OVER_CAP})),
    "takes no event for an unknown mail": (DeafToUnknown, frozenset({IGNORED})),
    "never gives a claim up": (EndlessClaims, frozenset({UNSETTLED_ROW})),
}
"""What is broken -> the mutant, and the kinds of failure of which its schedules must show one."""
