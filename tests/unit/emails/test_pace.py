"""The pace: as many as the quota allows, each at its second."""

from collections import Counter
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.emails.pace import budget, delay_seconds
from addressee.emails.ports import Quota


@pytest.mark.parametrize(
    ("quota", "waiting", "expected"),
    [
        (Quota(14, 50_000, 0), 0, 840),
        (Quota(14, 50_000, 0), 800, 40),
        (Quota(14, 50_000, 0), 900, 0),
        (Quota(14, 50_000, 49_990), 0, 10),
        (Quota(14, 50_000, 49_990), 6, 4),
        (Quota(14, 50_000, 60_000), 0, 0),
        (Quota(0.5, -1, 10**9), 0, 30),
        (Quota(1, 200, 0), 0, 60),
        (Quota(0, -1, 0), 0, 0),
        (Quota(-1, -1, 0), 0, 0),
        (Quota(nan, -1, 0), 0, 0),
        (Quota(inf, -1, 0), 0, 0),
        (Quota(14, nan, 0), 0, 0),
        (Quota(14, 100, nan), 0, 0),
        (Quota(14, 0, 0), 0, 0),
    ],
)
def test_the_budget_is_the_minute_less_what_waits_and_within_the_day(quota, waiting, expected):
    """What is no number allows nothing."""
    assert budget(quota, waiting) == expected


@given(st.floats(0.01, 50), st.integers(0, 500))
def test_no_second_gets_more_than_the_rate_allows(per_second, waiting):
    """Places that fill the minute are spread over its seconds, none of them beyond it."""
    room = budget(Quota(per_second, -1, 0), waiting)
    delays = [delay_seconds(waiting + place, per_second) for place in range(room)]
    assert delays == sorted(delays)
    assert all(0 <= delay < 60 for delay in delays)
    most = max(Counter(delays).values(), default=0)
    assert most <= per_second + 1
