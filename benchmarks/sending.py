"""Suite `sending`: seeded schedules of crashes and faults, ours beside a cursor-based and a lease-expiry sender."""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from time import perf_counter, process_time
from typing import Any

from benchmarks.rows import row, write
from tests.simulation.checker import AFTER_STOP, KINDS, SENT_TWICE, UNEXPLAINED, UNSETTLED_ROW
from tests.simulation.control import run_control
from tests.simulation.cursor_control import CursorSender
from tests.simulation.folding import run_folding
from tests.simulation.lease_control import LeaseSender
from tests.simulation.result import Result
from tests.simulation.schedule import run_schedule

Run = Callable[[int], Result]
SCHEDULES, OF_CONTROLS, OF_FOLDING = 10_000, 1_000, 1_000
SHOWN = (SENT_TWICE, UNSETTLED_ROW, AFTER_STOP, UNEXPLAINED)
CONTROLS: tuple[tuple[str, Run], ...] = (
    ("cursor-based, as listmonk", partial(run_control, make=CursorSender)),
    ("lease-expiry, as Mautic", partial(run_control, make=LeaseSender)),
)
OUT = ("sent", "delivered", "bounced", "complained")


@dataclass(slots=True)
class Tally:
    """What many schedules came to. `broken` are seeds with a broken promise; `seconds` of one core."""

    schedules: int = 0
    faults: int = 0
    mails: int = 0
    unknown: int = 0
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    broken: list[int] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count a schedule."""
        self.schedules += 1
        self.faults += sum(result.faults.values())
        self.mails += sum(result.ended.get(state, 0) for state in (*OUT, "accepted"))
        self.unknown += result.ended.get("unknown", 0)
        self.failures.update(result.failures)
        if result.problems:
            self.broken.append(result.seed)

    def join(self, other: "Tally") -> None:
        """Add another tally."""
        self.schedules += other.schedules
        self.faults += other.faults
        self.mails += other.mails
        self.unknown += other.unknown
        self.seconds += other.seconds
        self.failures.update(other.failures)
        self.broken += other.broken


def main() -> None:
    """Run all, print the table, write the rows; a broken promise of ours prints its seeds and is an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=SCHEDULES, help="schedules of ours, from seed 0")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    began = perf_counter()
    ours = _tally(run_schedule, given.schedules, given.processes)
    wall = perf_counter() - began
    folding = _tally(run_folding, min(OF_FOLDING, given.schedules), given.processes)
    rows = [*_rows(ours, wall), *_folding_rows(folding)]
    for name, run in CONTROLS:
        rows += _control_rows(name, _tally(run, min(OF_CONTROLS, given.schedules), given.processes), ours)
    write("sending", rows)
    if ours.broken or folding.broken:
        raise SystemExit(f"broken promises; seeds of sending {ours.broken[:20]}, of folding {folding.broken[:20]}")


def _tally(run: Run, schedules: int, processes: int) -> Tally:
    total = Tally()
    if processes == 1:
        return _part(run, range(schedules))
    parts = [range(first, schedules, processes * 4) for first in range(processes * 4)]
    with ProcessPoolExecutor(processes) as pool:
        for part in pool.map(_part, repeat(run), parts):
            total.join(part)
    total.broken.sort()
    return total


def _part(run: Run, seeds: Iterable[int]) -> Tally:
    tally = Tally()
    began = process_time()
    for seed in seeds:
        tally.add(run(seed))
    tally.seconds = process_time() - began
    return tally


def _rows(ours: Tally, wall: float) -> Iterator[dict[str, Any]]:
    line = partial(row, "schedules", command="python -m benchmarks.sending")
    yield line("schedules", "schedules", [ours.schedules])
    for kind in KINDS:
        yield line(kind, "mails", [ours.failures[kind]])
    yield line("mails_out", "mails", [ours.mails])
    yield line("unknown", "mails", [ours.unknown])
    yield line("faults", "faults", [ours.faults])
    yield line("seconds_of_one_core", "s", [ours.seconds])
    yield line("seconds_taken", "s", [wall])


def _folding_rows(folding: Tally) -> Iterator[dict[str, Any]]:
    line = partial(row, "update_profiles", command="python -m benchmarks.sending")
    yield line("schedules", "schedules", [folding.schedules])
    yield line("worlds_that_differ", "schedules", [len(folding.broken)])
    yield line("faults", "faults", [folding.faults])
    yield line("seconds_of_one_core", "s", [folding.seconds])


def _control_rows(name: str, control: Tally, ours: Tally) -> Iterator[dict[str, Any]]:
    """Show a control beside ours; both per 1,000 schedules, since the control runs fewer."""
    line = partial(row, f"control {name.split(',', maxsplit=1)[0]}", peer=name, command="python -m benchmarks.sending")
    for kind in SHOWN:
        per_thousand = 1000 * ours.failures[kind] / ours.schedules
        found = 1000 * control.failures[kind] / control.schedules
        yield line(kind, "mails per 1,000 schedules", [per_thousand], peer_value=found)
    yield line(
        "broken_schedules",
        "per 1,000 schedules",
        [1000 * len(ours.broken) / ours.schedules],
        peer_value=1000 * len(control.broken) / control.schedules,
    )


if __name__ == "__main__":
    main()
