"""Simulated messages of a few shoppers who browse, log in and buy; and what a stream of them must come to."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from addressee.events.times import from_ms
from addressee.profiles.batch import Record
from addressee.profiles.features import event_vector
from addressee.profiles.packing import unpack
from addressee.profiles.state import State
from addressee.profiles.subject import subject_of
from addressee.profiles.update import Counts, Ports, update_profiles
from tests.fakes.people import InMemoryPersonStore
from tests.fakes.profiles import InlinePool, InMemoryLake, InMemoryProfileStore, InMemoryQuarantine

KEY = b"a made-up key"
NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000


def user_subject(user_id: str) -> str:
    """Derive a user's subject."""
    return subject_of(user_id, kind="user", key=KEY)


def visitor_subject(anonymous_id: str) -> str:
    """Derive an anonymous subject."""
    return subject_of(anonymous_id, kind="anonymous", key=KEY)


def message(kind: str, message_id: str, **fields: Any) -> bytes:
    """Write a Segment message, as `collect_events` would put it on the stream."""
    times = {"receivedAt": from_ms(NOW_MS - 1000), "timestamp": from_ms(fields.pop("at_ms", NOW_MS - 2000))}
    return json.dumps({"type": kind, "messageId": message_id, **times, **fields}).encode()


def order(message_id: str, *, at_ms: int = NOW_MS - 2000, item: str = "tea", **who: str) -> bytes:
    """Write an order of one item for 5.00."""
    product = {"product_id": item, "price": 5.0, "quantity": 1, "category": "drinks"}
    properties = {"order_id": f"o-{message_id}", "revenue": 5.0, "currency": "EUR", "products": [product]}
    return message("track", message_id, event="Order Completed", properties=properties, at_ms=at_ms, **who)


def record(number: int, key: str, data: bytes) -> Record:
    """Build a record; numbers of a key must rise."""
    return Record(
        key, str(49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898 + number), data, NOW_MS
    )


def records_of(messages: Iterable[tuple[str, bytes]]) -> list[Record]:
    """Build the records of (partition key, message) pairs, in their order."""
    return [record(number, key, data) for number, (key, data) in enumerate(messages, 1)]


def fresh_ports() -> Ports:
    """Build ports in memory, nobody known."""
    return Ports(InMemoryProfileStore(), InMemoryLake(), InMemoryQuarantine(), InMemoryPersonStore(), InlinePool())


def fold(ports: Ports, *messages: tuple[str, bytes]) -> Counts:
    """Fold (partition key, message) pairs as one batch."""
    return update_profiles(records_of(messages), ports, key=KEY)


def state_of(ports: Ports, subject: str) -> State:
    """Read a subject's state, following its pointer."""
    row = ports.store.read([subject])[subject]
    return state_of(ports, row.merged_into) if row.merged_into else unpack(row.packed)


@dataclass(frozen=True)
class Story:
    """Messages by partition key in the order sent, and what is in them."""

    messages: Sequence[tuple[str, bytes]]
    users: Sequence[str]
    visitors: Sequence[str]
    garbage: Sequence[bytes]
    message_ids: frozenset[str]


def simulate(rng: Random, *, users: int = 4, steps: int = 60) -> Story:
    """Simulate shoppers: each has two browsers, is anonymous in them first, and logs in at some point in each."""
    messages: list[tuple[str, bytes]] = []
    garbage: list[bytes] = []
    logged_in: set[str] = set()
    for step in range(steps):
        user, browser = f"user-{rng.randrange(users)}", rng.randrange(2)
        visitor = f"{user}-browser-{browser}"
        at_ms = NOW_MS - rng.randrange(20 * DAY_MS)
        number = f"m{step}"
        if rng.random() < 0.08:
            bad = (
                rng.choice([b"not json", b'{"type": "track"}{"type": "track"}', b"\xff\xfe", b"[]", b""]) + b" " * step
            )
            garbage.append(bad)
            messages.append((user, bad))
            continue
        if rng.random() < 0.15:
            logged_in.add(visitor)
            who = {"userId": user, "anonymousId": visitor}
            key = rng.choice([user, visitor])
            kinds = [
                message("identify", number, traits={"city": f"city {step}"}, at_ms=at_ms, **who),
                message("alias", number, userId=user, previousId=visitor, at_ms=at_ms),
                order(number, at_ms=at_ms, **who),
            ]
            kind = rng.randrange(3)
            messages.append((user if kind == 1 else key, kinds[kind]))
        elif rng.random() < 0.1:
            traits = {"city": f"visited {step}", "plan": f"plan {step % 3}"}
            messages.append((visitor, message("identify", number, anonymousId=visitor, traits=traits, at_ms=at_ms)))
        elif visitor in logged_in and rng.random() < 0.6:
            who = {"userId": user} | ({"anonymousId": visitor} if rng.random() < 0.5 else {})
            messages.append((user, order(number, at_ms=at_ms, item=f"item-{step % 7}", **who)))
        else:
            messages.append((visitor, order(number, at_ms=at_ms, item=f"item-{step % 5}", anonymousId=visitor)))
        if rng.random() < 0.1:
            messages.append(messages[-1])
    for user in (f"user-{number}" for number in range(users)):
        for browser in range(2):
            visitor = f"{user}-browser-{browser}"
            messages.append((user, message("alias", f"end-{visitor}", userId=user, previousId=visitor)))
    names = [f"user-{number}" for number in range(users)]
    visitors = [f"{name}-browser-{browser}" for name in names for browser in range(2)]
    readable = [json.loads(data) for _, data in messages if data not in garbage]
    return Story(messages, names, visitors, garbage, frozenset(each["messageId"] for each in readable))


def comparable(state: State) -> dict[str, Any]:
    """Reduce a state to what must be equal whatever the order of events."""
    return {
        "bought": state.bought,
        "messages": set(state.messages),
        "revenue": state.revenue_minor_units,
        "orders": state.orders,
        "hours": bytes(state.hour_of_week),
        "days": state.active_days,
    }


def assert_same_world(ports: Any, expected: Any, story: Story) -> None:  # any ports whose rows can be looked at
    """Check that profiles, lake, quarantine and traits are those of the same story told without trouble."""
    for user in story.users:
        found, wanted = state_of(ports, user_subject(user)), state_of(expected, user_subject(user))
        assert comparable(found) == comparable(wanted)
        assert event_vector(found, NOW_MS) == pytest.approx(event_vector(wanted, NOW_MS), rel=1e-9, abs=1e-9)
    for visitor in story.visitors:
        row = ports.store.rows[visitor_subject(visitor)]
        assert row.merged_into == user_subject(visitor.partition("-browser")[0])
    merges = {f"merge-{visitor_subject(visitor)}" for visitor in story.visitors}
    assert set(ports.lake.distinct()) == story.message_ids | merges
    assert set(ports.quarantine.records) == set(story.garbage)
    for user in story.users:
        found, wanted = (each.people.rows.get((user_subject(user), "traits")) for each in (ports, expected))
        assert found == wanted
