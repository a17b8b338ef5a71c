"""For how long labels wait for orders that come late."""

import pytest

from addressee.models.delays import MOST_DAYS, NO_DELAYS, Delays, read_delays
from addressee.models.examples import end_of
from addressee.models.purchases import load_orders
from tests.fakes.lake import lake_of, order

TODAY = 20_000


@pytest.mark.parametrize(
    ("orders", "horizon", "wait"),
    [
        ({0: 1_000}, 7, 0),
        ({1: 1_000}, 7, 1),
        ({1: 1_000}, 90, 1),
        ({1: 1_000}, 101, 0),
        ({0: 960, 1: 40}, 7, 0),
        ({0: 900, 1: 100}, 7, 1),
        ({0: 500, 3: 500}, 7, 3),
        ({0: 500, 3: 500}, 28, 3),
        ({0: 900, 300: 100}, 7, MOST_DAYS),
        ({5: 99}, 7, 0),
        (NO_DELAYS.orders, 7, 0),
    ],
)
def test_a_label_waits_until_less_than_a_hundredth_of_its_orders_is_missing(orders, horizon, wait):
    """All a day late: of seven days one is missing. A few of them late: not worth a week's examples."""
    assert Delays(orders).wait_days(horizon) == wait


def test_delays_are_those_of_four_weeks_whose_late_orders_have_come():
    """In whole days; the last week and what is older than that say nothing."""
    rows = [
        order("a" * 32, TODAY - 7 + 0.9, "milk", received=TODAY - 6 + 0.1),
        order("b" * 32, TODAY - 34, "milk"),
        order("c" * 32, TODAY - 10, "milk", received=TODAY - 7),
        order("d" * 32, TODAY - 34.1, "milk", received=TODAY),
        order("e" * 32, TODAY - 5, "milk", received=TODAY),
    ]
    with lake_of(rows) as lake:
        load_orders(lake, end_ms=end_of(TODAY))
        assert read_delays(lake, as_of_day=TODAY) == Delays({0: 1, 1: 1, 3: 1})
