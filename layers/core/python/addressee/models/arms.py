"""The two arms of a canary, counted: what people did with mails, and how often a decision met a model that failed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from addressee.models.canary import ArmCounts, arm_of
from addressee.models.registry import Pointer, in_canary
from addressee.models.tables import CLICKS_72H, Tables


class Asked(NamedTuple):
    """A decision: whose, when, which kinds' models it asked, and which of them failed or could not be loaded."""

    subject: str
    at_ms: int
    kinds: frozenset[str]
    faults: frozenset[str]


class Arms(NamedTuple):
    """What the canary is judged by."""

    champion: ArmCounts
    challenger: ArmCounts


@dataclass(slots=True)
class _Arm:
    mails: dict[str, tuple[int, int]] = field(default_factory=dict)
    decisions: int = 0
    faults: int = 0

    def counts(self) -> ArmCounts:
        return arm_of(self.mails.values(), decisions=self.decisions, faults=self.faults)


def count_arms(kind: str, pointer: Pointer, tables: Tables, decisions: Iterable[Asked]) -> Arms:
    """Count mails and decisions since the challenger got its share.

    Who is in the canary follows from the subject alone. A mail counts once its 72 hours are over, by the tables' labels
    (human clicks); tables of many mails hold a random sample of people, each with all of their mails.
    """
    arms = (_Arm(), _Arm())
    for subject, clicked in _mails(tables, pointer.since_ms):
        arm = arms[in_canary(subject, kind, pointer.challenger, pointer.canary_share)]
        mails, clicks = arm.mails.get(subject, (0, 0))
        arm.mails[subject] = (mails + 1, clicks + clicked)
    for each in decisions:
        if each.at_ms >= pointer.since_ms and kind in each.kinds | each.faults:
            arm = arms[in_canary(each.subject, kind, pointer.challenger, pointer.canary_share)]
            arm.decisions += 1
            arm.faults += kind in each.faults
    return Arms(arms[0].counts(), arms[1].counts())


def _mails(tables: Tables, since_ms: int) -> Sequence[tuple[str, bool]]:
    sends = tables.sends
    rows = sends.known[CLICKS_72H] & (sends.sent_ms >= since_ms)
    pairs = zip(sends.subject[rows].tolist(), sends.labels[CLICKS_72H][rows].tolist(), strict=True)
    return [(tables.subjects[place], clicked) for place, clicked in pairs]
