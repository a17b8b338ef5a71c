"""Day after day: states that take one day's events at a time against everything recomputed from the lake."""

from math import isclose
from random import Random

from addressee.events.event import Event, Line
from addressee.profiles.features import EVENT_FEATURE_NAMES, event_vector
from addressee.profiles.packing import pack, unpack
from addressee.profiles.state import DAY_MS
from tests.unit.profiles.streams import NAMES, START_MS, Online, features_at, lake

DAYS = 30
FIRST_MS = START_MS // DAY_MS * DAY_MS
USERS, VISITORS = ("u1", "u2", "u3"), ("a1", "a2", "a3", "a4")


def month_of(rng: Random) -> list[list[Event]]:
    """Simulate what is received on each day: visitors who log in, late events, copies of the day before's."""
    days: list[list[Event]] = []
    for day in range(DAYS):
        moments = sorted(FIRST_MS + day * DAY_MS + rng.randrange(DAY_MS) for _ in range(12))
        events = [_event(rng, received_ms, f"m{day}-{place}") for place, received_ms in enumerate(moments)]
        copies = days[-1][:1] if days and rng.random() < 0.5 else []
        days.append([*events, *(_received(copy, FIRST_MS + (day + 1) * DAY_MS - 1) for copy in copies)])
    return days


def _event(rng: Random, received_ms: int, message_id: str) -> Event:
    user = rng.choice(("", *USERS))
    late_ms = rng.choice((1, 1, 1, 60_000, 3 * DAY_MS, 9 * DAY_MS))
    return Event(
        message_id=message_id,
        kind="track",
        name=rng.choice(NAMES),
        user_id=user,
        anonymous_id=rng.choice(("", *VISITORS))
        if user and rng.random() < 0.1
        else ""
        if user
        else rng.choice(VISITORS),
        event_time_ms=received_ms - late_ms,
        received_at_ms=received_ms,
        amount_minor_units=rng.randrange(1, 9_000),
        lines=tuple(Line(f"item-{rng.randrange(6)}", f"c{rng.randrange(3)}", 2, 700) for _ in range(rng.randrange(3))),
        send_id=rng.choice(("", "send-1", "send-2")),
        label=rng.choice(("", "", "human", "machine")),
    )


def _received(event: Event, at_ms: int) -> Event:
    return Event(**{name: getattr(event, name) for name in Event.__slots__} | {"received_at_ms": at_ms})


def test_a_day_folded_into_stored_states_equals_recomputing_all_days():
    """After every day of a simulated month, with merges, late events and copies, both give the same features."""
    days = month_of(Random(20_261_122))
    online = Online()
    by_day = []
    for day in days:
        online.states = {subject: unpack(pack(state)) for subject, state in online.states.items()}
        online.take(day)
        by_day.append({subject: pack(state) for subject, state in online.states.items()})
    assert len(online.owners) >= 3, "a month without merges shows nothing"
    ends = [FIRST_MS + (day + 1) * DAY_MS - 1 for day in range(DAYS)]
    recomputed = features_at(lake(online.rows), ends)
    for end_ms, states in zip(ends, by_day, strict=True):
        assert {subject for subject, at_ms in recomputed if at_ms == end_ms} == set(states)
        for subject, packed in states.items():
            for name, value in zip(EVENT_FEATURE_NAMES, event_vector(unpack(packed), end_ms), strict=True):
                assert isclose(value, recomputed[subject, end_ms][name], rel_tol=1e-9, abs_tol=1e-12), (subject, name)
