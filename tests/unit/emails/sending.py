"""A small world to send in: one campaign, some people, everything in memory; for the tests of sending."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.deliver import Delivery, deliver
from addressee.emails.dispatch import Counts, Dispatching, dispatch
from addressee.emails.outcome import Outcome
from addressee.emails.ports import Mail, Quota, Rendered, RenderFailed, SendKey
from addressee.emails.prepare import Making
from addressee.emails.send import Send, slot_of
from addressee.emails.states import State
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.decisions import InMemoryDecisions, InMemoryPeople, ToldChampions
from tests.fakes.items import InMemoryItemStore
from tests.fakes.mailer import InMemoryMailer, ToldQuotas
from tests.fakes.queue import InMemoryQueue
from tests.fakes.sends import InMemorySends
from tests.fakes.suppressions import InMemorySuppressions
from tests.fakes.touches import InMemoryTouches
from tests.unit.decisions.people import champions
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, NOON, campaign, somebody, subject

KEY = b"a key of these tests"
NOW = NOON + HOUR_MS
ROW = SendKey(subject(1), "autumn")
SLOT = slot_of(subject(1), NOON)
OURS = f"{ROW.subject}.{ROW.campaign}"
"""The send id of the row."""


class PlainRenderer:
    """Writes who gets what in plain words; breaks for the campaigns of `broken`."""

    def __init__(self) -> None:
        """Break nothing."""
        self.broken: set[str] = set()

    def render(self, send: Send, person: Person, standing: Standing, decision: Decision, *, now_ms: int) -> Rendered:
        """Render one mail."""
        del standing, now_ms
        if send.campaign in self.broken:
            raise RenderFailed("no title")
        values = f"{person.address}: {[each.item_id for each in decision.products]}".encode()
        return Rendered(Mail(person.address, values, {"send_id": send.send_id}), f"{zlib.crc32(values):08x}", values)


class World:
    """Everything that sending touches, in memory. `now_ms` is the time; people 1 to 9 have consent."""

    def __init__(self, *campaigns: EmailCampaign, **standing: object) -> None:
        """Run the campaigns, one called `autumn` if none is given, with one queued mail for person 1 in each."""
        told = campaigns or (campaign(),)
        self.now_ms = NOW
        self.campaigns = InMemoryCampaigns(*(Standing(each, **{"planning": "planned", **standing}) for each in told))
        self.sends = InMemorySends(*(self.row(each.campaign_id) for each in told))
        self.people = InMemoryPeople(*(somebody(number) for number in range(1, 10)))
        self.suppressions = InMemorySuppressions()
        self.decisions = InMemoryDecisions()
        self.champions = ToldChampions(champions(buy_again=("milk", "eggs"), popular=("jam", "tea")))
        self.renderer, self.mailer, self.queue = PlainRenderer(), InMemoryMailer(), InMemoryQueue()
        self.quotas = ToldQuotas(Quota(10, -1, 0))
        self._claims = count(1)

    @staticmethod
    def row(campaign_id: str = "autumn", state: State = "queued", number: int = 1, **given: object) -> Send:
        """Make the row of a person; what is not settled is due since noon."""
        known = {"slot": slot_of(subject(number), NOON), "due_ms": NOON, "planned_at_ms": NOON - DAY_MS}
        if state == "queued":
            known["queued_at_ms"] = NOW - 1000
        return Send(subject(number), campaign_id, state, **{**known, **given})

    def hold(self, *rows: Send) -> None:
        """Hold these rows alone, and open their slots."""
        self.sends.rows = {SendKey(row.subject, row.campaign): row for row in rows}
        for row in rows:
            if row.slot:
                self.campaigns.open_slot(row.slot, row.campaign)

    def delivery(self) -> Delivery:
        """Wire a delivery."""
        items = InMemoryItemStore()
        items.rows = {name: {"item_id": name, "title": name, "category": "food"} for name in ("milk", "jam", "tea")}
        return Delivery(
            key=lambda: KEY,
            sends=self.sends,
            campaigns=self.campaigns,
            people=self.people,
            suppressions=self.suppressions,
            making=Making(self.decisions, items, self.champions, self.renderer),
            touches=InMemoryTouches(self.people),
            mailer=self.mailer,
        )

    def dispatching(self) -> Dispatching:
        """Wire a dispatcher."""
        return Dispatching(self.sends, self.campaigns, self.queue, self.quotas)

    def deliver(self, key: SendKey = ROW, ports: Delivery | None = None) -> Outcome:
        """Deliver a mail as a new attempt."""
        return deliver(key, ports or self.delivery(), now_ms=lambda: self.now_ms, claim=f"claim-{next(self._claims)}")

    def dispatch(self, ports: Dispatching | None = None, **given: Any) -> Counts:
        """Dispatch at the world's time; claims are old after a day."""
        return dispatch(ports or self.dispatching(), **{"now_ms": self.now_ms, "unknown_after_ms": DAY_MS, **given})

    def queued(self) -> list[tuple[str, int]]:
        """Return who was queued, by campaign and number of the person, in order."""
        return [(key.campaign, int(key.subject[8:], 16)) for key, _ in self.queue.messages]

    def know(self, number: int = 1, **changes: object) -> None:
        """Change what is known of a person."""
        person = self.people.people[subject(number)]
        self.people.people[person.subject] = replace(person, **changes)

    def stand(self, campaign_id: str = "autumn", **changes: object) -> None:
        """Change how a campaign stands."""
        self.campaigns.standings[campaign_id] = replace(self.campaigns.standings[campaign_id], **changes)

    def states(self) -> Sequence[tuple[str, str]]:
        """Return the state and the reason of every row, by key."""
        return [(row.state, row.reason) for _, row in sorted(self.sends.rows.items())]


def replaced(port: object, **methods: Callable[..., object]) -> object:
    """Make a port of which some methods are others; `methods` get the port's own as their first argument."""

    class Replaced:
        def __getattr__(self, name: str) -> object:
            own = getattr(port, name)
            return (lambda *given, **named: methods[name](own, *given, **named)) if name in methods else own

    return Replaced()
