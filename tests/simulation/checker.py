"""The checker: every promise of sending, held against a whole history and the tables that it left."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from addressee.emails.audience import held_out
from addressee.emails.campaign import EmailCampaign
from addressee.emails.ports import SendKey
from addressee.emails.send import Send
from addressee.emails.states import REACHED, UNSETTLED
from addressee.profiles.state import DAY_MS
from tests.simulation.faults import LOST_ANSWER, REFUSED, TIMED_OUT
from tests.simulation.history import ASKS, FACT, FAULT, KILLED
from tests.simulation.ours import Addressee
from tests.simulation.people import AT_CAP, EARLIER_TOUCHES
from tests.simulation.result import Result
from tests.simulation.stops import RECHECKS, Stops
from tests.simulation.world import GO, STOP, World

SENT_TWICE, UNSETTLED_ROW, AFTER_STOP = "sent_twice", "unsettled", "sent_after_stop"
UNEXPLAINED, IGNORED, OVER_CAP = "unknown_unexplained", "event_ignored", "over_cap"
UNPLANNED, MISTOLD, IMPOSSIBLE = "unplanned", "mistold", "impossible_move"
KINDS = (SENT_TWICE, UNSETTLED_ROW, AFTER_STOP, UNEXPLAINED, IGNORED, OVER_CAP, UNPLANNED, MISTOLD, IMPOSSIBLE)
DOUBTFUL = frozenset({KILLED, LOST_ANSWER, TIMED_OUT})
"""Faults after which nobody may know what the mail service said."""
RECORDING_ATTEMPTS = 3
SLACK_MS = 17 * 60_000
"""A mail is counted when it is noted, at most 15 minutes and two clocks' skew before it is accepted."""
OUT = frozenset({"sent", "delivered", "bounced", "complained"})
SHOWN_BY: Mapping[str, frozenset[str]] = {
    "Send": OUT | {"failed"},
    "Delivery": OUT - {"sent"},
    "Bounce": frozenset({"bounced", "complained"}),
    "Complaint": frozenset({"bounced", "complained"}),
    "Reject": frozenset({"failed", "delivered", "bounced", "complained"}),
}
"""A handled event -> the states in which its row may end: what the event says, or what came after it."""
_FOLLOWED = frozenset({"sends.move", "sends.get", "mailer.send", *RECHECKS})
Problem = tuple[str, str]


def check(seed: int, world: World, sender: Addressee) -> Result:
    """Check everything; each broken promise is a sentence and is counted by kind."""
    facts = _Facts(world, sender)
    problems = [problem for rule in RULES for problem in rule(facts)]
    return Result(
        seed,
        world.gate.counts,
        world.history,
        [f"{kind}: {sentence}" for kind, sentence in problems],
        Counter(kind for kind, _ in problems),
        Counter(row.state if row.state != "skipped" else f"skipped {row.reason}" for row in sender.sends.rows.values()),
        recipients=len(world.crowd.everybody),
        workers=world.workers,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim: who made it, and the place of the entry that asked for it."""

    actor: str
    place: int


class _Facts:
    """What the rules ask of a history, gathered in one pass."""

    def __init__(self, world: World, sender: Addressee) -> None:
        self.world, self.sender = world, sender
        self.rows: Mapping[SendKey, Send] = sender.sends.rows
        self.campaigns = {campaign.campaign_id: campaign for campaign in world.campaigns}
        self.claims: dict[str, Claim] = {}
        self.attempts: dict[str, list[int]] = defaultdict(list)
        self.faults: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.handled: dict[str, set[str]] = defaultdict(set)
        self.after_stop: list[str] = []
        self._stops = Stops({each.subject: each.address_hash for each in world.crowd.everybody})
        for place, (_, _, actor, what, call, given) in enumerate(world.history.rows):
            if what == FAULT:
                self.faults[actor].append((place, given))
            elif what == KILLED:
                self.faults[actor].append((place, KILLED))
            elif what == FACT:
                self._note(call, given)
            elif what == ASKS and call in _FOLLOWED and actor.startswith("send_email"):
                self._follow(place, actor, call, given)
        self.accepted = Counter(taken.send_id for taken in world.service.taken)

    def _note(self, fact: str, about: Any) -> None:
        if fact == STOP:
            self._stops.stop(about)
        elif fact == GO:
            self._stops.go(about)
        else:
            kind, send_id = about
            self.handled[send_id].add(kind)

    def _follow(self, place: int, actor: str, call: str, given: Any) -> None:
        """Follow a worker of ours through its mails."""
        if call == "sends.move":
            (_, to), named = given
            if to == "claimed":
                self.claims[named["claim"]] = Claim(actor, place)
        elif call == "sends.get":
            self._stops.begin(actor, given[0])
        elif call == "mailer.send":
            self.after_stop += self._stops.send(actor)
        else:
            if call == "campaigns.get":
                self.attempts[actor].append(place)
            self._stops.read(actor, call, given[0])

    def at_most_once(self, campaign: str) -> bool:
        return self.campaigns[campaign].resend == "never"

    def doubts(self, claim: Claim) -> list[str]:
        """List the faults of whoever made a claim, until they turned to another mail."""
        until = next((place for place in self.attempts[claim.actor] if place > claim.place), 2**62)
        return [fault for place, fault in self.faults[claim.actor] if claim.place < place < until]


def _sent_twice(facts: _Facts) -> Iterator[Problem]:
    for send_id, times in facts.accepted.items():
        if times > 1 and facts.at_most_once(send_id.partition(".")[2]):
            yield SENT_TWICE, f"{send_id} was accepted {times} times"


def _unsettled(facts: _Facts) -> Iterator[Problem]:
    for key, row in facts.rows.items():
        if row.state in UNSETTLED:
            yield UNSETTLED_ROW, f"{row.send_id} ended as {row.state}"
        elif row.slot and facts.at_most_once(key.campaign):
            yield UNSETTLED_ROW, f"{row.send_id} is {row.state} and still has a slot"
    for (campaign, _), chunk in facts.sender.chunks.stored.items():
        planned = facts.sender.campaigns.standings[campaign].planning == "planned"
        for each in chunk.recipients if planned else ():
            if SendKey(each.subject, campaign) not in facts.rows:
                yield UNSETTLED_ROW, f"{each.subject}.{campaign} is planned and has no row"


def _after_stop(facts: _Facts) -> Iterator[Problem]:
    for sentence in facts.after_stop:
        yield AFTER_STOP, sentence


def _unexplained(facts: _Facts) -> Iterator[Problem]:
    for row in facts.rows.values():
        if row.state != "unknown":
            continue
        faults = facts.doubts(facts.claims[row.claim])
        if not DOUBTFUL & set(faults) and faults.count(REFUSED) < RECORDING_ATTEMPTS:
            yield UNEXPLAINED, f"{row.send_id} is unknown, and its sender only had {faults}"


def _ignored(facts: _Facts) -> Iterator[Problem]:
    for send_id, kinds in facts.handled.items():
        subject, _, campaign = send_id.partition(".")
        if campaign and facts.at_most_once(campaign):
            row = facts.rows[SendKey(subject, campaign)]
            for kind in kinds:
                if row.state not in SHOWN_BY[kind]:
                    yield IGNORED, f"{send_id} is {row.state} after its {kind} event"


def _over_cap(facts: _Facts) -> Iterator[Problem]:
    """Find people who got more than the caps allow, in whichever order their mails were let through.

    A mail is let through where fewer mails than its campaign's cap came before it: so of those of a day, in the order
    of their caps, the first needs a cap of 1, the second of 2, and so on.
    """
    mails: dict[str, dict[str, int]] = defaultdict(dict)
    for taken in facts.world.service.taken:
        subject, _, campaign = taken.send_id.partition(".")
        mails[subject].setdefault(campaign, taken.at_ms)
    earlier = {each.subject: len(EARLIER_TOUCHES) for each in facts.world.crowd.everybody if each.condition == AT_CAP}
    for subject, sent in mails.items():
        begun = earlier.get(subject, 0)
        rules = {campaign: facts.campaigns[campaign].rules for campaign in sent}
        if _crowded((rules[campaign].cap_per_week for campaign in sent), begun):
            yield OVER_CAP, f"{subject} got {sent}, beyond the cap of a week"
        for at_ms in sent.values():
            day = [campaign for campaign, other_ms in sent.items() if at_ms - DAY_MS + SLACK_MS < other_ms <= at_ms]
            if _crowded((rules[campaign].cap_per_day for campaign in day), begun):
                yield OVER_CAP, f"{subject} got {day}, beyond the cap of a day"


def _crowded(caps: Iterable[int], begun: int) -> bool:
    return any(cap <= place for place, cap in enumerate(sorted(caps), begun))


def _unplanned(facts: _Facts) -> Iterator[Problem]:
    people = facts.world.crowd.by_subject()
    for taken in facts.world.service.calls:
        subject, _, campaign = taken.send_id.partition(".")
        row = facts.rows.get(SendKey(subject, campaign))
        if row is None:
            yield UNPLANNED, f"{taken.send_id} went out without a row"
        elif _is_held_out(subject, facts.campaigns[campaign]):
            yield UNPLANNED, f"{taken.send_id} went out to somebody held out"
        elif taken.to != people[subject].address:
            yield UNPLANNED, f"{taken.send_id} went to {taken.to}"


def _is_held_out(subject: str, campaign: EmailCampaign) -> bool:
    return held_out(subject, salt=campaign.holdout_salt, share=campaign.holdout_share)


def _mistold(facts: _Facts) -> Iterator[Problem]:
    """Find rows that say another thing than happened: lost silently, or out though the row says no."""
    for key, row in facts.rows.items():
        out = facts.accepted[row.send_id] > 0
        if row.state in OUT and not out:
            yield MISTOLD, f"{row.send_id} is {row.state}, and no mail was accepted"
        if out and facts.at_most_once(key.campaign) and not _admits(row, facts):
            yield MISTOLD, f"{row.send_id} is {row.state} {row.reason}, and the mail went out"
        held = _is_held_out(key.subject, facts.campaigns[key.campaign])
        if row.reason != "no_hour" and held != (row.state == "skipped" and row.reason == "holdout"):
            yield MISTOLD, f"{row.send_id} is {row.state} {row.reason}, held out: {held}"


def _admits(row: Send, facts: _Facts) -> bool:
    rejected = row.state == "failed" and "Reject" in facts.handled[row.send_id]
    return row.state in OUT or row.state == "unknown" or rejected


def _impossible(facts: _Facts) -> Iterator[Problem]:
    for key, left, to in facts.sender.sends.moves:
        if left not in REACHED[to]:
            yield IMPOSSIBLE, f"{key.subject}.{key.campaign} went from {left} to {to}"


RULES: Iterable[Callable[[_Facts], Iterator[Problem]]] = (
    _sent_twice,
    _unsettled,
    _after_stop,
    _unexplained,
    _ignored,
    _over_cap,
    _unplanned,
    _mistold,
    _impossible,
)
