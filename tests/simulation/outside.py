"""What our use cases need besides people, rows and a mail service: records, a renderer, queues, a stream, in memory."""

from collections.abc import Iterable, Sequence

from addressee.decisions.champions import Champions
from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.emails.campaign import Standing
from addressee.emails.ports import Mail, Rendered, SendKey
from addressee.emails.send import Send
from addressee.feedback.ports import Recipient
from tests.simulation.people import PeopleTable
from tests.simulation.queues import Queue
from tests.simulation.world import World


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
