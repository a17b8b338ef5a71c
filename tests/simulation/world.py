"""The world that one seed draws: people, campaigns, a mail service, and what happens to them from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from addressee.decisions.campaign import Campaign, QuietHours
from addressee.emails.campaign import EmailCampaign, Status
from tests.simulation.faults import Gate
from tests.simulation.history import FACT, History
from tests.simulation.mail_service import MailService, Publish, ServiceRules
from tests.simulation.people import Crowd, Somebody, draw_crowd
from tests.simulation.scheduler import Scheduler

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
START_MS = 1_767_607_200_000
"""2026-01-05 10:00 UTC, a Monday."""
UNKNOWN_AFTER_MS = 24 * HOUR_MS
WINDOWS_MS = (30 * MINUTE_MS, 3 * HOUR_MS, 8 * HOUR_MS, 30 * HOUR_MS)
CAPS = ((1, 3), (1, 3), (1, 1), (2, 3), (5, 9))
MOST_SKEW_MS = 30 * SECOND_MS
STOP, GO = "stop acknowledged", "stop taken back"
ATTEMPTS = 12


class Sender(Protocol):
    """A system that sends the campaigns of a world: ours, or a control."""

    def begin(self) -> None:
        """Plan, start workers, set timers."""
        ...

    def change_status(self, campaign_id: str, status: Status) -> None:
        """Pause, resume or cancel, for the operator; return when it is acknowledged."""
        ...

    def unsubscribe(self, who: Somebody, campaign_id: str) -> None:
        """Withdraw consent, for the person; return when it is acknowledged."""
        ...

    def pause_person(self, who: Somebody, campaign_id: str) -> None:
        """Let no mail go out to the person for a month."""
        ...

    def suppress(self, who: Somebody) -> None:
        """Never mail the person's address again."""
        ...

    def take_event(self, event: dict[str, Any], delay_ms: int) -> None:
        """Put an event of the mail service on the sender's queue."""
        ...


@dataclass(slots=True)
class World:
    """Everything around a sender. `ends_ms` is when the last window is over."""

    scheduler: Scheduler
    gate: Gate
    crowd: Crowd
    campaigns: Sequence[EmailCampaign]
    service: MailService
    skews: Sequence[int]
    workers: int
    events: list[Publish] = field(default_factory=list)
    deeds: dict[str, list[Callable[[], None]]] = field(default_factory=dict)

    @property
    def history(self) -> History:
        """What has happened."""
        return self.scheduler.history

    @property
    def rng(self) -> Random:
        """The one source of chance."""
        return self.scheduler.rng

    @property
    def ends_ms(self) -> int:
        """When the last window is over."""
        return max(campaign.end_ms for campaign in self.campaigns)

    def act(self, name: str, body: Callable[[], None]) -> None:
        """Start an actor that does one thing, on a machine of its own."""
        self.scheduler.start(name, body, skew_ms=self.rng.choice(self.skews), ended=_nothing)

    def insist(self, name: str, body: Callable[[], None]) -> None:
        """Do one thing until it succeeds, as people press a button again that did not answer."""
        left = [ATTEMPTS]

        def again() -> None:
            if not actors[-1].done and left[0]:
                left[0] -= 1
                actors.append(self.scheduler.start(name, body, skew_ms=self.rng.choice(self.skews), ended=again))

        actors = [self.scheduler.start(name, body, skew_ms=self.rng.choice(self.skews), ended=again)]

    def coming(self, subject: str, campaign_id: str, delay_ms: int) -> None:
        """Hear that a mail is about to go out: somebody who waited for that acts within the next seconds."""
        for about in (subject, campaign_id):
            for deed in self.deeds.pop(about, ()):
                self.scheduler.after(max(delay_ms + int((self.rng.random() - 0.3) * 2 * SECOND_MS), 0), deed)

    def happen(self, sender: Sender) -> None:
        """Let the operator and the people do what they do while mails go out."""
        for campaign in self.campaigns:
            _operate(self, sender, campaign)
        for each in self.crowd.everybody:
            _behave(self, sender, each)
        for each in self.crowd.everybody:
            if each.condition in {"no consent", "withdrawn"}:
                self.history.note(self.scheduler, FACT, STOP, ("person", each.subject))
            elif each.condition == "suppressed":
                self.history.note(self.scheduler, FACT, STOP, ("address", each.address_hash))


def draw_world(seed: int) -> World:
    """Draw a world; the same seed draws the same one."""
    rng = Random(seed)
    scheduler = Scheduler(rng, History(), now_ms=START_MS, sticky=rng.choice((0.0, 0.3, 0.7)))
    gate = Gate(scheduler, calm=rng.choice((20.0, 60.0, 150.0)), most=rng.choice((15, 40, 60)))
    events: list[Publish] = []
    service = MailService(scheduler, gate, events, _service_rules(rng))
    skews = [0, *(rng.randint(-MOST_SKEW_MS, MOST_SKEW_MS) for _ in range(4))]
    crowd = draw_crowd(rng, now_ms=START_MS)
    campaigns = [_campaign(rng, name) for name in ("spring", "sale")]
    return World(scheduler, gate, crowd, campaigns, service, skews, rng.randint(2, 4), events)


def _service_rules(rng: Random) -> ServiceRules:
    bad = rng.choice((0.2, 1.0, 1.0, 3.0))
    return ServiceRules(0.08 * bad, 0.03 * bad, 0.1 * bad, 0.1 * bad, 0.1 * bad)


def _campaign(rng: Random, name: str) -> EmailCampaign:
    start_ms = START_MS + rng.randrange(4 * MINUTE_MS)
    per_day, per_week = rng.choice(CAPS)
    rules = Campaign(
        name,
        cap_per_day=per_day,
        cap_per_week=per_week,
        default_hour=rng.choice((10, 11)),
        quiet_hours=rng.choice((QuietHours(), QuietHours(21, 8))),
    )
    return EmailCampaign(
        name,
        rules,
        template="digest",
        template_version="0" * 16,
        start_ms=start_ms,
        end_ms=start_ms + rng.choice(WINDOWS_MS),
        created_at_ms=START_MS,
        timing=rng.choice(("at_once", "at_once", "usual_hour")),
        holdout_share=rng.choice((0.0, 0.1, 0.3)),
        holdout_salt="holdout",
        resend=rng.choice(("never",) * 6 + ("unknown",)),
    )


def _operate(world: World, sender: Sender, campaign: EmailCampaign) -> None:
    rng, name, draw = world.rng, campaign.campaign_id, world.rng.random()
    about = ("campaign", name)

    def change(status: Status) -> None:
        if status == "running":
            world.history.note(world.scheduler, FACT, GO, about)
        sender.change_status(name, status)
        if status != "running":
            world.history.note(world.scheduler, FACT, STOP, about)
        if status == "paused":
            world.scheduler.after(20 * SECOND_MS + int(rng.random() ** 4 * HOUR_MS), lambda: press("running"))

    def press(status: Status) -> None:
        world.insist(f"operator {status}", lambda: change(status))

    if draw < 0.55:
        _in_time(world, name, campaign, lambda: press("paused" if draw < 0.45 else "cancelled"))


def _behave(world: World, sender: Sender, who: Somebody) -> None:
    campaign = world.rng.choice(world.campaigns)
    name = campaign.campaign_id
    person = ("person", who.subject)

    def stop(call: Callable[[], None], about: tuple[str, str]) -> Callable[[], None]:
        def body() -> None:
            call()
            world.history.note(world.scheduler, FACT, STOP, about)

        return body

    deeds = {
        "unsubscribes": ("unsubscriber", stop(lambda: sender.unsubscribe(who, name), person)),
        "pauses": ("preference page", stop(lambda: sender.pause_person(who, name), person)),
        "is suppressed": ("support", stop(lambda: sender.suppress(who), ("address", who.address_hash))),
    }
    if (deed := deeds.get(who.condition)) is not None:
        _in_time(world, who.subject, campaign, lambda: world.insist(*deed))


def _in_time(world: World, about: str, campaign: EmailCampaign, deed: Callable[[], None]) -> None:
    """Let something be done among the first mails of a campaign, or just when the mail in question comes."""
    if world.rng.random() < 0.6:
        world.deeds.setdefault(about, []).append(deed)
    else:
        delay_ms = campaign.start_ms - START_MS + int(world.rng.random() ** 2 * 3 * MINUTE_MS)
        world.scheduler.after(delay_ms, deed)


def _nothing() -> None:
    """Do nothing more when an actor ends."""
