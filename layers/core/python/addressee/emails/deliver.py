"""The use case of one mail: check again, decide, render, claim, one call, confirm. A mail goes out at most once.

Whoever dies, dies between two of these steps: before the claim nothing has happened, and the message comes back; after
it nobody else sends, and the row is settled by the SES event or becomes `unknown`. `docs/sending.md` goes through all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from addressee.decisions.eligibility import WEEK_MS
from addressee.decisions.person import Person
from addressee.decisions.ports import People, Suppressions
from addressee.emails.campaign import Standing
from addressee.emails.outcome import Outcome, record
from addressee.emails.ports import (
    CampaignStore,
    Mailer,
    Rendered,
    RenderFailed,
    SendKey,
    SendStore,
    Touches,
)
from addressee.emails.prepare import Making, prepare
from addressee.emails.recheck import EXPIRED, over, quiet_until, refused
from addressee.emails.send import Send, slot_of
from addressee.emails.states import State
from addressee.profiles.subject import address_hash

ROUNDS = 6
FRESH_TOUCH_MS = 60_000
NO_END_MS = 2**62
QUEUED: frozenset[State] = frozenset({"queued"})


class CampaignMissing(Exception):
    """A row names a campaign that does not exist."""


class TouchesStayContended(Exception):
    """Other mails to the same person were noted first, `ROUNDS` times in a row."""


class _Claim(NamedTuple):
    name: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What delivering needs. `key` returns the secret key of every subject; `people` reads consistently."""

    key: Callable[[], bytes]
    sends: SendStore
    campaigns: CampaignStore
    people: People
    suppressions: Suppressions
    making: Making
    touches: Touches
    mailer: Mailer


def deliver(
    key: SendKey, ports: Delivery, *, now_ms: Callable[[], int], claim: str, claim_until_ms: int = NO_END_MS
) -> Outcome:
    """Deliver the mail of a row, if it is still wanted. `claim` is new for every call, never the message's own id.

    From `claim_until_ms` on nothing is claimed: the process may not live to hear the mail service's answer. Returns
    what happened; the message is done unless `comes_back`. Raises what reading, deciding or claiming raises: then
    nothing was sent, and the message has to come back.
    """
    row = ports.sends.get(key)
    if row is None or row.state != "queued":
        return Outcome("dropped", "" if row is None else row.state)
    standing = ports.campaigns.get(key.campaign)
    if standing is None:
        raise CampaignMissing(key.campaign)
    if standing.status == "paused":
        ports.sends.amend(key, {"state": "queued", "queued_at_ms": row.queued_at_ms}, queued_at_ms=0)
        return Outcome("paused")
    if (reason := over(standing, now_ms=now_ms())) is not None:
        return _skip(key, ports, reason, now_ms())
    return _deliver(row, standing, ports, now_ms, _Claim(claim, claim_until_ms))


def _deliver(row: Send, standing: Standing, ports: Delivery, now_ms: Callable[[], int], claim: _Claim) -> Outcome:
    key = SendKey(row.subject, row.campaign)
    try:
        ready = _ready(row, standing, ports, now_ms)
    except RenderFailed as failure:
        ports.sends.move(key, "failed", leaving=QUEUED, reason="render", settled_at_ms=now_ms())
        return Outcome("failed", str(failure))
    if isinstance(ready, Outcome):
        return ready
    if (at_ms := now_ms()) >= claim.until_ms:
        return Outcome("late", comes_back=True)
    if not _claimed(key, ports, claim.name, claimed_at_ms=at_ms, content=ready.content):
        return Outcome("dropped", "claimed by another")
    try:
        answer = ports.mailer.send(ready.mail)
    except Exception as error:  # noqa: BLE001  # whatever it is, nobody knows whether the mail went out: the claim stays
        return Outcome("unanswered", type(error).__name__)
    return record(key, ports.sends, answer, claim.name, now_ms())


def _skip(key: SendKey, ports: Delivery, reason: str, at_ms: int) -> Outcome:
    ports.sends.move(key, "skipped", leaving=QUEUED, reason=reason, settled_at_ms=at_ms)
    return Outcome("skipped", reason)


def _ready(row: Send, standing: Standing, ports: Delivery, now_ms: Callable[[], int]) -> Rendered | Outcome:
    """Return the mail, noted beside the person, or what became of the row instead.

    Where another mail to this person was noted meanwhile, everything is read and asked again: two campaigns at the
    same moment cannot both pass a cap.
    """
    for _ in range(ROUNDS):
        person = _person(row.subject, ports)
        at_ms = now_ms()
        reason = refused(row.subject, person, standing.campaign.rules, now_ms=at_ms)
        if reason is not None:
            return _skip(SendKey(row.subject, row.campaign), ports, reason, at_ms)
        later_ms = quiet_until(person, standing.campaign.rules, now_ms=at_ms)
        if later_ms is not None:
            return _put_off(row, standing, ports, later_ms, at_ms)
        rendered = prepare(row, person, standing, ports.making, now_ms=at_ms)
        if _noted(row.send_id, person, ports.touches, at_ms):
            return rendered
    raise TouchesStayContended(row.send_id)


def _put_off(row: Send, standing: Standing, ports: Delivery, later_ms: int, at_ms: int) -> Outcome:
    """Plan the row anew for the end of the person's quiet hours, if the campaign's window lasts that long.

    The slot is opened before, so that no row is without an open one, and after, for it may have been closed meanwhile.
    """
    key = SendKey(row.subject, row.campaign)
    if later_ms >= standing.campaign.end_ms:
        return _skip(key, ports, EXPIRED, at_ms)
    slot = slot_of(row.subject, later_ms)
    ports.campaigns.open_slot(slot, row.campaign)
    ports.sends.move(key, "planned", leaving=QUEUED, slot=slot, due_ms=later_ms, queued_at_ms=0)
    ports.campaigns.open_slot(slot, row.campaign)
    return Outcome("put_off")


def _person(subject: str, ports: Delivery) -> Person:
    """Read a person and what the suppression list says of the address; a fault flies."""
    person = ports.people.get(subject)
    if not person.granted or not person.address:
        return person
    return replace(person, suppression=ports.suppressions.reason(address_hash(person.address, key=ports.key())))


def _noted(send_id: str, person: Person, touches: Touches, at_ms: int) -> bool:
    """Note this send, so that others count it from now on; one that this send noted just now stands."""
    if dict(person.touches).get(send_id, 0) > at_ms - FRESH_TOUCH_MS:
        return True
    noted = recent(person.touches, send_id, at_ms)
    return touches.note(person.subject, noted, version=person.touches_version)


def recent(touches: Iterable[tuple[str, int]], send_id: str, at_ms: int) -> list[tuple[str, int]]:
    """Return the touches of the 7 days before `at_ms`, this send among them, once, as the last."""
    kept = [(other, noted_ms) for other, noted_ms in touches if other != send_id and noted_ms > at_ms - WEEK_MS]
    return [*kept, (send_id, at_ms)]


def _claimed(key: SendKey, ports: Delivery, claim: str, *, claimed_at_ms: int, content: str) -> bool:
    """Claim the row; say whether it is this call's, which a lost answer or a repeat of the SDK does not change."""
    try:
        moved = ports.sends.move(
            key, "claimed", leaving=QUEUED, claim=claim, claimed_at_ms=claimed_at_ms, content=content
        )
        row = moved.row
    except Exception:  # whatever it was, the claim may be written all the same: the row tells, else the fault flies on
        row = ports.sends.get(key)
        if row is None or row.claim != claim:
            raise
    return row is not None and row.state == "claimed" and row.claim == claim
