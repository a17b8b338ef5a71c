"""What both controls share: tables of their own, people and operators who act on them, and what became of the mails."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from addressee.emails.campaign import EmailCampaign, Status
from addressee.emails.links import Token
from addressee.emails.ports import Accepted, Mail, Rejected, SendKey
from addressee.emails.preferences import unsubscribe
from addressee.emails.send import send_id_of
from tests.simulation.checker import AFTER_STOP, SENT_TWICE, UNEXPLAINED, UNSETTLED_ROW
from tests.simulation.faults import Kind
from tests.simulation.history import ASKS, FACT, GETS
from tests.simulation.people import Somebody
from tests.simulation.result import Result
from tests.simulation.stops import Stops
from tests.simulation.world import GO, STOP, World, draw_world

TAKES_UP = "takes up a mail"


class ControlSender:
    """A `Sender` that is not ours. `status` is each campaign's in its own database."""

    def __init__(self, world: World) -> None:
        """Connect to the world."""
        self.world = world
        self.status: dict[str, str] = {campaign.campaign_id: "running" for campaign in world.campaigns}
        self.refused: set[str] = set()
        self.people = world.gate.port("people", world.crowd.table, {"consent_row": "read", "apply": "write"})
        self._suppress = world.gate.bind("suppressions.suppress", world.crowd.suppressions.suppress, "sql")
        self._mailer = world.gate.port("mailer", world.service, {"send": "mail"})

    @abstractmethod
    def begin(self) -> None:
        """Start its processes."""

    @abstractmethod
    def change_status(self, campaign_id: str, status: Status) -> None:
        """Pause, resume or cancel."""

    def unsubscribe(self, who: Somebody, campaign_id: str) -> None:
        """Withdraw consent in the database that its queries read."""
        unsubscribe(Token("u", who.subject, campaign_id), self.people, now_ms=self.world.scheduler.clock())

    def pause_person(self, who: Somebody, campaign_id: str) -> None:
        """Unsubscribe: there is no pause."""
        self.unsubscribe(who, campaign_id)

    def suppress(self, who: Somebody) -> None:
        """Block the address."""
        self._suppress(who.address_hash, reason="complaint", at_ms=self.world.scheduler.clock())

    def take_event(self, event: dict[str, Any], delay_ms: int) -> None:
        """Hear of bounces and complaints; neither sender marks a campaign's mail by them."""

    def sql(self, label: str, effect: Callable[..., Any], kind: Kind = "sql") -> Callable[..., Any]:
        """Make a statement of its database one call."""
        return self.world.gate.bind(label, effect, kind)

    def mailable(self, who: Somebody) -> bool:
        """Say what its queries ask: subscribed, not blocked, an address."""
        person = self.world.crowd.table.get(who.subject)
        return bool(person.granted and person.address) and who.address_hash not in self.world.crowd.suppressions.rows

    def push(self, who: Somebody, campaign_id: str) -> Accepted | None:
        """Hand a mail over; None where the service did not take it. Whatever it raises flies."""
        send_id = send_id_of(who.subject, campaign_id)
        answer = self._mailer.send(Mail(who.address, b"", {"send_id": send_id}))
        if isinstance(answer, Rejected):
            self.refused.add(send_id)
        return answer if isinstance(answer, Accepted) else None

    def takes_up(self, who: Somebody, campaign_id: str) -> None:
        """Note that a worker turns to a mail."""
        scheduler = self.world.scheduler
        scheduler.history.note(scheduler, FACT, TAKES_UP, SendKey(who.subject, campaign_id))


def run_control(seed: int, make: Callable[[World], ControlSender]) -> Result:
    """Run a control through the schedule of a seed: the same people, operators, faults and mail service."""
    world = draw_world(seed)
    sender = make(world)
    world.events.append(sender.take_event)
    sender.begin()
    world.happen(sender)
    world.scheduler.run()
    problems = [*_sent_twice(world), *_lost(world, sender), *_after_stop(world), *_in_doubt(world)]
    return Result(
        seed,
        world.gate.counts,
        world.history,
        [f"{kind}: {sentence}" for kind, sentence in problems],
        Counter(kind for kind, _ in problems),
        Counter({"accepted": len(world.service.taken)}),
        recipients=len(world.crowd.everybody),
        workers=world.workers,
    )


def _sent_twice(world: World) -> Iterator[tuple[str, str]]:
    for send_id, times in Counter(taken.send_id for taken in world.service.taken).items():
        if times > 1:
            yield SENT_TWICE, f"{send_id} was accepted {times} times"


def _lost(world: World, sender: ControlSender) -> Iterator[tuple[str, str]]:
    """Find people whom nothing kept from a mail, who got none, and of whom no table says so."""
    accepted = {taken.send_id for taken in world.service.taken} | sender.refused
    for campaign in world.campaigns:
        name = campaign.campaign_id
        for who in world.crowd.everybody if sender.status[name] in {"running", "finished"} else ():
            if sender.mailable(who) and send_id_of(who.subject, name) not in accepted:
                yield UNSETTLED_ROW, f"{who.subject}.{name} got nothing, and the campaign is {sender.status[name]}"


def _after_stop(world: World) -> Iterator[tuple[str, str]]:
    stops = Stops({each.subject: each.address_hash for each in world.crowd.everybody})
    for _, _, actor, what, call, given in world.history.rows:
        if what == FACT and call == TAKES_UP:
            stops.begin(actor, given)
        elif what == FACT and call == STOP:
            stops.stop(given)
        elif what == FACT and call == GO:
            stops.go(given)
        elif what == ASKS and call == "mailer.send":
            yield from ((AFTER_STOP, sentence) for sentence in stops.send(actor))


def _in_doubt(world: World) -> Iterator[tuple[str, str]]:
    """Find mails of which nobody knows whether they went out, and no table says that."""
    asked: dict[str, str] = {}
    for _, _, actor, what, call, given in world.history.rows:
        if call == "mailer.send" and what == ASKS:
            asked[actor] = given[0].tags["send_id"]
        elif call == "mailer.send" and what == GETS:
            asked.pop(actor, None)
        elif call == TAKES_UP and actor in asked:
            yield UNEXPLAINED, f"{asked.pop(actor)} has no known outcome"
    for send_id in asked.values():
        yield UNEXPLAINED, f"{send_id} has no known outcome"


def people_of(world: World, campaign: EmailCampaign) -> list[Somebody]:
    """Return everybody a campaign is for, in the order of the control's ids."""
    del campaign
    return list(world.crowd.everybody)
