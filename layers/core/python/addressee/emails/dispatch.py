"""The use case of every minute: due rows go to the queue at the quota's pace, and nothing that is unfinished is lost.

Three passes over the open slots. Slots of running campaigns that are due are *sent*: planned rows are queued, and rows
whose message may have been lost are queued again. Slots of campaigns that are over are *settled*: what is not claimed
is skipped. All others that are due, paused ones among them, are *watched*: only claims that grew too old are sought.
Everything is a conditional write of one row, so a second dispatcher at the same minute changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from addressee.emails.campaign import Standing
from addressee.emails.pace import budget, delay_seconds
from addressee.emails.ports import CampaignStore, OpenSlot, Quota, Quotas, SendKey, SendQueue, SendStore
from addressee.emails.recheck import over
from addressee.emails.send import Send, is_due
from addressee.emails.states import State

MINUTE_MS = 60_000
REQUEUE_AFTER_MS = 15 * MINUTE_MS
CLOSE_AFTER_MS = 15 * MINUTE_MS
PAGE = 100
LEAST_PAGE = 25
MOST_ROWS = 10_000
"""How many rows a run settles or watches at most; what is left over waits a minute."""
MOST_WATCHED = 200
"""How many slots a run watches at most; the next run goes on with the next ones."""
CLAIMED: frozenset[State] = frozenset({"claimed"})
WAITING: frozenset[State] = frozenset({"planned", "queued"})
_QUEUED: Mapping[State, str] = {"planned": "queued", "queued": "requeued", "unknown": "resent"}


@dataclass(frozen=True, slots=True)
class Dispatching:
    """What dispatching needs. `spread` is `map`, or that of a pool: writes to different rows may run side by side."""

    sends: SendStore
    campaigns: CampaignStore
    queue: SendQueue
    quotas: Quotas
    spread: Callable[..., Iterable[Any]] = map


@dataclass(slots=True)
class Counts:
    """What a run did. `waiting` is the queue's length before it, `budget` what it might queue.

    `unqueued` rows could not be put on the queue and are tried again a minute later; `orphans` are open slots of
    campaigns that do not exist.
    """

    slots: int = 0
    waiting: int = 0
    budget: int = 0
    queued: int = 0
    requeued: int = 0
    resent: int = 0
    unqueued: int = 0
    unknown: int = 0
    skipped: int = 0
    closed: int = 0
    orphans: int = 0

    def as_fields(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


def dispatch(
    ports: Dispatching,
    *,
    now_ms: int,
    unknown_after_ms: int,
    requeue_after_ms: int = REQUEUE_AFTER_MS,
    is_late: Callable[[], bool] = lambda: False,
) -> Counts:
    """Queue what is due and the quota allows, settle what is over, and turn claims without an answer to `unknown`.

    A claim is without an answer once it is older than `unknown_after_ms`; a row whose message was queued longer ago
    than `requeue_after_ms` is queued again. Once `is_late` says so no page is begun: a run that is killed in the middle
    of one leaves rows marked as queued without their messages. Faults of the stores fly: the next minute does the rest.
    """
    run = _Run(ports, now_ms, now_ms - unknown_after_ms, now_ms - requeue_after_ms, is_late)
    sending: list[_Open] = []
    settling: list[_Open] = []
    watching: list[_Open] = []
    for each in run.open_slots():
        if each.over is not None:
            settling.append(each)
        elif is_due(each.slot.slot, now_ms):
            (sending if each.standing.status == "running" else watching).append(each)
    watching = [*run.send(sending), *watching]
    for each in settling:
        run.settle(each)
    run.watch(watching)
    return run.counts


@dataclass(frozen=True, slots=True)
class _Open:
    slot: OpenSlot
    standing: Standing
    over: str | None


@dataclass(slots=True)
class _Run:
    """One run: its moment, and what it may still do. Claims and messages older than the two times are old."""

    ports: Dispatching
    now_ms: int
    claimed_before_ms: int
    queued_before_ms: int
    is_late: Callable[[], bool]
    counts: Counts = field(default_factory=Counts)
    quota: Quota = field(default_factory=lambda: Quota(0, 0, 0))
    left: int = 0
    rows_left: int = MOST_ROWS

    def open_slots(self) -> Iterator[_Open]:
        """Read the open slots, oldest first, and each campaign once."""
        standings: dict[str, Standing | None] = {}
        for slot in self.ports.campaigns.open_slots():
            self.counts.slots += 1
            if slot.campaign not in standings:
                standings[slot.campaign] = self.ports.campaigns.get(slot.campaign)
            standing = standings[slot.campaign]
            if standing is None:
                self.counts.orphans += 1
            else:
                yield _Open(slot, standing, over(standing, now_ms=self.now_ms))

    # --- slots of running campaigns ----------------------------------------------------------------------------------
    def send(self, slots: Sequence[_Open]) -> Sequence[_Open]:
        """Queue rows until the budget of the minute is spent; return the slots that were not reached."""
        if not slots:
            return slots
        self.quota = self.ports.quotas.read()
        self.counts.waiting = self.ports.queue.waiting()
        self.left = self.counts.budget = budget(self.quota, self.counts.waiting)
        for place, each in enumerate(slots):
            if self.left <= 0:
                return slots[place:]
            for page in self._pages(each, lambda: min(PAGE, max(self.left, LEAST_PAGE))):
                self._send_page(page, each.standing)
                if self.left <= 0:
                    break
        return ()

    def _send_page(self, page: Sequence[Send], standing: Standing) -> None:
        wanted = [row for row in page if self._wants_queue(row, standing)][: self.left]
        old = [row for row in page if self._is_old_claim(row)]
        marked = [row for row, done in zip(wanted, self._each(self._queue, wanted), strict=True) if done]
        for row in marked:
            self._count(_QUEUED[row.state], 1)
        self._put([SendKey(row.subject, row.campaign) for row in marked])
        self._count("unknown", sum(self._each(partial(self._give_up, standing=standing), old)))

    def _wants_queue(self, row: Send, standing: Standing) -> bool:
        if row.state == "queued":
            return row.queued_at_ms <= self.queued_before_ms
        return row.state == "planned" or (_is_sent_again(row) and standing.campaign.resend == "unknown")

    def _queue(self, row: Send) -> bool:
        """Mark a row as queued, before its message: a message that is lost then is missed after a while.

        A row that holds this very moment is marked too: the SDK repeated a write whose answer was lost.
        """
        key, sends = SendKey(row.subject, row.campaign), self.ports.sends
        if row.state == "queued":
            expected: dict[str, str | int] = {"state": "queued", "queued_at_ms": row.queued_at_ms}
            moved = sends.amend(key, expected, queued_at_ms=self.now_ms)
        else:
            moved = sends.move(key, "queued", leaving=frozenset({row.state}), queued_at_ms=self.now_ms)
        now = moved.row
        return moved.won or (now is not None and now.state == "queued" and now.queued_at_ms == self.now_ms)

    def _put(self, keys: Sequence[SendKey]) -> None:
        """Put messages on the queue, each with its place in the minute; rows without one are marked as such."""
        if not keys:
            return
        first = self.counts.waiting + self.counts.budget - self.left
        delayed = [(key, delay_seconds(first + place, self.quota.per_second)) for place, key in enumerate(keys)]
        self.left -= len(keys)
        expected: dict[str, str | int] = {"state": "queued", "queued_at_ms": self.now_ms}
        for key in self.ports.queue.put(delayed):
            self.counts.unqueued += 1
            self.ports.sends.amend(key, expected, queued_at_ms=0)

    # --- slots of campaigns that are over, and of those that may not send now ----------------------------------------
    def settle(self, each: _Open) -> None:
        """Skip whatever of a slot is planned or queued, with the reason for which its campaign is over."""
        for page in self._pages(each, lambda: min(PAGE, self.rows_left)):
            self.rows_left -= len(page)
            waiting = [row for row in page if row.state in WAITING]
            self._count("skipped", sum(self._each(partial(self._skip, reason=each.over or ""), waiting)))
            old = [row for row in page if self._is_old_claim(row)]
            self._count("unknown", sum(self._each(partial(self._give_up, standing=None), old)))
            self._each(self._forget, [row for row in page if _is_sent_again(row)])
            if self.rows_left <= 0:
                break

    def _skip(self, row: Send, reason: str) -> bool:
        key = SendKey(row.subject, row.campaign)
        return self.ports.sends.move(key, "skipped", leaving=WAITING, reason=reason, settled_at_ms=self.now_ms).won

    def _forget(self, row: Send) -> bool:
        """Take an unknown row that was to be sent again out of the index: its campaign is over."""
        return self.ports.sends.amend(SendKey(row.subject, row.campaign), {"state": "unknown"}, slot="").won

    def watch(self, slots: Sequence[_Open]) -> None:
        """Look for old claims in slots whose campaigns may not send now.

        A slot that is younger than such a claim cannot hold one. Rows leave `planned` in the order of the index, so
        a page of planned rows ends the search. Of many slots a part is watched, another one every minute.
        """
        old = [each for each in slots if is_due(each.slot.slot, self.claimed_before_ms)]
        start = (self.now_ms // MINUTE_MS * MOST_WATCHED) % len(old) if len(old) > MOST_WATCHED else 0
        for each in (old[start:] + old[:start])[:MOST_WATCHED]:
            for page in self._pages(each, lambda: min(PAGE, self.rows_left)):
                self.rows_left -= len(page)
                claims = [row for row in page if self._is_old_claim(row)]
                self._count("unknown", sum(self._each(partial(self._give_up, standing=each.standing), claims)))
                if self.rows_left <= 0 or all(row.state == "planned" for row in page):
                    break

    # --- what all three need -----------------------------------------------------------------------------------------
    def _pages(self, each: _Open, limit: Callable[[], int]) -> Iterator[Sequence[Send]]:
        """Read a slot's rows page by page; one without rows is closed when it is time.

        A row may be shown as it was a moment ago: what is done with it is a write that only fits the row as shown.
        """
        after: SendKey | None = None
        slot, sends = each.slot, self.ports.sends
        while (size := limit()) > 0 and not self.is_late():
            keys = sends.due(slot.slot, slot.campaign, limit=size, after=after)
            if after is None:
                self._note(each, empty=not keys)
            if not keys:
                return
            rows = sends.get_many(keys, consistent=False)
            yield [rows[key] for key in keys if key in rows]
            if len(keys) < size:
                return
            after = keys[-1]

    def _note(self, each: _Open, *, empty: bool) -> None:
        """Close a slot that is seen empty twice, 15 minutes apart: the index lags, and planning may still add rows."""
        slot, campaigns = each.slot, self.ports.campaigns
        if not empty:
            if slot.empty_since_ms:
                campaigns.open_slot(slot.slot, slot.campaign)
        elif each.standing.planning != "planning":
            if not slot.empty_since_ms:
                campaigns.note_empty(slot, self.now_ms)
            elif self.now_ms - slot.empty_since_ms >= CLOSE_AFTER_MS:
                campaigns.close_slot(slot)
                self.counts.closed += 1

    def _is_old_claim(self, row: Send) -> bool:
        return row.state == "claimed" and row.claimed_at_ms <= self.claimed_before_ms

    def _give_up(self, row: Send, standing: Standing | None) -> bool:
        """Say that nobody knows; the row keeps its slot where its campaign sends such mails again."""
        keeps = standing is not None and standing.campaign.resend == "unknown"
        kept = {"slot": row.slot} if keeps else {}
        key, sends = SendKey(row.subject, row.campaign), self.ports.sends
        moved = sends.move(key, "unknown", leaving=CLAIMED, owned_by=row.claim, settled_at_ms=self.now_ms, **kept)
        return moved.won

    def _each(self, step: Callable[[Send], bool], rows: Sequence[Send]) -> list[bool]:
        return list(self.ports.spread(step, rows)) if rows else []

    def _count(self, name: str, more: int) -> None:
        setattr(self.counts, name, getattr(self.counts, name) + more)


def _is_sent_again(row: Send) -> bool:
    """Say whether an unknown row waits to be sent again: those that do not have no slot."""
    return row.state == "unknown" and bool(row.slot)
