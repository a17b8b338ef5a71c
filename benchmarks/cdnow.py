"""CDNOW: who bought CDs on which days, from 1997-01 to 1998-06; `make data` puts the files into `.data/cdnow/`.

All customers came in the first twelve weeks of 1997. As in Fader, Hardie and Lee (2005), what was bought on one day
is one order, calibration ends with 1997-09-30, and the holdout is the 39 weeks after it.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from addressee.models.bg_nbd import Customers
from addressee.models.tables import Floats, Ints

FOLDER = Path(".data/cdnow")
PARTS = {"sample": "CDNOW_sample.txt", "master": "CDNOW_master.txt"}
FIRST_DATE = date(1997, 1, 1)
CALIBRATED_DAY = (date(1997, 9, 30) - FIRST_DATE).days
HOLDOUT_DAYS = 39 * 7
WEEK = 7.0
RECENT_DAYS = (28, 56, 91)


@dataclass(frozen=True)
class Orders:
    """m orders, sorted by customer and day: `customer` counts from 0, `day` from 1997-01-01, `spent` in dollars."""

    customer: Ints
    day: Ints
    spent: Floats
    discs: Floats
    customers: int

    def until(self, day: int) -> "Orders":
        """Return the orders up to the end of a day; the customers stay as many."""
        rows = self.day <= day
        return Orders(self.customer[rows], self.day[rows], self.spent[rows], self.discs[rows], self.customers)

    def revenue(self, after: int, days: int) -> Floats:
        """Return what each customer spent in the `days` days after one, [customers]."""
        rows = (self.day > after) & (self.day <= after + days)
        return np.bincount(self.customer[rows], self.spent[rows], self.customers).astype(np.float64)


def available(folder: Path = FOLDER) -> bool:
    """Tell whether the files are there."""
    return all((folder / name).exists() for name in PARTS.values())


def load(part: str, folder: Path = FOLDER) -> Orders:
    """Read a part: the tenth that the papers use (`sample`), or everybody (`master`)."""
    lines = (line.split() for line in (folder / PARTS[part]).read_text(encoding="ascii").splitlines())
    rows = [
        (words[0], words[-3], float(words[-2]), float(words[-1])) for words in lines if words and words[0].isdigit()
    ]
    _, customer = np.unique([row[0] for row in rows], return_inverse=True)
    day = np.array([(date(int(at[:4]), int(at[4:6]), int(at[6:])) - FIRST_DATE).days for _, at, _, _ in rows])
    span = int(day.max()) + 1
    keys, order = np.unique(customer * span + day, return_inverse=True)
    discs, spent = (np.bincount(order, [row[column] for row in rows]).astype(np.float64) for column in (2, 3))
    return Orders(keys // span, keys % span, spent, discs, int(customer.max()) + 1)


@dataclass(frozen=True)
class Summary:
    """All customers at the end of a day, in weeks: as BG/NBD reads them, and the mean of repeat orders, 0 without."""

    customers: Customers
    amount: Floats


def summary(orders: Orders, day: int) -> Summary:
    """Sum the orders up to a day up."""
    known = orders.until(day)
    count = np.bincount(known.customer, minlength=known.customers).astype(np.float64)
    first, last = _edges(known)
    repeat = np.concatenate([[False], known.customer[1:] == known.customer[:-1]])
    spent = np.bincount(known.customer[repeat], known.spent[repeat], known.customers)
    amount = np.divide(spent, count - 1.0, out=np.zeros(known.customers), where=count > 1)
    return Summary(Customers(count - 1.0, (last - first) / WEEK, (day - first) / WEEK), amount)


def _edges(orders: Orders) -> tuple[Floats, Floats]:
    starts = np.searchsorted(orders.customer, np.arange(orders.customers + 1))
    return orders.day[starts[:-1]].astype(np.float64), orders.day[starts[1:] - 1].astype(np.float64)


def features(orders: Orders, day: int) -> Floats:
    """Return what the boosted models see of each customer at the end of a day, nothing later: [customers, F]."""
    known, told = orders.until(day), summary(orders, day)
    x, recency, age = vars(told.customers).values()
    starts = np.searchsorted(known.customer, np.arange(known.customers + 1))

    def total(values: Floats, days: int) -> Floats:
        rows = known.day > day - days
        return np.bincount(known.customer[rows], values[rows], known.customers).astype(np.float64)

    ones = np.ones(len(known.day))
    columns = [x, recency, age, age - recency, told.amount, known.spent[starts[:-1]], known.spent[starts[1:] - 1]]
    columns += [total(values, days) for values in (ones, known.spent) for days in RECENT_DAYS]
    columns += [total(known.spent, day + 1), total(known.discs, day + 1), recency / np.maximum(x, 1.0)]
    return np.column_stack([*columns, (age - recency) / np.maximum(recency / np.maximum(x, 1.0), 1.0)])
