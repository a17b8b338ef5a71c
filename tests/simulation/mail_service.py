"""SES: takes mails, and tells what became of them by events that are dropped, doubled, late, or out of order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from addressee.emails.ports import Accepted, Mail, NotAccepted, Quota, Rejected
from addressee.emails.send import tag_of
from addressee.events.times import from_ms
from tests.simulation.faults import REJECTED, THROTTLED, Gate
from tests.simulation.scheduler import Scheduler

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
Fate = tuple[str, ...]
Publish = Callable[[dict[str, Any], int], None]
FATES: tuple[tuple[float, Fate], ...] = (
    (0.80, ("Send", "Delivery")),
    (0.86, ("Send", "Delivery", "Complaint")),
    (0.92, ("Send", "Bounce")),
    (0.95, ("Send", "Delivery", "Bounce")),
    (1.00, ("Send", "Reject")),
)
"""What becomes of an accepted mail, by cumulated share."""


class Taken(NamedTuple):
    """A mail that SES accepted: the step and time at which it did, to whom, for which send, in whose name."""

    step: int
    at_ms: int
    actor: str
    to: str
    send_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """How often it refuses, and how its events come, as shares; of the mails `held` all events come a day late."""

    throttled: float = 0.08
    rejected: float = 0.03
    dropped: float = 0.1
    doubled: float = 0.1
    late: float = 0.1
    held: float = 0.15


@dataclass(slots=True)
class MailService:
    """A `Mailer` and `Quotas`. `taken` are the mails it accepted, `subscribers` hear its events, with their delay."""

    scheduler: Scheduler
    gate: Gate
    subscribers: Sequence[Publish]
    rules: ServiceRules = ServiceRules()
    taken: list[Taken] = field(default_factory=list)
    calls: list[Taken] = field(default_factory=list)

    def send(self, mail: Mail) -> Accepted | NotAccepted | Rejected:
        """Answer as SES would. What is accepted gets events."""
        scheduler = self.scheduler
        send_id = mail.tags["send_id"]
        message_id = f"ses-{len(self.calls)}"
        call = Taken(scheduler.steps, scheduler.now_ms, scheduler.current.name, mail.to, send_id, message_id)
        self.calls.append(call)
        draw = scheduler.random()
        if draw < self.rules.throttled:
            self.gate.count(THROTTLED, "mailer.send")
            return NotAccepted("throttled")
        if draw < self.rules.throttled + self.rules.rejected:
            self.gate.count(REJECTED, "mailer.send")
            return Rejected("the address cannot be")
        self.taken.append(call)
        self._tell(call, mail)
        return Accepted(message_id)

    def read(self) -> Quota:
        """Allow some mails a second; sometimes the account's sending is paused."""
        draw = self.scheduler.random()
        return Quota(0.0 if draw < 0.05 else 1.0 + 30 * draw, -1.0 if draw < 0.5 else 10_000.0, 0.0)

    def _tell(self, taken: Taken, mail: Mail) -> None:
        random, rules = self.scheduler.random, self.rules
        draw = random()
        fate = next(fate for share, fate in FATES if draw < share)
        delay_ms = 0
        if random() < rules.held:
            self.gate.count("all events held for a day", taken.send_id)
            delay_ms = int((23 + 20 * random()) * HOUR_MS)
        for kind in fate:
            delay_ms += int(200 + random() ** 4 * 20 * MINUTE_MS)
            for copy_ms in self._copies(kind, taken.send_id, rules):
                told = event(kind, taken, mail, at_ms=taken.at_ms + delay_ms)
                for publish in self.subscribers:
                    publish(told, delay_ms + copy_ms)

    def _copies(self, kind: str, send_id: str, rules: ServiceRules) -> Iterator[int]:
        """Yield for each copy of an event how much later it comes; out of order follows from it."""
        random = self.scheduler.random
        if random() < rules.dropped:
            self.gate.count(f"{kind} event dropped", send_id)
            return
        if random() < rules.late:
            self.gate.count(f"{kind} event late", send_id)
            yield int(random() ** 2 * 40 * HOUR_MS)
        else:
            yield int(random() * 2 * SECOND_MS)
        if random() < rules.doubled:
            self.gate.count(f"{kind} event doubled", send_id)
            yield int(random() ** 3 * 30 * HOUR_MS)


def event(kind: str, taken: Taken, mail: Mail, *, at_ms: int) -> dict[str, Any]:
    """Write an event as SES's configuration set publishes it."""
    tags = {name: [tag_of(value)] for name, value in mail.tags.items()}
    about = {
        "timestamp": from_ms(taken.at_ms),
        "messageId": taken.message_id,
        "destination": [taken.to],
        "tags": {**tags, "ses:configuration-set": ["addressee"]},
    }
    recipients = [{"emailAddress": taken.to}]
    details: dict[str, dict[str, Any]] = {
        "Send": {},
        "Delivery": {"timestamp": from_ms(at_ms), "recipients": [taken.to], "smtpResponse": "250 ok"},
        "Bounce": {
            "timestamp": from_ms(at_ms),
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": recipients,
            "feedbackId": f"feedback-{taken.message_id}",
        },
        "Complaint": {
            "timestamp": from_ms(at_ms),
            "complainedRecipients": recipients,
            "feedbackId": f"feedback-{taken.message_id}",
        },
        "Reject": {"reason": "Bad content"},
    }
    return {"eventType": kind, "mail": about, kind.lower(): details[kind]}
