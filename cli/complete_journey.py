"""Demo data: Complete Journey (`public_data.py` fetches it) as what a shop would import and send.

The data describe 2,469 households in 2017 and are, by their own README, simulated from real ones. What is simulated
here besides (names, consent, addresses, browsing before a purchase) says so here, in its name or in its proof.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from cli.public_data import COMPLETE_JOURNEY
from cli.simulated_people import SEED, consents, first_names, with_address_marks

FOLDER = COMPLETE_JOURNEY.folder()
FILES = ("transactions", "products", "demographics")
FIRST_REPLAYED_DAY = date(2017, 11, 27)
"""The Monday after week 48."""
MIN_REPLAYED_ORDERS = 5_000
EATEN_DAYS, USED_DAYS, KEPT_DAYS = 3, 14, 60
EATEN = "'GROCERY','PRODUCE','MEAT','MEAT-PCKGD','DELI','PASTRY','SEAFOOD','SEAFOOD-PCKGD','SALAD BAR','DAIRY DELI'"
USED = "'DRUG GM','NUTRITION','COSMETICS','FUEL'"


class DataNotFetched(Exception):
    """The data files are not there; `make data` fetches them."""


@dataclass(frozen=True)
class Span:
    """Which days are replayed, in the data's own dates, and by how many days everything is shifted."""

    first: date
    last: date
    shift_days: int

    @property
    def first_shifted(self) -> date:
        """The first replayed day as it is told."""
        return self.first + timedelta(self.shift_days)

    @property
    def last_shifted(self) -> date:
        """The last replayed day as it is told: within the seven days before the run."""
        return self.last + timedelta(self.shift_days)


def shift_days(last: date, today: date) -> int:
    """Return the whole weeks, in days, that bring `last` into the seven days before `today`."""
    return (today - last - timedelta(1)).days // 7 * 7


class Journey:
    """Complete Journey as a shop's data; the same day of the run gives the same rows."""

    def __init__(self, today: date, folder: Path = FOLDER, *, min_replayed: int = MIN_REPLAYED_ORDERS) -> None:
        """Open the data. Raises `DataNotFetched`."""
        if not all((folder / f"{name}.parquet").exists() for name in FILES):
            raise DataNotFetched("the data are not there: make data")
        self._db = duckdb.connect()
        for name in FILES:
            self._db.execute(f"CREATE VIEW {name} AS FROM '{folder / name}.parquet'")
        self._db.execute(_LINES)
        self.span = self._span(today, min_replayed)

    def _span(self, today: date, min_replayed: int) -> Span:
        days = self._rows(_DAYS)
        total, last = 0, FIRST_REPLAYED_DAY
        for row in days:
            total, last = total + row["orders"], row["day"]
            if total >= min_replayed:
                break
        return Span(FIRST_REPLAYED_DAY, last, shift_days(last, today))

    def dropped_lines(self) -> int:
        """Count the lines without a value (returns, free goods): they are no purchases and are left out."""
        return int(self._rows("SELECT count(*) AS n FROM transactions WHERE NOT sales_value > 0")[0]["n"])

    def write_catalogue(self, path: Path) -> int:
        """Write the assortment, what was sold in the eight weeks up to the last replayed day, as Parquet; how many.

        The price is the median unit price. Re-purchase windows are assumptions of this demo, by department.
        """
        since = self.span.last - timedelta(weeks=8)
        return self._copy(_CATALOGUE.format(since=since, until=self.span.last + timedelta(1)), path)

    def write_orders(self, path: Path) -> int:
        """Write the lines bought before the first replayed day as Parquet; return how many they are."""
        return self._copy(_HISTORY.format(columns=self._columns()), path)

    def write_subscribers(self, path: Path) -> int:
        """Write every household with demographics, and a simulated name, address and consent, seeded, as CSV."""
        since = datetime.combine(date(2017, 1, 1) + timedelta(self.span.shift_days), datetime.min.time(), UTC)
        rows = self._rows(_SUBSCRIBERS)
        people = zip(with_address_marks(rows), first_names(len(rows)), consents(len(rows)), strict=True)
        said = [(*row.values(), name, *consent, since.isoformat()) for row, name, consent in people]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as sink:
            writer = csv.writer(sink)
            consent = ("consent_email", "consent_email_proof", "consent_email_at")
            writer.writerows([(*rows[0], "first_name", *consent), *said])
        return len(said)

    def user_ids(self) -> list[str]:
        """List all households."""
        return [row["user_id"] for row in self._rows(_SUBSCRIBERS)]

    def without_consent(self) -> dict[str, str]:
        """Return the households whose simulated consent is missing: user id -> withdrew, or never asked."""
        rows = self._rows(_SUBSCRIBERS)
        says = {"false": "withdrew consent", "": "never gave consent"}
        pairs = zip(rows, consents(len(rows)), strict=True)
        return {row["user_id"]: says[granted] for row, (granted, _) in pairs if granted in says}

    def replay(self) -> Iterator[dict[str, Any]]:
        """Yield the replayed days as Segment messages (Order Completed), sorted by user, then time."""
        for row in self._rows(_ORDERS.format(columns=self._columns(), span=self._where_replayed())):
            products = [
                {"product_id": item, "category": category, "quantity": quantity, "price": price}
                for item, category, quantity, price in row["products"]
            ]
            yield {
                "type": "track",
                "event": "Order Completed",
                "messageId": f"order-{row['order_id']}",
                "userId": row["user_id"],
                "timestamp": f"{row['timestamp'].isoformat()}Z",
                "properties": {"order_id": row["order_id"], "currency": "USD", "products": products},
            }

    def _where_replayed(self) -> str:
        until = self.span.last + timedelta(1)
        return f"transaction_timestamp >= TIMESTAMP '{self.span.first}' AND transaction_timestamp < TIMESTAMP '{until}'"

    def _columns(self) -> str:
        return _COLUMNS.format(days=self.span.shift_days)

    def _copy(self, query: str, path: Path) -> int:
        kind = "PARQUET" if path.suffix == ".parquet" else "CSV"
        path.parent.mkdir(parents=True, exist_ok=True)
        return int(self._db.execute(f"COPY ({query}) TO '{path}' (FORMAT {kind})").fetchall()[0][0])

    def _rows(self, query: str) -> list[dict[str, Any]]:
        cursor = self._db.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def with_simulated_browsing(messages: Sequence[dict[str, Any]], *, share: float = 0.3) -> Iterator[dict[str, Any]]:
    """Put a simulated Product Viewed and Product Added, ten minutes before, ahead of a seeded share of the orders."""
    draws = random.Random(SEED)  # noqa: S311  # a simulation, seeded
    for message in messages:
        if draws.random() < share:
            product = message["properties"]["products"][0]
            before = datetime.fromisoformat(message["timestamp"]) - timedelta(minutes=10)
            for event, at in (("Product Viewed", before), ("Product Added", before + timedelta(minutes=1))):
                yield {
                    "type": "track",
                    "event": event,
                    "messageId": f"simulated-{event[8:].lower()}-{message['messageId']}",
                    "userId": message["userId"],
                    "timestamp": at.isoformat().replace("+00:00", "Z"),
                    "properties": {**product, "currency": "USD"},
                }
        yield message


# A purchase: value above zero. Fuel is counted in thousandths of a gallon: one fill is one piece.
_LINES = """CREATE TABLE lines AS
SELECT transactions.* EXCLUDE (quantity), CASE WHEN quantity BETWEEN 1 AND 200 THEN quantity ELSE 1 END AS quantity,
       coalesce(product_category, department, '') AS category
FROM transactions LEFT JOIN products USING (product_id) WHERE sales_value > 0"""
_DAYS = f"""SELECT CAST(transaction_timestamp AS DATE) AS day, count(DISTINCT basket_id) AS orders FROM lines
WHERE transaction_timestamp >= TIMESTAMP '{FIRST_REPLAYED_DAY}' GROUP BY ALL ORDER BY day"""  # noqa: S608  # constants
_HISTORY = f"""SELECT {{columns}} FROM lines WHERE transaction_timestamp < TIMESTAMP '{FIRST_REPLAYED_DAY}'
ORDER BY user_id, timestamp, item_id"""  # noqa: S608  # constants
_COLUMNS = """'household-' || household_id AS user_id, CAST(basket_id AS VARCHAR) AS order_id,
  transaction_timestamp + INTERVAL {days} DAY AS timestamp, CAST(product_id AS VARCHAR) AS item_id, category, quantity,
  sales_value AS amount, 'USD' AS currency"""
_ORDERS = """SELECT user_id, order_id, timestamp,
  list((item_id, category, quantity, round(amount / quantity, 4)) ORDER BY item_id) AS products
FROM (SELECT {columns} FROM lines WHERE {span}) GROUP BY user_id, order_id, timestamp ORDER BY user_id, timestamp"""
_CATALOGUE = f"""SELECT CAST(product_id AS VARCHAR) AS item_id,
  any_value(upper(title[1]) || lower(title[2:])) AS title,
  any_value(category) AS category, round(median(sales_value / lines.quantity), 2) AS price, 'USD' AS currency,
  true AS in_stock, any_value(brand) AS brand, 'https://shop.example.com/products/' || product_id AS url,
  any_value(CASE WHEN department IN ({EATEN}) THEN {EATEN_DAYS} WHEN department IN ({USED}) THEN {USED_DAYS}
                 ELSE {KEPT_DAYS} END) AS repurchase_days
FROM lines LEFT JOIN
  (SELECT *, coalesce(product_type, product_category, department, 'Product ' || product_id) AS title FROM products)
  USING (product_id)
WHERE transaction_timestamp >= TIMESTAMP '{{since}}' AND transaction_timestamp < TIMESTAMP '{{until}}'
GROUP BY product_id ORDER BY product_id"""  # noqa: S608  # constants
_SUBSCRIBERS = """SELECT 'household-' || household_id AS user_id,
  'household-' || household_id || '@example.com' AS address,
  age AS age_group, income AS income_band, home_ownership, marital_status, household_size, kids_count
FROM (SELECT DISTINCT household_id FROM transactions) LEFT JOIN demographics USING (household_id)
ORDER BY household_id"""
