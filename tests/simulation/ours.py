"""Addressee's own use cases, wired to the world: each invocation is an actor, each port passes the gate."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from addressee.decisions.person import Person
from addressee.emails.campaign import EmailCampaign, Standing, Status
from addressee.emails.deliver import Delivery, deliver
from addressee.emails.dispatch import Dispatching, dispatch
from addressee.emails.engagement import engaged, engagement_message
from addressee.emails.links import Token
from addressee.emails.plan import PlanPorts, plan_chunk
from addressee.emails.ports import SendKey
from addressee.emails.preferences import save, unsubscribe
from addressee.emails.prepare import Making
from addressee.emails.run_campaign import change_status
from addressee.emails.send import send_id_in
from addressee.feedback.record import Ports as Recording
from addressee.feedback.record import record_feedback
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.items import InMemoryItemStore
from tests.simulation.faults import Kind
from tests.simulation.history import FACT
from tests.simulation.outside import EventRecords, NoModels, PlainRenderer, RecipientsView, Records, SendMessages
from tests.simulation.people import KEY, Somebody
from tests.simulation.queues import Queue, QueueRules
from tests.simulation.stores import SendsTable
from tests.simulation.world import HOUR_MS, MINUTE_MS, START_MS, UNKNOWN_AFTER_MS, World

HANDLED = "event handled"
EARLIER = "earlier"
CHUNKS = 2
PLAN_ATTEMPTS = 5
CLAIM_WITHIN_MS = 15_000
"""Half of what `send_email` has for a batch, as its handler asks."""
BUSY_MINUTES = 5
QUIET_RUNS = 2
LONGEST_GAP_MS = 6 * HOUR_MS
READS: Mapping[str, Kind] = {"get": "read"}
SENDS: Mapping[str, Kind] = {
    "put_new": "write",
    "get": "read",
    "get_many": "read",
    "due": "read",
    "move": "write",
    "amend": "write",
}
CAMPAIGNS: Mapping[str, Kind] = {
    "get": "read",
    "set_status": "write",
    "set_planning": "write",
    "open_slots": "read",
    "open_slot": "write",
    "note_empty": "write",
    "close_slot": "write",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the Feedback queue: when the queue got it, and which event of which send it is."""

    body: str
    received_at_ms: int
    kind: str
    send_id: str


class Addressee:
    """A `Sender`: the product's use cases on tables, queues and clocks of the simulation."""

    unknown_after_ms = UNKNOWN_AFTER_MS

    def __init__(self, world: World) -> None:
        """Wire everything; nothing runs yet."""
        self.world, gate, scheduler = world, world.gate, world.scheduler
        self.sends, self.campaigns = SendsTable(scheduler), InMemoryCampaigns()
        self.chunks, self.records, self.stream = InMemoryChunks(), Records(), EventRecords()
        self._claims = 0
        self._gap = MINUTE_MS
        self._idle_runs = self._last_runs = 0
        table = world.crowd.table
        self.gated_sends = gate.port("sends", self.sends, SENDS)
        self.gated_campaigns = gate.port("campaigns", self.campaigns, CAMPAIGNS)
        self.people = gate.port("people", table, {**READS, "consent_row": "read", "apply": "write", "pause": "write"})
        suppressions = gate.port("suppressions", world.crowd.suppressions, {"reason": "read", "suppress": "write"})
        self._planning = PlanPorts(
            self.gated_sends,
            self.gated_campaigns,
            gate.port("chunks", self.chunks, {"get": "read", "put_once": "write", "numbers": "read"}),
        )
        self._send_queue = Queue(
            "send_email", scheduler, gate, self._deliver, QueueRules(world.workers, 4, 6 * MINUTE_MS, 5), world.skews
        )
        self.delivery = Delivery(
            key=lambda: KEY,
            sends=self.gated_sends,
            campaigns=self.gated_campaigns,
            people=self.people,
            suppressions=suppressions,
            making=Making(
                gate.port("decisions", self.records, {"get": "read", "put_once": "write", "keep_values": "write"}),
                InMemoryItemStore(),
                NoModels(),
                PlainRenderer(),
            ),
            touches=gate.port("touches", table, {"note": "write"}),
            mailer=gate.port("mailer", world.service, {"send": "mail"}),
        )
        self._dispatching = Dispatching(
            self.gated_sends,
            self.gated_campaigns,
            gate.port("queue", SendMessages(self._send_queue, world), {"put": "write", "waiting": "read"}),
            gate.port("quotas", world.service, {"read": "read"}),
        )
        self._feedback_queue = Queue(
            "record_feedback", scheduler, gate, self._record, QueueRules(2, 4, 3 * MINUTE_MS, 8), world.skews
        )
        self.recording = Recording(
            key=lambda: KEY,
            suppressions=suppressions,
            sends=self.gated_sends,
            recipients=gate.port(
                "recipients",
                RecipientsView(table),
                {"get": "read", "note_soft_bounce": "write", "forget_soft_bounces": "write"},
            ),
            stream=gate.port("stream", self.stream, {"put": "write"}),
            soft_bounce_limit=3,
        )
        self._put_engagement = gate.bind("feedback_queue.put", self._take_engagement, "write")

    # --- what people and operators do --------------------------------------------------------------------------------
    def change_status(self, campaign_id: str, status: Status) -> None:
        """Run the use case behind the campaign routes."""
        change_status(campaign_id, status, self.gated_campaigns)

    def unsubscribe(self, who: Somebody, campaign_id: str) -> None:
        """Run the use case behind the one-click POST, and tell the Feedback queue: of this mail or an earlier one."""
        now_ms = self.world.scheduler.clock()
        send_id = f"{who.subject}.{campaign_id}"
        if all(taken.send_id != send_id for taken in self.world.service.taken):
            campaign_id = EARLIER
            send_id = f"{who.subject}.{EARLIER}"
        unsubscribe(Token("u", who.subject, campaign_id), self.people, now_ms=now_ms)
        self._put_engagement(engagement_message(engaged("unsubscribe", send_id, at_ms=now_ms, method="POST")))

    def pause_person(self, who: Somebody, campaign_id: str) -> None:
        """Run the use case behind the preference page."""
        token = Token("p", who.subject, campaign_id)
        save(token, "pause", (), self.people, {}, now_ms=self.world.scheduler.clock())

    def suppress(self, who: Somebody) -> None:
        """Write the suppression list, as a complaint by another path does."""
        self.delivery.suppressions.suppress(who.address_hash, reason="complaint", at_ms=self.world.scheduler.clock())  # type: ignore[attr-defined]  # the gated port does both

    def take_event(self, event: dict[str, Any], delay_ms: int) -> None:
        """Put an event of SES on the Feedback queue."""
        send_id = send_id_in(event["mail"]["tags"]["send_id"][0])
        received_at_ms = self.world.scheduler.now_ms + delay_ms
        message = Message(json.dumps(event), received_at_ms, event["eventType"], send_id)
        self._feedback_queue.put(message, delay_ms=delay_ms)

    def _take_engagement(self, body: str) -> None:
        self._feedback_queue.put(Message(body, self.world.scheduler.now_ms, "engagement", ""))

    # --- planning ----------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Create the campaigns, plan them, and let the minutes pass."""
        for campaign in self.world.campaigns:
            self.campaigns.create(Standing(campaign))
            self.world.scheduler.after(int(self.world.rng.random() * MINUTE_MS), partial(self._plan, campaign))
        self.world.scheduler.after(MINUTE_MS, self._tick)

    def _plan(self, campaign: EmailCampaign) -> None:
        """Run the machine `Plan`: chunks side by side, each tried again; then the campaign is planned, or failed."""
        left = set(range(CHUNKS))
        rng = self.world.rng

        def chunk(number: int, attempt: int) -> None:
            def ended() -> None:
                if actor.done:
                    left.discard(number)
                    if not left:
                        self._planned(campaign, "planned")
                elif number in left and attempt < PLAN_ATTEMPTS:
                    self.world.scheduler.after(int(rng.random() * MINUTE_MS), lambda: chunk(number, attempt + 1))
                elif number in left:
                    self._planned(campaign, "failed")

            name = f"plan_campaign-{number}#{attempt}"
            body = partial(self._plan_chunk, campaign, number)
            actor = self.world.scheduler.start(name, body, skew_ms=rng.choice(self.world.skews), ended=ended)

        for number in range(CHUNKS):
            chunk(number, 1)
            if rng.random() < 0.2:
                self.world.gate.count("a chunk planned twice at once", campaign.campaign_id)
                chunk(number, 1)

    def _plan_chunk(self, campaign: EmailCampaign, number: int) -> None:
        standing = self.gated_campaigns.get(campaign.campaign_id)
        plan_chunk(standing.campaign, number, self._scan(number), self._planning, now_ms=self.world.scheduler.clock())

    def _scan(self, number: int) -> Iterator[Person]:
        """Read a segment of the Profiles table, page by page."""
        everybody = self.world.crowd.everybody[number::CHUNKS]
        for each in everybody:
            yield self.world.crowd.table.get(each.subject)

    def _planned(self, campaign: EmailCampaign, planning: str) -> None:
        name = campaign.campaign_id
        recipients = sum(len(chunk.recipients) for (owner, _), chunk in self.chunks.stored.items() if owner == name)
        self.world.insist(
            "plan_campaign", lambda: self.gated_campaigns.set_planning(name, planning, recipients=recipients)
        )

    # --- dispatching -------------------------------------------------------------------------------------------------
    def _tick(self) -> None:
        """Run the dispatcher of this minute, sometimes twice; minutes in which nothing can happen pass faster."""
        world = self.world
        world.act("dispatch_sends", self._dispatch)
        if world.rng.random() < 0.1:
            world.gate.count("two dispatchers at once", "dispatch_sends")
            world.act("dispatch_sends'", self._dispatch)
        after_ms = self._gap_ms()
        if after_ms:
            world.scheduler.after(after_ms, self._tick)

    def _gap_ms(self) -> int:
        """Return how long nobody dispatches: minutes at first and while runs find work, then hours; 0: for ever."""
        now_ms = self.world.scheduler.now_ms
        if self._last_runs >= QUIET_RUNS:
            return 0
        if now_ms < START_MS + BUSY_MINUTES * MINUTE_MS:
            self._gap = MINUTE_MS
        elif not self._idle_runs or self._send_queue.open:
            self._gap = max(self._gap // 16, MINUTE_MS)
        else:
            self._gap = min(self._gap * 4, LONGEST_GAP_MS)
        return self._gap

    def _dispatch(self) -> None:
        idle_runs, self._idle_runs = self._idle_runs, 0
        now_ms = self.world.scheduler.clock()
        is_last = now_ms > self.world.ends_ms + UNKNOWN_AFTER_MS + 2 * HOUR_MS
        counts = dispatch(self._dispatching, now_ms=now_ms, unknown_after_ms=self.unknown_after_ms)
        done = (counts.queued, counts.requeued, counts.resent, counts.unqueued, counts.unknown, counts.skipped)
        self._idle_runs = 0 if any(done) else idle_runs + 1
        self._last_runs += is_last and not any(done)

    # --- sending and feedback ----------------------------------------------------------------------------------------
    def _deliver(self, key: SendKey) -> bool:
        """Deliver one mail, as each thread of the handler does: what it raises is the function's failure here."""
        self._claims += 1
        claim, clock = f"claim-{self._claims}", self.world.scheduler.clock
        outcome = deliver(key, self.delivery, now_ms=clock, claim=claim, claim_until_ms=clock() + CLAIM_WITHIN_MS)
        return not outcome.comes_back

    def _record(self, message: Message) -> bool:
        """Record one message of the Feedback queue."""
        record_feedback(message.body, self.recording, received_at_ms=message.received_at_ms)
        self.world.history.note(self.world.scheduler, FACT, HANDLED, (message.kind, message.send_id))
        return True
