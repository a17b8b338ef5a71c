"""The catalogue's part in `Items`: words and prices of what was bought, and what is for sale and nobody bought."""

from collections.abc import Collection, Iterable, Iterator
from heapq import nlargest

from duckdb import DuckDBPyConnection

from addressee.profiles.items import Item

MAX_COLD_ITEMS = 20_000
TEXT_CHARACTERS = 1_000

_CATALOGUE = """
CREATE OR REPLACE TEMP TABLE catalogue AS
SELECT unnest($item_id::VARCHAR[]) AS item_id, unnest($category::VARCHAR[]) AS category,
       unnest($text::VARCHAR[]) AS text, unnest($price::BIGINT[]) AS price_minor_units
"""


def load_catalogue(
    lake: DuckDBPyConnection, items: Iterable[Item], bought: Collection[str], *, end_ms: int, most: int = MAX_COLD_ITEMS
) -> bool:
    """Create `catalogue` of what `chosen_items` chooses; tell whether there was anything."""
    kept = sorted(chosen_items(items, bought, end_ms=end_ms, most=most), key=lambda item: item.item_id)
    columns = {
        "item_id": [item.item_id for item in kept],
        "category": [item.category for item in kept],
        "text": [item_text(item) for item in kept],
        "price": [item.price_minor_units for item in kept],
    }
    lake.execute(_CATALOGUE, columns)
    return bool(kept)


def chosen_items(
    items: Iterable[Item], bought: Collection[str], *, end_ms: int, most: int = MAX_COLD_ITEMS
) -> Iterator[Item]:
    """Choose of `items` those that were bought, and the newest `most` others that are for sale then.

    `end_ms` is exclusive. The newest are those on sale from the latest time on, else those written last. `items` may be
    any number; no more than needed are kept.
    """
    known: list[Item] = []

    def others() -> Iterator[Item]:
        for item in items:
            if item.item_id in bought:
                known.append(item)
            elif item.for_sale(end_ms - 1):
                yield item

    yield from nlargest(most, others(), key=lambda item: (item.valid_from_ms or item.updated_at_ms, item.item_id))
    yield from known


def item_text(item: Item) -> str:
    """Return what the catalogue says of an item in words, one line each: title, category, brand, description."""
    lines = (item.title, item.category, item.brand, item.description)
    return "\n".join(line for line in lines if line)[:TEXT_CHARACTERS]
