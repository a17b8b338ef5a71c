"""Addressee's own use cases, wired to the world: each invocation is an actor, each port passes the gate."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from addressee.decisions.champions import Champions
from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.emails.campaign import EmailCampaign, Standing, Status
from addressee.emails.deliver import Delivery, deliver
from addressee.emails.dispatch import Dispatching, dispatch
from addressee.emails.engagement import engaged, engagement_message
from addressee.emails.links import Token
from addressee.emails.plan import PlanPorts, plan_chunk
from addressee.emails.ports import Mail, Rendered, SendKey
from addressee.emails.preferences import save, unsubscribe
from addressee.emails.prepare import Making
from addressee.emails.run_campaign import change_status
from addressee.emails.send import Send
from addressee.feedback.ports import Recipient
from addressee.feedback.record import Ports as Recording
from addressee.feedback.record import record_feedback
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.items import InMemoryItemStore
from tests.simulation.faults import Kind
from tests.simulation.history import FACT
from tests.simulation.people import KEY, PeopleTable, Somebody
from tests.simulation.queues import Queue, QueueRules
from tests.simulation.stores import CampaignsTable, SendsTable
from tests.simulation.world import HOUR_MS, MINUTE_MS, START_MS, UNKNOWN_AFTER_MS, World

HANDLED = "event handled"
EARLIER = "earlier"
CHUNKS = 2
PLAN_ATTEMPTS = 5
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


class Records:
    """The Decisions table: `DecisionRecords`, by the table's rules."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: dict[tuple[str, str], Decision] = {}
        self.values: dict[tuple[str, str, str], bytes] = {}

    def get(self, subject: str, campaign: str) -> Decision | None:
        """Read a decision, or None."""
        return self.rows.get((subject, campaign))

    def put_once(self, decision: Decision, *, content: str = "", values: bytes = b"") -> Decision:
        """Store a decision with its values unless one that mails is there already."""
        key = (decision.subject, decision.campaign)
        stored = self.rows.get(key)
        if stored is not None and stored.mail:
            return stored
        self.rows[key] = decision
        if content:
            self.keep_values(*key, content, values)
        return decision

    def keep_values(self, subject: str, campaign: str, content: str, values: bytes) -> None:
        """Store values beside a decision."""
        self.values[subject, campaign, content] = values


class PlainRenderer:
    """A `Renderer` that writes a line: what a mail looks like decides nothing here."""

    def render(self, send: Send, person: Person, standing: Standing, decision: Decision, *, now_ms: int) -> Rendered:
        """Render one mail."""
        del standing, now_ms
        values = f"{person.user_id} {decision.arm}".encode()
        return Rendered(Mail(person.address, values, {"send_id": send.send_id}), "00000000", values)


class NoModels:
    """A `ChampionSource` without models."""

    def current(self) -> Champions:
        """Return none."""
        return Champions()


class RecipientsView:
    """The `person` and `bounces` rows, as recording feedback reads and writes them."""

    def __init__(self, table: PeopleTable) -> None:
        """Look at the table."""
        self._rows = table.rows

    def get(self, subject: str) -> Recipient | None:
        """Read a person, or None."""
        row = self._rows.get((subject, "person"))
        return Recipient(row["user_id"], row.get("address", "")) if row else None

    def note_soft_bounce(self, subject: str, entry: str) -> frozenset[str]:
        """Add an entry and return the set."""
        row = self._rows[subject, "bounces"]
        row["soft"] = row.get("soft", frozenset()) | {entry}
        return frozenset(row["soft"])

    def forget_soft_bounces(self, subject: str, entries: Iterable[str]) -> None:
        """Take entries out."""
        row = self._rows[subject, "bounces"]
        row["soft"] = row.get("soft", frozenset()) - frozenset(entries)


class EventRecords:
    """An `EventStream` in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[tuple[str, bytes]] = []

    def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[tuple[str, bytes]]:
        """Take all."""
        self.records += records
        return ()


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
        self.sends, self.campaigns = SendsTable(scheduler), CampaignsTable()
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
        self._recording = Recording(
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
        send_id = event["mail"]["tags"]["send_id"][0]
        received_at_ms = self.world.scheduler.now_ms + delay_ms
        message = Message(json.dumps(event), received_at_ms, event["eventType"], send_id)
        self._feedback_queue.put(message, delay_ms=delay_ms)

    def _take_engagement(self, body: str) -> None:
        self._feedback_queue.put(Message(body, self.world.scheduler.now_ms, "engagement", ""))

    # --- planning ------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Create the campaigns, plan them, and let the minutes pass."""
        for campaign in self.world.campaigns:
            self.campaigns.create(Standing(campaign))
            self.world.scheduler.after(int(self.world.rng.random() * MINUTE_MS), lambda each=campaign: self._plan(each))
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
            body = lambda: self._plan_chunk(campaign, number)  # noqa: E731  # it belongs to this very call
            actor = self.world.scheduler.start(name, body, skew_ms=rng.choice(self.world.skews), ended=ended)

        for number in range(CHUNKS):
            chunk(number, 1)
            if rng.random() < 0.2:
                self.world.gate.count("a chunk planned twice at once", campaign.campaign_id)
                chunk(number, 1)

    def _plan_chunk(self, campaign: EmailCampaign, number: int) -> None:
        standing = self.gated_campaigns.get(campaign.campaign_id)
        plan_chunk(
            standing.campaign, number, self._scan(number), self._planning, now_ms=self.world.scheduler.clock()
        )

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

    # --- dispatching -----------------------------------------------------------------------------------------------------
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

    # --- sending and feedback ------------------------------------------------------------------------------------------
    def _deliver(self, key: SendKey) -> bool:
        """Deliver one mail, as each thread of the handler does: what it raises is the function's failure here."""
        self._claims += 1
        outcome = deliver(key, self.delivery, now_ms=self.world.scheduler.clock, claim=f"claim-{self._claims}")
        return not outcome.comes_back

    def _record(self, message: Message) -> bool:
        """Record one message of the Feedback queue."""
        record_feedback(message.body, self._recording, received_at_ms=message.received_at_ms)
        self.world.history.note(self.world.scheduler, FACT, HANDLED, (message.kind, message.send_id))
        return True


class SendMessages:
    """A `SendQueue`: now and then some messages of a call are not taken."""

    def __init__(self, queue: Queue, world: World) -> None:
        """Put on `queue`."""
        self._queue, self._world = queue, world

    def put(self, keys: Sequence[tuple[SendKey, int]]) -> Sequence[SendKey]:
        """Queue rows; return those that could not be queued."""
        left = []
        for key, delay_seconds in keys:
            if self._world.scheduler.random() < 0.02:
                self._world.gate.count("message not taken", "queue.put")
                left.append(key)
            else:
                self._queue.put(key, delay_ms=delay_seconds * 1000)
                self._world.coming(*key, delay_seconds * 1000)
        return left

    def waiting(self) -> int:
        """Count the messages."""
        return self._queue.open
