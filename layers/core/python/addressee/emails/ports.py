"""What sending needs from outside: rows, campaigns, slots, a queue, a renderer, the mailer, quota, touches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.emails.campaign import Planning, Standing, Status
from addressee.emails.send import Send
from addressee.emails.states import State


class SendKey(NamedTuple):
    """The key of a row."""

    subject: str
    campaign: str


class Moved(NamedTuple):
    """What a conditional move came to: the row as it is now (None: there is none), and whether this call moved it."""

    row: Send | None
    won: bool


class SendStore(Protocol):
    """Keeps the Sends table. `due` reads the index, which follows later, as do reads that are not `consistent`."""

    def put_new(self, send: Send) -> bool:
        """Write a row unless there is one; say whether it was written."""
        ...

    def get(self, key: SendKey, *, consistent: bool = True) -> Send | None:
        """Read a row, or None; not `consistent`: as it is or was a moment ago, for half the price."""
        ...

    def get_many(self, keys: Sequence[SendKey], *, consistent: bool = True) -> Mapping[SendKey, Send]:
        """Read rows; those that do not exist are absent."""
        ...

    def due(self, slot: str, campaign: str, *, limit: int, after: SendKey | None = None) -> Sequence[SendKey]:
        """List at most `limit` rows that the index holds under a slot and campaign, in its order, those behind `after`.

        Fewer than `limit` rows are the last ones.
        """
        ...

    def move(
        self, key: SendKey, to: State, *, leaving: frozenset[State], owned_by: str | None = None, **changes: str | int
    ) -> Moved:
        """Move a row whose state is one of `leaving` (and whose claim is `owned_by`, where given) to `to`.

        `changes` set further attributes; a settled `to` removes the slot unless `changes` name one. A row that the
        condition does not fit stays as it is. Where the answer to an earlier try was lost, the repeat must be told
        apart by what the caller wrote.
        """
        ...

    def amend(self, key: SendKey, expected: Mapping[str, str | int], **changes: str | int) -> Moved:
        """Change attributes of a row that holds all of `expected`; its state stays. `won`: whether it was changed.

        An empty `slot` takes the row out of the index.
        """
        ...


class OpenSlot(NamedTuple):
    """A slot that may still hold unfinished rows of a campaign."""

    slot: str
    campaign: str
    empty_since_ms: int = 0


class CampaignStore(Protocol):
    """Keeps the Campaigns table. Reads of a campaign are strongly consistent."""

    def create(self, standing: Standing) -> bool:
        """Write a campaign unless there is one of its id; say whether it was written."""
        ...

    def get(self, campaign_id: str) -> Standing | None:
        """Read a campaign, or None."""
        ...

    def set_status(self, campaign_id: str, status: Status, *, leaving: frozenset[Status]) -> Standing | None:
        """Change the status where it is one of `leaving` or already `status`; return what stands, None: no campaign."""
        ...

    def set_planning(self, campaign_id: str, planning: Planning, *, recipients: int = 0) -> None:
        """Say how far planning is."""
        ...

    def open_slots(self) -> Sequence[OpenSlot]:
        """List all open slots, oldest first."""
        ...

    def open_slot(self, slot: str, campaign: str) -> None:
        """Open a slot; one that was seen empty counts as full again."""
        ...

    def note_empty(self, slot: OpenSlot, now_ms: int) -> None:
        """Note that a slot was seen empty, unless that is noted already."""
        ...

    def close_slot(self, slot: OpenSlot) -> None:
        """Close a slot, unless it was opened anew since it was read."""
        ...


@dataclass(frozen=True, slots=True)
class Quota:
    """What the mail service allows: mails a second, a day (-1: no limit), and how many of the last 24 h are used."""

    per_second: float
    per_day: float
    used: float


class Quotas(Protocol):
    """Reads the account's quota; pausing of the account's sending reads as 0 a second."""

    def read(self) -> Quota:
        """Read it now."""
        ...


class SendQueue(Protocol):
    """Queues sends; a message may come twice, late, or out of order."""

    def put(self, keys: Sequence[tuple[SendKey, int]]) -> Sequence[SendKey]:
        """Queue rows, each with a delay in seconds (0 to 900); return those that could not be queued."""
        ...

    def waiting(self) -> int:
        """Count, roughly, the messages that wait or are delayed."""
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready: the address that gets it, the whole message (RFC 5322), and the tags that its events repeat."""

    to: str
    raw: bytes
    tags: Mapping[str, str]


class Accepted(NamedTuple):
    """The service took the mail."""

    message_id: str


class NotAccepted(NamedTuple):
    """The service said that it took nothing; a later try may pass (throttled, sending paused, no connection made)."""

    reason: str


class Rejected(NamedTuple):
    """The service refused this mail for good."""

    reason: str


class Mailer(Protocol):
    """Hands one mail to the mail service, with one call and no retry."""

    def send(self, mail: Mail) -> Accepted | NotAccepted | Rejected:
        """Send; whatever it raises, nobody knows whether the mail went out."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail and what it was made of: `values` as the decision's record keeps them under `v_<content>`."""

    mail: Mail
    content: str
    values: bytes


class RenderFailed(Exception):
    """The mail cannot be made, however often it is tried; the message says why."""


class Renderer(Protocol):
    """Makes mails from published templates."""

    def render(self, send: Send, person: Person, standing: Standing, decision: Decision, *, now_ms: int) -> Rendered:
        """Render one mail. Raises `RenderFailed` for good; anything else that it raises may pass."""
        ...


class DecisionRecords(Protocol):
    """Keeps decisions, and beside each the values of the mails that were rendered from it."""

    def put_once(self, decision: Decision, *, content: str = "", values: bytes = b"") -> Decision:
        """Store a decision, and values under `v_<content>`, unless one that mails is there already.

        Returns `decision` itself where it was stored, else the one that is stored; then no values were written.
        """
        ...

    def keep_values(self, subject: str, campaign: str, content: str, values: bytes) -> None:
        """Store values beside a decision; a repeat changes nothing. Raises where the record is gone."""
        ...


class Touches(Protocol):
    """Keeps the sends of the last 7 days beside a person, so that caps hold across campaigns."""

    def note(self, subject: str, touches: Iterable[tuple[str, int]], *, version: int) -> bool:
        """Replace the list if it still has `version` (0: there is none); say whether it did."""
        ...
