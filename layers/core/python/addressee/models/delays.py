"""How late orders reach the lake, and for how long the label of a window that has ended waits for them."""

from collections.abc import Mapping
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from addressee.models.purchases import DAY_MS

MOST_DAYS = 7
"""No label waits longer: of a sender whose orders come later still, too little would ever be known."""
OBSERVED_DAYS = 28
LEAST_ORDERS = 100
MISSING = 0.01

_DELAYS = """
SELECT received_at_ms // $day_ms - event_time_ms // $day_ms AS late, count(*) FROM orders
WHERE event_time_ms >= $since_ms AND event_time_ms < $until_ms GROUP BY late ORDER BY late
"""


class Delays(NamedTuple):
    """How many orders were received so many days after the day on which they happened."""

    orders: Mapping[int, int]

    def wait_days(self, horizon_days: int) -> int:
        """Return after how many days less than `MISSING` of the orders of a window of `horizon_days` are yet to come.

        At most `MOST_DAYS`; 0 where there are too few orders to tell.
        """
        if sum(self.orders.values()) < LEAST_ORDERS:
            return 0
        return next((wait for wait in range(MOST_DAYS) if self._missing(horizon_days, wait) < MISSING), MOST_DAYS)

    def _missing(self, horizon_days: int, wait_days: int) -> float:
        """Return the share of a window's orders that are not there `wait_days` after its end, if its days are alike.

        Of its last day those are missing that are later than `wait_days`, of the day before those a day later, ...
        """
        missing = sum(orders * min(max(late - wait_days, 0), horizon_days) for late, orders in self.orders.items())
        return missing / (sum(self.orders.values()) * horizon_days)


NO_DELAYS = Delays({})


def read_delays(lake: DuckDBPyConnection, *, as_of_day: int) -> Delays:
    """Return the delays of four weeks' orders, as `load_orders` created them.

    The weeks end `MOST_DAYS` before `as_of_day` does, so that late orders are there by now.
    """
    until_day = as_of_day + 1 - MOST_DAYS
    given = {"since_ms": (until_day - OBSERVED_DAYS) * DAY_MS, "until_ms": until_day * DAY_MS, "day_ms": DAY_MS}
    return Delays({int(late): int(orders) for late, orders in lake.execute(_DELAYS, given).fetchall()})
