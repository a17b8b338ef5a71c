"""The offline query against the online fold."""

from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.profiles.features import FEATURE_NAMES, vector
from addressee.profiles.state import DAY_MS
from tests.unit.profiles.streams import END_MS, START_MS, Online, features_at, lake, streams


def differences(online: dict[str, float], offline: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Name the features that differ by more than 1e-9 (relative; 1e-12 absolute, the floor of what is forgotten)."""
    return {
        name: (online[name], offline[name])
        for name in FEATURE_NAMES
        if not isclose(online[name], offline[name], rel_tol=1e-9, abs_tol=1e-12)
    }


@given(streams(), st.lists(st.integers(START_MS, END_MS + 20 * DAY_MS), min_size=1, max_size=2))
@settings(max_examples=60, deadline=None)
def test_the_offline_query_equals_the_online_fold_of_what_was_received_by_then(stream, cutoffs):
    """At any time, for every subject known by then, both executions of the declaration give the same features."""
    cutoffs = {*cutoffs, END_MS + 10 * DAY_MS}
    offline = features_at(lake(Online().take(stream).rows), cutoffs)
    for as_of_ms in cutoffs:
        states = Online().take(event for event in stream if event.received_at_ms <= as_of_ms).states
        assert {subject for subject, at in offline if at == as_of_ms} == set(states)
        for subject, state in states.items():
            online = dict(zip(FEATURE_NAMES, vector(state, as_of_ms), strict=True))
            assert not differences(online, offline[subject, as_of_ms])
