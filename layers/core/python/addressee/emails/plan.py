"""`plan_chunk`: a part of the audience becomes rows, once, however often and wherever it is interrupted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from addressee.decisions.person import Person
from addressee.emails.audience import held_out, in_audience
from addressee.emails.campaign import EmailCampaign
from addressee.emails.due import due_ms
from addressee.emails.ports import CampaignStore, SendStore
from addressee.emails.send import Send, slot_of

HOLDOUT = "holdout"
NO_HOUR = "no_hour"
"""The window has no hour that is not quiet for the person: in neither group, whoever the draw would have held out."""
Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""Calls a function on each of many: `map`, or that of a bounded thread pool; what a call raises is raised."""


class Recipient(NamedTuple):
    """One person of the plan: when the mail is due, or the reason for which there will be none (due 0)."""

    subject: str
    due_ms: int
    reason: str = ""


class Chunk(NamedTuple):
    """A part of a campaign's plan, and when it was planned."""

    planned_at_ms: int
    recipients: Sequence[Recipient]


class ChunkStore(Protocol):
    """Keeps the plan's chunks; each is written once and never changes."""

    def get(self, campaign: str, number: int) -> Chunk | None:
        """Read a chunk, or None."""
        ...

    def put_once(self, campaign: str, number: int, chunk: Chunk) -> Chunk:
        """Write a chunk unless there is one; return the one that stands."""
        ...

    def numbers(self, campaign: str) -> Sequence[int]:
        """List the chunks that there are, in order."""
        ...


@dataclass(frozen=True, slots=True)
class PlanPorts:
    """What planning writes to, and how writes are spread over threads."""

    sends: SendStore
    campaigns: CampaignStore
    chunks: ChunkStore
    spread: Spread = map


class Planned(NamedTuple):
    """What a chunk came to: rows, and how many of them are held out."""

    recipients: int
    held_out: int


def plan_chunk(
    campaign: EmailCampaign, number: int, persons: Iterable[Person], ports: PlanPorts, *, now_ms: int
) -> Planned:
    """Give every person of the audience among `persons` a row. Repeating it completes it and doubles nothing.

    The chunk's list is fixed first, so that a repeat (and another worker at the same time) writes the same rows even
    where consent, hours or the clock changed since; `persons` is not read again then. A slot is opened before its rows
    are written: no row can be without an open slot. And again after, since it may have been closed as empty meanwhile.
    """
    name = campaign.campaign_id
    chunk = ports.chunks.get(name, number)
    if chunk is None:
        fresh = Chunk(now_ms, [*_recipients(campaign, persons, now_ms)])
        chunk = ports.chunks.put_once(name, number, fresh)
    rows = [_row(name, each, chunk.planned_at_ms) for each in chunk.recipients]
    slots = sorted({row.slot for row in rows if row.slot})

    def open_slot(slot: str) -> None:
        ports.campaigns.open_slot(slot, name)

    for work, over in ((open_slot, slots), (ports.sends.put_new, rows), (open_slot, slots)):
        for _ in ports.spread(work, over):
            pass
    return Planned(len(rows), sum(row.reason == HOLDOUT for row in rows))


def _recipients(campaign: EmailCampaign, persons: Iterable[Person], now_ms: int) -> Iterator[Recipient]:
    """Ask who can be mailed at all before the draw: asked of the mailed alone, it would make the groups unlike."""
    for person in persons:
        if not in_audience(person, campaign):
            continue
        due = due_ms(person, campaign, now_ms=now_ms)
        if due is None:
            yield Recipient(person.subject, 0, NO_HOUR)
        elif held_out(person.subject, salt=campaign.holdout_salt, share=campaign.holdout_share):
            yield Recipient(person.subject, 0, HOLDOUT)
        else:
            yield Recipient(person.subject, due)


def _row(campaign: str, recipient: Recipient, planned_at_ms: int) -> Send:
    subject, due, reason = recipient
    if reason:
        return Send(
            subject, campaign, "skipped", reason=reason, planned_at_ms=planned_at_ms, settled_at_ms=planned_at_ms
        )
    return Send(subject, campaign, "planned", slot=slot_of(subject, due), due_ms=due, planned_at_ms=planned_at_ms)
