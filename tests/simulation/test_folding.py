"""Schedules of `update_profiles`: whatever crashes, comes twice or has two owners, the world is a tidy run's."""

from dataclasses import replace
from functools import partial

import pytest

from addressee.profiles.update import update_profiles
from tests.fakes.profiles import InMemoryProfileStore
from tests.shoppers import KEY
from tests.simulation.folding import run_folding

SCHEDULES, PARTS = 80, 4


@pytest.mark.parametrize("part", range(PARTS))
def test_no_schedule_loses_or_doubles_a_record(part):
    """Run 20 schedules; a failing one prints its history."""
    for seed in range(part, SCHEDULES, PARTS):
        result = run_folding(seed)
        assert not result.problems, result.text()
        assert sum(result.faults.values()) >= 3


class LastWriterWins(InMemoryProfileStore):
    """A store that writes without looking at the version that was read."""

    def __init__(self, store):
        """Share the rows of a store."""
        super().__init__()
        self._store = store
        self.read, self.merge = store.read, store.merge

    def write(self, subject, packed, *, version):
        """Write over whatever stands."""
        del version
        stands = self._store.read([subject])[subject]
        return self._store.write(subject, packed, version=stands.version)


def test_the_comparison_catches_states_written_without_their_version():
    """Drop the condition: two owners of a batch, or of two shards, lose each other's records."""

    def careless(records, ports):
        update_profiles(records, replace(ports, store=LastWriterWins(ports.store)), key=KEY)

    assert any(run_folding(seed, careless).problems for seed in range(SCHEDULES))


def test_the_comparison_catches_a_lake_that_is_written_last():
    """Write the lake after the states: a crash between the two loses rows."""

    class Late:
        def __init__(self):
            self.waiting = []

        def append(self, rows):
            self.waiting += rows

    def late_lake(records, ports):
        late = Late()
        update_profiles(records, replace(ports, lake=late), key=KEY)
        ports.lake.append(late.waiting)

    assert any(run_folding(seed, partial(late_lake)).problems for seed in range(SCHEDULES))
