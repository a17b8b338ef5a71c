"""Streams of events for the profile tests: how they are drawn, folded as `update_profiles` does, and laid in a lake."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import duckdb
import pytest
from hypothesis import strategies as st

from addressee.events.event import Event, Line
from addressee.profiles.features import EVENT_FEATURE_NAMES
from addressee.profiles.fold import fold, is_own_send
from addressee.profiles.hashing import MESSAGE_BYTES
from addressee.profiles.lake import lake_row, merge_row
from addressee.profiles.merge import merge
from addressee.profiles.offline import features_sql
from addressee.profiles.state import DAY_MS, FIELDS, State, empty_state

START_MS = 1_750_000_000_000
SPAN_MS = 300 * DAY_MS
END_MS = START_MS + SPAN_MS

NAMES = (
    "Order Completed",
    "Order Completed",
    "Product Viewed",
    "Product Added",
    "Product Added",
    "Product Removed",
    "Email Opened",
    "Email Link Clicked",
    "Email Sent",
    "Email Delivered",
    "Email Bounced",
    "Email Marked as Spam",
    "Unsubscribed",
    "Order Refunded",
    "Order Cancelled",
    "Product Shared",
)

OWN_SENDS = ("u1.spring", "u1.summer", "u2.spring", "a1.spring")
"""Send ids of Addressee's own, where the event's subject is the one before the dot; another sender's elsewhere."""

COLUMNS = {
    "message_id": "VARCHAR",
    "subject": "VARCHAR",
    "anonymous_subject": "VARCHAR",
    "kind": "VARCHAR",
    "name": "VARCHAR",
    "event_time_ms": "BIGINT",
    "received_at_ms": "BIGINT",
    "order_id": "VARCHAR",
    "amount_minor_units": "BIGINT",
    "currency": "VARCHAR",
    "lines": "STRUCT(item_id VARCHAR, category VARCHAR, quantity BIGINT, amount_minor_units BIGINT)[]",
    "send_id": "VARCHAR",
    "campaign": "VARCHAR",
    "label": "VARCHAR",
    "device": "VARCHAR",
    "locale": "VARCHAR",
    "time_zone": "VARCHAR",
}

LINE = {"item_id": "VARCHAR", "category": "VARCHAR", "quantity": "BIGINT", "amount_minor_units": "BIGINT"}

edges = st.builds(
    lambda days, quarters, step_ms: END_MS - days * DAY_MS - quarters * 900_000 - step_ms,
    st.sampled_from([0, 1, 2, 3, 6, 7, 8, 29, 30, 31, 89, 90, 183, 184]),
    st.sampled_from([0, 0, 1, 2, 3, 4, 6]),
    st.sampled_from([0, 0, 1]),
)
moments = st.one_of(edges, edges, st.integers(START_MS, END_MS))
cutoffs = st.one_of(
    st.sampled_from([END_MS, END_MS + 1, END_MS + 7 * DAY_MS]), edges, st.integers(START_MS, END_MS + 20 * DAY_MS)
)
lines = st.builds(
    Line,
    item_id=st.integers(0, 4).map("item-{}".format),
    category=st.sampled_from(["", "tea", "coffee", "cake", "jam", "bread"]),
    quantity=st.integers(-1, 5),
    amount_minor_units=st.integers(-10, 100_000),
)


@st.composite
def events(draw: st.DrawFn, *, users: Sequence[str], anonymous: Sequence[str]) -> Event:
    """Draw one event, possibly late or dated in the future, of a user, a visitor, or a visitor known to be a user."""
    moment = draw(moments)
    received = moment + draw(st.sampled_from([0, 1, 60_000, 7 * DAY_MS, -DAY_MS]))
    user = draw(st.sampled_from(["", *users]))
    visitor = draw(st.sampled_from(["", *anonymous])) if user else draw(st.sampled_from(anonymous))
    return Event(
        message_id=f"message-{draw(st.integers(0, 2**60))}",
        kind=draw(st.sampled_from(["track"] * 8 + ["page", "screen", "identify", "group"])),
        name=draw(st.sampled_from(NAMES)),
        user_id=user,
        anonymous_id=visitor,
        event_time_ms=min(moment, received),
        received_at_ms=received,
        amount_minor_units=draw(st.integers(-5, 1_000_000)),
        lines=tuple(draw(st.lists(lines, max_size=4))),
        send_id=draw(st.sampled_from(["", "send-1", "send-2", *OWN_SENDS])),
        device=draw(st.sampled_from(["", "", "desktop", "ios", "toaster"])),
        locale=draw(st.sampled_from(["", "de", "de-AT", "zh_Hans_CN", "yue-HK", "en-GB\n", "nonsense"])),
        label=draw(st.sampled_from(["", "", "human", "unknown", "machine", "hard", "soft"])),
    )


@st.composite
def streams(
    draw: st.DrawFn, *, users: Sequence[str] = ("u1", "u2"), anonymous: Sequence[str] = ("a1", "a2", "a3")
) -> list[Event]:
    """Draw a stream in the order in which it is folded: shuffled, with copies that were received later."""
    size = draw(st.sampled_from([0, 1, 3, 10, 30]))
    drawn = st.lists(events(users=users, anonymous=anonymous), min_size=size, max_size=40, unique_by=_message_id)
    originals = draw(drawn)
    copied = draw(st.lists(st.sampled_from(originals), max_size=8)) if originals else []
    copies = [_copy(event, draw(st.sampled_from([0, 1, 3_600_000, 9 * DAY_MS]))) for event in copied]
    shuffled = [*originals, *copies]
    Random(draw(st.integers(0, 2**32))).shuffle(shuffled)
    return _in_order(shuffled)


def _message_id(event: Event) -> str:
    return event.message_id


def _copy(event: Event, delay_ms: int) -> Event:
    """Receive an event again, later; one whose clock is ahead has a later time then."""
    time_ms = event.event_time_ms + (delay_ms if _is_ahead(event) else 0)
    return replace(event, event_time_ms=time_ms, received_at_ms=event.received_at_ms + delay_ms)


def _is_ahead(event: Event) -> bool:
    return event.event_time_ms == event.received_at_ms


def _in_order(stream: list[Event]) -> list[Event]:
    """Put links and events from the future in the order of receipt, as a stream does; the others stay where they are.

    The first user that a visitor turns out to be wins, and the first copy of an event from the future says when it was.
    """
    places = [place for place, event in enumerate(stream) if _is_ahead(event) or (event.user_id and event.anonymous_id)]
    ordered = sorted((stream[place] for place in places), key=lambda event: (event.received_at_ms, event.message_id))
    for place, event in zip(places, ordered, strict=True):
        stream[place] = event
    return stream


@dataclass
class Online:
    """States by subject, visitors that became users, and the lake rows, as `update_profiles` would leave them."""

    states: dict[str, State] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)

    def take(self, stream: Iterable[Event]) -> "Online":
        """Fold a stream; a visitor's first user gets their state, and what they do afterwards."""
        for event in stream:
            raw = event.user_id or event.anonymous_id
            self.rows.append(lake_row(event, raw, event.anonymous_id))
            if event.user_id and event.anonymous_id and event.anonymous_id not in self.owners:
                self._merge(event)
            subject = self.owners.get(raw, raw)
            state = self.states.setdefault(subject, empty_state())
            if not is_own_send(event, raw):
                self.states[subject] = fold(state, event)
        return self

    def _merge(self, event: Event) -> None:
        visitor = self.states.pop(event.anonymous_id, empty_state())
        merged = merge(self.states.get(event.user_id, empty_state()), visitor)
        assert isinstance(merged, State)
        self.states[event.user_id] = merged
        self.owners[event.anonymous_id] = event.user_id
        self.rows.append(merge_row(event.user_id, event.anonymous_id, event.received_at_ms))


def sorted_hashes(state: State) -> list[bytes]:
    """Return the hashes of the messages that a state keeps, in order of their bytes."""
    return sorted(state.messages[at : at + MESSAGE_BYTES] for at in range(0, len(state.messages), MESSAGE_BYTES))


def assert_same(one: State, two: State, *, messages: bool = True) -> None:
    """Two states are the same: sums of floats to nine digits, messages in any order."""
    floats = ("decayed", "category_spend")
    for name in floats:
        assert getattr(one, name) == pytest.approx(getattr(two, name), rel=1e-9, abs=1e-12)
    exact = [name for name in FIELDS if name not in (*floats, "messages")]
    assert {name: getattr(one, name) for name in exact} == {name: getattr(two, name) for name in exact}
    assert not messages or sorted_hashes(one) == sorted_hashes(two)


def lake(rows: Iterable[dict[str, object]], *, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Open a lake in memory: a table `events` of these rows."""
    connection = duckdb.connect(config={"threads": threads})
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE events ({columns})")
    shape = json.dumps([COLUMNS | {"lines": [LINE]}])
    connection.execute(
        "INSERT INTO events SELECT row.* FROM (SELECT unnest(from_json(?::JSON, ?)) AS row)",
        [json.dumps(list(rows)), shape],
    )
    return connection


def features_at(
    connection: duckdb.DuckDBPyConnection, as_of_ms: Iterable[int] = (), *, pairs: str = ""
) -> dict[tuple[str, int], dict[str, float]]:
    """Run the offline query and close the lake: features by (subject, as of)."""
    rows = connection.execute(features_sql(as_of_ms=as_of_ms, pairs=pairs)).fetchall()
    connection.close()
    return {(subject, as_of): dict(zip(EVENT_FEATURE_NAMES, values, strict=True)) for subject, as_of, *values in rows}
