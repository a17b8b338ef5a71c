"""`results`: what became of one campaign, from its rows, what people did with its mails, and what they bought."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from addressee.emails.plan import HOLDOUT, NO_HOUR
from addressee.emails.send import Send
from addressee.emails.states import State
from addressee.feedback.attribution import Credit, Engagement, Kind, Order, attribute, net_orders
from addressee.feedback.figures import Engaged, Funnel, Money, Outcome, Rates, Results, Sales, Scope, Segment, Story
from addressee.feedback.holdout import Comparison, compare
from addressee.feedback.intervals import Estimate, Sample, Share, student, wilson

WENT_OUT: frozenset[State] = frozenset({"sent", "delivered", "bounced", "complained"})
ARRIVED: frozenset[State] = frozenset({"delivered", "complained"})
HUMAN = "human"
LABELS = (HUMAN, "machine", "unknown")


@dataclass(frozen=True, slots=True)
class _People:
    """Subjects by what happened to them; `spend` and `credited` are minor units of whoever bought."""

    assigned: frozenset[str]
    held_out: frozenset[str]
    delivered: frozenset[str]
    complained: frozenset[str]
    did: Mapping[tuple[str, str], frozenset[str]]
    spend: Mapping[str, int]
    credited: Mapping[str, int]

    @property
    def clicked(self) -> frozenset[str]:
        """Those whose mail was delivered and who clicked in it."""
        return self.did["click", HUMAN] & self.delivered

    @property
    def opened(self) -> frozenset[str]:
        """Those whose mail was delivered and who opened it; a click says so too, where images are blocked."""
        return (self.did["open", HUMAN] | self.did["click", HUMAN]) & self.delivered

    @property
    def bought(self) -> frozenset[str]:
        """Those whose mail was delivered and who bought after a click in it."""
        return self.delivered.intersection(self.credited)


def results(scope: Scope, story: Story) -> Results:
    """Compute a campaign's results; the same story gives the same figures, in whatever order its rows come."""
    subjects = {send.subject for send in story.sends}
    engagements = [each for each in story.engagements if scope.start_ms <= each.at_ms < scope.until_ms]
    own = [each for each in engagements if each.campaign == scope.campaign and each.subject in subjects]
    orders = [
        order
        for order in net_orders(story.orders)
        if order.subject in subjects and scope.start_ms <= order.at_ms < scope.until_ms
    ]
    currency = _currency(orders)
    credits_ = attribute(orders, engagements, window_ms=scope.window_ms)
    ours = _spend([each.order for each in credits_ if each.clicked == scope.campaign], currency)
    people = _people(story.sends, own, _spend(orders, currency), ours)
    return Results(
        scope=scope,
        outcomes=_outcomes(story.sends),
        recipients=len(story.sends),
        held_out=len(people.held_out),
        funnel=_funnel(story.sends, people),
        engaged={kind: _engaged(own, kind) for kind in ("open", "click")},
        rates=_rates(people),
        money=_money(credits_, people, scope.campaign, currency),
        segments=_segments(scope, story.segments, people),
        comparison=_comparison(scope, people.assigned, people.held_out, people),
    )


def _outcomes(sends: Iterable[Send]) -> tuple[Outcome, ...]:
    counted = Counter((send.state, send.reason) for send in sends)
    return tuple(Outcome(*key, rows) for key, rows in sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def _currency(orders: Iterable[Order]) -> str:
    """Return the currency of most orders; empty where nothing was bought."""
    counted = Counter(order.currency for order in orders)
    return min(counted, key=lambda currency: (-counted[currency], currency)) if counted else ""


def _spend(orders: Iterable[Order], currency: str) -> dict[str, int]:
    """Sum what each buyer spent; somebody who bought in other currencies alone is there with 0."""
    spend: dict[str, int] = defaultdict(int)
    for order in orders:
        spend[order.subject] += order.amount_minor_units if order.currency == currency else 0
    return dict(spend)


def _people(
    sends: Iterable[Send], own: Iterable[Engagement], spend: Mapping[str, int], credited: Mapping[str, int]
) -> _People:
    """Sort people. A mail that a human opened or clicked was delivered, whatever its row knows: events may be lost.

    Whom the window left no hour was not drawn, and is in neither group.
    """
    did: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in own:
        did[each.kind, each.label].add(each.subject)
        if each.kind == "unsubscribe":
            did["unsubscribe", ""].add(each.subject)
    by_state: dict[str, set[str]] = defaultdict(set)
    for send in (each for each in sends if each.reason != NO_HOUR):
        by_state[HOLDOUT if send.reason == HOLDOUT else send.state].add(send.subject)
    held_out = frozenset(by_state.pop(HOLDOUT, ()))
    assigned = frozenset(chain.from_iterable(by_state.values()))
    seen = (did["open", HUMAN] | did["click", HUMAN]) & assigned
    return _People(
        assigned=assigned,
        held_out=held_out,
        delivered=frozenset(seen).union(*(by_state[state] for state in ARRIVED)),
        complained=frozenset(by_state["complained"]),
        did=defaultdict(frozenset, {key: frozenset(whose) for key, whose in did.items()}),
        spend=spend,
        credited=credited,
    )


def _funnel(sends: Iterable[Send], people: _People) -> Funnel:
    went_out = people.delivered.union(send.subject for send in sends if send.state in WENT_OUT)
    steps = (people.assigned, went_out, people.delivered, people.opened, people.clicked, people.bought)
    return Funnel(*(len(step) for step in steps))


def _rates(people: _People) -> Rates:
    every_open = people.opened.union(*(people.did["open", label] for label in LABELS))
    sides = (
        *(people.opened, every_open, people.clicked, people.bought),
        *(people.did["unsubscribe", ""], people.complained),
    )
    return Rates(*(_rate(side & people.delivered, people.delivered) for side in sides))


def _engaged(own: Iterable[Engagement], kind: Kind) -> dict[str, Engaged]:
    found: dict[str, list[str]] = {label: [] for label in LABELS}
    for each in own:
        if each.kind == kind:
            found.setdefault(each.label, []).append(each.subject)
    return {label: Engaged(len(set(subjects)), len(subjects)) for label, subjects in found.items()}


def _rate(some: Collection[str], of: Collection[str]) -> Estimate | None:
    return wilson(Share(len(some), len(of)))


def _per_mail(people: _People, delivered: Collection[str]) -> Estimate | None:
    amounts = [people.credited[subject] for subject in delivered if subject in people.credited]
    return student(Sample.of(amounts, len(delivered)))


def _money(credits_: Sequence[Credit], people: _People, campaign: str, currency: str) -> Money:
    """Sort orders by what they are credited to; the four sorts hold each order once."""
    sorts: dict[str, list[Order]] = defaultdict(list)
    for each in credits_:
        if each.clicked:
            sort = "credited" if each.clicked == campaign else "elsewhere"
        else:
            sort = "opened_only" if each.opened == campaign else "uncredited"
        sorts[sort].append(each.order)
    return Money(
        currency=currency,
        revenue_per_mail=_per_mail(people, people.delivered),
        credited=_sales(sorts["credited"], currency),
        opened_only=_sales(sorts["opened_only"], currency),
        elsewhere=_sales(sorts["elsewhere"], currency),
        uncredited=_sales(sorts["uncredited"], currency),
        other_currencies=sum(each.order.currency != currency for each in credits_),
    )


def _sales(orders: Sequence[Order], currency: str) -> Sales:
    return Sales(len(orders), sum(order.amount_minor_units for order in orders if order.currency == currency))


def _comparison(scope: Scope, assigned: frozenset[str], held_out: frozenset[str], people: _People) -> Comparison | None:
    return compare(assigned, held_out, people.spend, share=scope.holdout_share) if held_out else None


def _segments(scope: Scope, segments: Mapping[str, Mapping[str, str]], people: _People) -> tuple[Segment, ...]:
    """Describe each segment of each kind, the largest first within its kind; people without one are left out."""
    members: dict[tuple[str, str], set[str]] = defaultdict(set)
    for subject in people.assigned | people.held_out:
        for kind, name in segments.get(subject, {}).items():
            members[kind, name].add(subject)
    ordered = sorted(members.items(), key=lambda each: (each[0][0], -len(each[1]), each[0][1]))
    return tuple(_segment(scope, *key, frozenset(whose), people) for key, whose in ordered)


def _segment(scope: Scope, kind: str, name: str, whose: frozenset[str], people: _People) -> Segment:
    delivered = people.delivered & whose
    return Segment(
        kind=kind,
        name=name,
        people=len(whose),
        delivered=len(delivered),
        click_rate=_rate(people.clicked & whose, delivered),
        revenue_per_mail=_per_mail(people, delivered),
        comparison=_comparison(scope, people.assigned & whose, people.held_out & whose, people),
    )
