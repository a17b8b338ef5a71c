"""A simulated shop for the tests of learning: shoppers with favourites and habits, and a week unlike all others."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

PEOPLE, WEEKS, FAVOURITES = 400, 30, 4
FAMILIES = {"Tea": 12, "Coffee": 12, "Bread": 12, "Fruit": 12}
COLUMNS = ("user_id", "order_id", "timestamp", "item_id", "category", "quantity", "price", "currency")
RUSH_DAYS, RUSH_PRICES = 7, 8
Row = Sequence[object]


@dataclass(frozen=True)
class Shopper:
    """A simulated person: orders a week, what an item costs there, how many weeks until leaving, favourites first."""

    rate: float
    price: float
    stays: int
    family: str
    likes: list[str]

    def basket(self, rng: Random) -> list[str]:
        """Choose two or three items: favourites mostly, now and then anything of the family."""
        other = f"{self.family.lower()}-{rng.randrange(FAMILIES[self.family])}"
        return sorted({*rng.sample(self.likes, 2), *([other] if rng.random() < 0.4 else [])})

    def lines(self, user: str, order: str, at: datetime, rng: Random, *, times: int = 1) -> Iterator[Row]:
        """Write one order, at prices so many times as high."""
        for item in self.basket(rng):
            price = round(self.price * times, 2)
            yield user, order, at.isoformat(), item, self.family, rng.randint(1, 3), price, "EUR"


def simulate_shopper(rng: Random) -> Shopper:
    """Rates and prices are spread widely, one in two leaves for good some time, as in a real shop."""
    family = rng.choice(list(FAMILIES))
    likes = rng.sample([f"{family.lower()}-{n}" for n in range(FAMILIES[family])], FAVOURITES)
    stays = rng.randint(2, WEEKS) if rng.random() < 0.5 else WEEKS
    return Shopper(min(rng.gammavariate(1.5, 0.3), 0.95), round(rng.lognormvariate(1.5, 0.8), 2), stays, family, likes)


def simulate_shoppers(rng: Random) -> list[Shopper]:
    """Make everybody before anything is ordered: the same seed gives the same people, whatever they buy."""
    return [simulate_shopper(rng) for _ in range(PEOPLE)]


def simulate_orders(file: Path, rng: Random, *, end: date, prefix: str = "sim") -> None:
    """Write the order lines of `PEOPLE` simulated shoppers; the last week ends before the day `end`."""
    _write(file, _years_orders(rng, datetime.combine(end - timedelta(weeks=WEEKS), time(9), UTC), prefix))


def _years_orders(rng: Random, start: datetime, prefix: str) -> Iterator[Row]:
    for person, shopper in enumerate(simulate_shoppers(rng)):
        for week in range(shopper.stays):
            if rng.random() < shopper.rate or week == 0:
                at = start + timedelta(weeks=week, days=rng.randrange(6), minutes=rng.randrange(600))
                yield from shopper.lines(f"{prefix}-{person}", f"{prefix}-{person}-{week}", at, rng)


def simulate_rush(file: Path, rng: Random, *, end: date, prefix: str = "sim") -> None:
    """Write a week before the day `end` in which everybody orders daily, at prices eight times as high.

    With the seed of `simulate_orders` they are the same people, and their favourites the same.
    """
    start = datetime.combine(end - timedelta(RUSH_DAYS), time(9), UTC)
    _write(file, _rush_orders(rng, start, prefix))


def _rush_orders(rng: Random, start: datetime, prefix: str) -> Iterator[Row]:
    for person, shopper in enumerate(simulate_shoppers(rng)):
        for day in range(RUSH_DAYS):
            at = start + timedelta(days=day, minutes=rng.randrange(600))
            order = f"{prefix}-{person}-rush-{day}"
            yield from shopper.lines(f"{prefix}-{person}", order, at, rng, times=RUSH_PRICES)


def _write(file: Path, lines: Iterator[Row]) -> None:
    with file.open("w", newline="") as sink:
        rows = csv.writer(sink)
        rows.writerow(COLUMNS)
        rows.writerows(lines)
