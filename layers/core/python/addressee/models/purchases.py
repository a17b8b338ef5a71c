"""Orders in the lake -> `Interactions` and `Items`, through DuckDB: each order once, whoever it now belongs to.

Works on a connection that has `events` (the lake's rows) and, for interactions, `people` (person, subject: the index).
`end_ms` is exclusive: only rows received before it are seen, whatever their event time.
"""

from collections.abc import Iterable

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.catalogue import load_catalogue
from addressee.models.tables import Interactions, Items
from addressee.profiles.items import Item

DAY_MS = 86_400_000
ORDER = "Order Completed"
MACHINE = "machine"

_LINKS = """
CREATE OR REPLACE TEMP TABLE links AS
SELECT anonymous_subject, arg_min(subject, (received_at_ms, message_id)) AS person,
       min(received_at_ms) AS received_at_ms
FROM events WHERE kind = 'merge' AND received_at_ms < $end_ms GROUP BY anonymous_subject
"""

_ORDERS = """
CREATE OR REPLACE TEMP TABLE orders AS
SELECT coalesce(links.person, events.subject) AS person, events.subject, events.message_id, events.event_time_ms,
       events.received_at_ms, events.amount_minor_units, events.lines
FROM events LEFT JOIN links ON links.anonymous_subject = events.subject
WHERE events.kind = 'track' AND events.name = $order AND events.label IS DISTINCT FROM $machine
  AND events.received_at_ms < $end_ms
QUALIFY row_number() OVER (
  PARTITION BY coalesce(links.person, events.subject), events.message_id
  ORDER BY events.received_at_ms, events.event_time_ms, events.subject) = 1
"""

_LINES = """
CREATE OR REPLACE TEMP TABLE order_lines AS
SELECT person, event_time_ms, received_at_ms, message_id, line.item_id AS item_id, line.category AS category,
       line.quantity AS quantity, line.amount_minor_units AS amount_minor_units
FROM (SELECT * EXCLUDE (lines), unnest(lines) AS line FROM orders)
"""

_ITEMS = """
CREATE OR REPLACE TEMP TABLE items AS
WITH bought AS (
    SELECT item_id, arg_max(category, (event_time_ms, message_id)) FILTER (category <> '') AS category
    FROM order_lines WHERE item_id <> '' GROUP BY item_id
)
SELECT item_id, coalesce(bought.category, catalogue.category, '') AS category, coalesce(text, '') AS text,
       coalesce(price_minor_units, 0) AS price_minor_units, (row_number() OVER (ORDER BY item_id) - 1)::INTEGER AS item
FROM bought FULL JOIN catalogue USING (item_id)
"""

_INTERACTIONS = """
SELECT subject, item, (dense_rank() OVER (ORDER BY subject, event_time_ms, message_id) - 1)::INTEGER AS basket,
       (event_time_ms // $day_ms)::INTEGER AS day, (received_at_ms // $day_ms)::INTEGER AS received_day,
       sum(quantity)::BIGINT AS quantity, sum(amount_minor_units)::BIGINT AS amount_minor_units
FROM order_lines JOIN people USING (person) JOIN items USING (item_id)
GROUP BY subject, event_time_ms, message_id, received_at_ms, item ORDER BY basket, item
"""


def load_orders(lake: DuckDBPyConnection, *, end_ms: int) -> None:
    """Create the temporary tables `links`, `orders` and `order_lines` from what was received before then.

    An order that came twice (same person and message id) counts as first received.
    """
    lake.execute(_LINKS, {"end_ms": end_ms})
    lake.execute(_ORDERS, {"end_ms": end_ms, "order": ORDER, "machine": MACHINE})
    lake.execute(_LINES)


def load_items(lake: DuckDBPyConnection, catalogue: Iterable[Item], *, end_ms: int) -> Items:
    """Create `items`, those of all orders and those of the catalogue (`load_catalogue`), and return them.

    An item's category is the latest that an order named, else the catalogue's. Texts and prices are empty where the
    catalogue held nothing at all.
    """
    bought = {item_id for (item_id,) in lake.execute("SELECT DISTINCT item_id FROM order_lines").fetchall()}
    told = load_catalogue(lake, catalogue, bought, end_ms=end_ms)
    lake.execute(_ITEMS)
    rows = lake.execute("SELECT item_id, category, text, price_minor_units FROM items ORDER BY item").fetchall()
    ids, categories, texts, prices = (tuple(column) for column in zip(*rows, strict=True)) if rows else ((), (), (), ())
    return Items(ids, categories, texts, prices) if told else Items(ids, categories)


def read_interactions(lake: DuckDBPyConnection) -> Interactions:
    """Return the purchases of everybody in `people`, sorted by subject, event time and order."""
    columns = lake.execute(_INTERACTIONS, {"day_ms": DAY_MS}).fetchnumpy()
    return Interactions(**{name: np.ascontiguousarray(values) for name, values in columns.items()})
