"""`features_daily`: the last day folded into the states of the day before, against recomputing 90 days."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from gc import collect, freeze
from math import isclose
from operator import truediv
from statistics import median
from time import process_time
from typing import Any

import duckdb

from addressee.events.event import Event, Line
from addressee.profiles.features import EVENT_FEATURE_NAMES, event_vector
from addressee.profiles.fold import fold
from addressee.profiles.lake import MERGE
from addressee.profiles.merge import merge
from addressee.profiles.offline import features_sql
from addressee.profiles.packing import pack, unpack
from addressee.profiles.state import State, empty_state
from benchmarks.features_lake import DAY_MS, END_MS, lake_files
from benchmarks.rows import Row, row

COMMAND = "make bench-features"
EVENTS = 1_000_000
ROUNDS, BATCH = 5, 20_000
"""At least so many rounds: the increment takes less than half a second, in which a busy machine may do anything."""
_EVERYBODY = """
SELECT message_id, subject, anonymous_subject, kind, name, event_time_ms, received_at_ms, amount_minor_units, lines,
    send_id, label, device, locale
FROM events LEFT JOIN links ON visitor = subject
"""
_LINKS = """
CREATE TABLE links AS SELECT anonymous_subject AS visitor, subject AS owner FROM events WHERE kind = 'merge'
"""
_TOUCHED = f"""{_EVERYBODY} WHERE coalesce(owner, subject) IN (
    SELECT coalesce(owner, subject) FROM events LEFT JOIN links ON visitor = subject WHERE received_at_ms > $since_ms
)
"""  # noqa: S608  # constants
_ORDER = " ORDER BY received_at_ms, message_id"


class NotTheSame(Exception):
    """Two ways of computing the same gave different answers: nothing that was measured counts."""


Told = tuple[Event, str, str]


def daily_rows(*, rounds: int) -> list[Row]:
    """Fold, recompute, compare; raises `NotTheSame` where the folded states have other features than the lake."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as lake:
        lake.read_parquet([str(path) for path in lake_files(EVENTS)]).create_view("events")
        lake.execute(_LINKS)
        everybody, everything = _everybody_anew(lake)
        touched = lake.execute(_TOUCHED + _ORDER, {"since_ms": END_MS - DAY_MS}).fetchall()
        told = [_told(found) for found in touched]
        before = [each for each in told if each[0].received_at_ms <= END_MS - DAY_MS]
        last_day = told[len(before) :]
        states, owners = _folded({}, {}, before)
        ours, anew, query = [], [], []
        for _ in range(max(rounds, ROUNDS)):
            (folded, _), seconds = _timed(lambda: _folded(states, owners, last_day))
            ours.append(seconds)
            _, seconds = _timed(lambda: _folded({}, {}, told))
            anew.append(seconds)
            answer, seconds = _timed(lambda: lake.execute(features_sql(as_of_ms=[END_MS])).fetchall())
            query.append(seconds)
    _check_equal(folded, {found[0]: found[2:] for found in answer})
    metric = f"{len(last_day):,} events of the last day folded into stored states, processor"
    return [
        _row(metric, ours, anew, f"the same people folded anew, {len(told):,} events of 90 days"),
        _row(metric, ours, [everybody] * len(ours), f"everybody folded anew, {everything:,} events of 90 days"),
        _row(metric, ours, query, "features_sql, everybody over 90 days"),
    ]


def _everybody_anew(lake: duckdb.DuckDBPyConnection) -> tuple[float, int]:
    """Fold all that the lake holds into nothing, batch by batch; return processor seconds and the number of events.

    Reading the lake is not counted, for the increment's is not either.
    """
    rows = lake.execute(_EVERYBODY + _ORDER)
    opened, owners, seconds, count = _Opened({}), dict[str, str](), 0.0, 0
    while found := rows.fetchmany(BATCH):
        told = [_told(each) for each in found]
        _, took = _timed(partial(_fold_all, opened, owners, told))
        seconds, count = seconds + took, count + len(told)
    _, took = _timed(opened.packed)
    return seconds + took, count


def _timed(run: Callable[[], Any]) -> tuple[Any, float]:
    """Run after clearing up, so that nobody pays for what another left behind; return the answer, processor seconds.

    What is there already is frozen: a function that folds a batch would not hold 90 days of events for the collector to
    walk through, again and again.
    """
    collect()
    freeze()
    begun = process_time()
    answer = run()
    return answer, process_time() - begun


def _row(metric: str, ours: list[float], others: list[float], peer: str) -> Row:
    figures = {"peer_value": median(others), "ratio": median(map(truediv, others, ours))}
    return row("features_daily", metric, "s", ours, peer=peer, command=COMMAND, **figures)


def _told(found: tuple[Any, ...]) -> Told:
    """Make an event of a lake row; beside it the subject and the anonymous subject."""
    message_id, subject, anonymous, kind, name, at_ms, received_at_ms, amount, lines, *texts = found
    send_id, label, device, locale = texts
    event = Event(
        message_id=message_id,
        kind=kind,
        name=name if kind == "track" else "",
        user_id=subject,
        anonymous_id="",
        event_time_ms=at_ms,
        received_at_ms=received_at_ms,
        amount_minor_units=amount,
        lines=tuple(Line(**line) for line in lines),
        send_id=send_id,
        label=label,
        device=device,
        locale=locale,
    )
    return event, subject, anonymous


class _Opened:
    """States by subject: packed ones are unpacked when they are asked for."""

    def __init__(self, states: Mapping[str, bytes]) -> None:
        """Begin with packed states."""
        self._states = dict(states)
        self._opened: dict[str, State] = {}

    def of(self, subject: str) -> State:
        """Return a subject's state, to be changed."""
        if subject not in self._opened:
            packed = self._states.get(subject)
            self._opened[subject] = unpack(packed) if packed else empty_state()
        return self._opened[subject]

    def merge(self, subject: str, anonymous: str, at_ms: int) -> None:
        """Move what the anonymous subject did to the subject."""
        merged = merge(self.of(subject), self.of(anonymous), at_ms=at_ms)
        if not isinstance(merged, State):
            raise NotTheSame("a merge was refused")
        self._opened[subject] = merged
        self._opened.pop(anonymous)
        self._states.pop(anonymous, None)

    def packed(self) -> dict[str, bytes]:
        """Return all states, packed."""
        return self._states | {subject: pack(state) for subject, state in self._opened.items()}


def _folded(
    states: Mapping[str, bytes], owners: Mapping[str, str], told: Iterable[Told]
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Fold rows in the order of receipt into packed states, as `update_profiles` does; what is given stays as it is."""
    opened, owned = _Opened(states), dict(owners)
    _fold_all(opened, owned, told)
    return opened.packed(), owned


def _fold_all(opened: _Opened, owners: dict[str, str], told: Iterable[Told]) -> None:
    for event, subject, anonymous in told:
        if event.kind == MERGE:
            if anonymous not in owners:
                owners[anonymous] = subject
                opened.merge(subject, anonymous, event.received_at_ms)
        else:
            fold(opened.of(owners.get(subject, subject)), event)


def _check_equal(states: dict[str, bytes], expected: dict[str, tuple[float, ...]]) -> None:
    for subject, packed in states.items():
        for name, one, two in zip(
            EVENT_FEATURE_NAMES, event_vector(unpack(packed), END_MS), expected[subject], strict=True
        ):
            if not isclose(one, two, rel_tol=1e-9, abs_tol=1e-12):
                raise NotTheSame(f"{name} of {subject}: {one} and {two}")
