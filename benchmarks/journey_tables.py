"""Complete Journey as the lake would hold it, and its training tables at the end of 2017: simulated, no claims."""

import argparse
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from addressee.adapters.duckdb_lake import NO_EVENTS, connect
from addressee.models.prepare import prepare_tables
from addressee.models.tables import Tables

FOLDER = Path(".data/complete-journey")
AS_OF = date(2017, 12, 31)
_EVENTS = """
INSERT INTO events BY NAME
SELECT 'order-' || basket_id AS message_id, substr(sha256('household-' || household_id), 1, 32) AS subject,
  '' AS anonymous_subject, 'track' AS kind, 'Order Completed' AS name,
  epoch_ms(min(transaction_timestamp)) AS event_time_ms, epoch_ms(min(transaction_timestamp)) AS received_at_ms,
  CAST(basket_id AS VARCHAR) AS order_id, sum(CAST(round(sales_value * 100) AS BIGINT)) AS amount_minor_units,
  'USD' AS currency,
  list(struct_pack(item_id := CAST(product_id AS VARCHAR), category := coalesce(product_category, department, ''),
    quantity := CASE WHEN quantity BETWEEN 1 AND 200 THEN quantity ELSE 1 END,
    amount_minor_units := CAST(round(sales_value * 100) AS BIGINT))
    ORDER BY product_id, sales_value, quantity) AS lines,
  '' AS send_id, '' AS campaign, '' AS label, '' AS device, '' AS locale, '' AS time_zone
FROM '{folder}/transactions.parquet' LEFT JOIN '{folder}/products.parquet' USING (product_id) WHERE sales_value > 0
GROUP BY household_id, basket_id
"""


def available(folder: Path = FOLDER) -> bool:
    """Tell whether `make data` has fetched the data."""
    return all((folder / name).exists() for name in ("transactions.parquet", "products.parquet"))


def asked_tables(options: argparse.Namespace) -> Tables | None:
    """Return the tables of the data in `options.journey`, else where `make data` puts them; None, and said, if none."""
    folder = Path(getattr(options, "journey", FOLDER))
    if not available(folder):
        print(f"Complete Journey is not in {folder} (make data): its rows are left out")  # noqa: T201  # a command's output
        return None
    return journey_tables(folder)


def journey_tables(folder: Path = FOLDER) -> Tables:
    """Return the tables as of the last day of the data."""
    with TemporaryDirectory(prefix="journey-") as spill, connect(Path(spill)) as lake:
        lake.execute(NO_EVENTS)
        lake.execute(_EVENTS.format(folder=folder))
        return prepare_tables(lake, as_of=AS_OF)
