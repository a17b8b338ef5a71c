"""What a report is made from, `Scope` and `Story`, and what it says, `Results`: frozen values, no rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from addressee.emails.send import Send
from addressee.feedback.attribution import Engagement, Kind, OrderEvent
from addressee.feedback.holdout import Comparison
from addressee.feedback.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Scope:
    """Which campaign, and which time: from `start_ms` until, not including, `until_ms`, a touch counting `window_ms`.

    `holdout_share` is the share that was to be held out. `segments_as_of` is the day of the segments, before any mail.
    """

    campaign: str
    start_ms: int
    until_ms: int
    window_ms: int
    holdout_share: float = 0.0
    segments_as_of: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that was read: the campaign's rows, rows of the lake about its people, their segments by kind."""

    sends: Sequence[Send]
    engagements: Sequence[Engagement] = ()
    orders: Sequence[OrderEvent] = ()
    segments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Outcome(NamedTuple):
    """How many rows ended, or stand, in a state for a reason."""

    state: str
    reason: str
    rows: int


class Engaged(NamedTuple):
    """How many people did something, and how often."""

    people: int
    times: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """People, each step a part of the one before; `bought` bought after a click, credited to this campaign."""

    assigned: int
    went_out: int
    delivered: int
    opened: int
    clicked: int
    bought: int


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders and their net revenue in minor units of the report's currency."""

    orders: int
    revenue_minor_units: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of delivered mails, by person, with Wilson intervals; None where nothing was delivered.

    `opened` and the rest are of humans; `opened_with_machines` is what counting every open would have said.
    """

    opened: Estimate | None
    opened_with_machines: Estimate | None
    clicked: Estimate | None
    bought: Estimate | None
    unsubscribed: Estimate | None
    complained: Estimate | None


@dataclass(frozen=True, slots=True)
class Money:
    """Orders of the campaign's people, each in one of four sorts, and revenue a delivered mail.

    `credited`: after a click of this campaign; `opened_only`: after an open of it, no click of any campaign;
    `elsewhere`: after another campaign's later click; `uncredited`: the rest, held-out people's among them. Revenue is
    net, in minor units of `currency`, that of most orders; `other_currencies` counts orders whose money is left out.
    """

    currency: str
    revenue_per_mail: Estimate | None
    credited: Sales
    opened_only: Sales
    elsewhere: Sales
    uncredited: Sales
    other_currencies: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of one kind: its people and mails, its rates, and mailed against held out within it."""

    kind: str
    name: str
    people: int
    delivered: int
    click_rate: Estimate | None
    revenue_per_mail: Estimate | None
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class Results:
    """What a report says. `engaged` counts opens and clicks by kind and label; only humans' count anywhere else."""

    scope: Scope
    outcomes: tuple[Outcome, ...]
    recipients: int
    held_out: int
    funnel: Funnel
    engaged: Mapping[Kind, Mapping[str, Engaged]]
    rates: Rates
    money: Money
    segments: tuple[Segment, ...]
    comparison: Comparison | None
