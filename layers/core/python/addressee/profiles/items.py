"""The catalogue: items as they are sold, and changes that name some of an item's fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from addressee.events.event import Refusal
from addressee.profiles.checks import (
    boolean,
    currency,
    identifier,
    locale,
    minor_units,
    time_ms,
    up_to,
    web_address,
    whole_days,
)

MAX_ROWS = 500


class Item(NamedTuple):
    """One product. Money in minor units, times in milliseconds since the epoch; None means no limit.

    A tuple: a decision makes two dozen of them, and a frozen dataclass of so many fields takes three times as long.
    """

    item_id: str
    title: str = ""
    category: str = ""
    price_minor_units: int = 0
    currency: str = ""
    in_stock: bool = True
    url: str = ""
    image: str = ""
    brand: str = ""
    locale: str = ""
    description: str = ""
    repurchase_days: int | None = None
    valid_from_ms: int | None = None
    valid_until_ms: int | None = None
    updated_at_ms: int = 0

    def for_sale(self, now_ms: int) -> bool:
        """Say whether the item is in stock and inside its validity (from inclusive, until exclusive)."""
        begun = self.valid_from_ms is None or self.valid_from_ms <= now_ms
        return self.in_stock and begun and (self.valid_until_ms is None or now_ms < self.valid_until_ms)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What one row says about one item: stored names to values; None removes a field.

    `whole`: the row is the whole item, what it does not name is gone. Otherwise only the named fields change, and the
    item must exist.
    """

    item_id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = True


class ItemStore(Protocol):
    """Keeps the catalogue."""

    def get_many(self, item_ids: Sequence[str]) -> Mapping[str, Item]:
        """Read items by id; those that do not exist are absent."""
        ...

    def put_many(self, changes: Sequence[ItemChange]) -> frozenset[str]:
        """Apply changes in their order; the ids of those that would change an item that does not exist."""
        ...


_FIELDS: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    "title": ("title", up_to(300)),
    "category": ("category", up_to(120)),
    "price": ("price_minor_units", minor_units),
    "currency": ("currency", currency),
    "inStock": ("in_stock", boolean),
    "url": ("url", web_address),
    "image": ("image", web_address),
    "brand": ("brand", up_to(120)),
    "locale": ("locale", locale),
    "description": ("description", up_to(2000)),
    "repurchaseDays": ("repurchase_days", whole_days),
    "validFrom": ("valid_from_ms", time_ms),
    "validUntil": ("valid_until_ms", time_ms),
}
_DEFAULTS: Mapping[str, Any] = Item._field_defaults
_fields = itemgetter(*Item._fields)


def read_item_row(row: object, *, whole: bool, now_ms: int) -> ItemChange | Refusal:
    """Read one row of `PUT /v1/items`; a whole item needs a title. Money is rounded half up to minor units."""
    if not isinstance(row, Mapping):
        return Refusal("", "must be an object")
    item_id = row.get("itemId")
    if (reason := identifier(item_id)) is not None:
        return Refusal("itemId", reason)
    values: dict[str, Any] = {"updated_at_ms": now_ms}
    for name, given in row.items():
        if name == "itemId":
            continue
        if name not in _FIELDS:
            return Refusal(str(name), "is not a field of an item")
        stored, read = _FIELDS[name]
        try:
            values[stored] = None if given is None else read(given)
        except ValueError as error:
            return Refusal(name, str(error))
    if whole and not values.get("title"):
        return Refusal("title", "a whole item needs one")
    return ItemChange(str(item_id), values, whole=whole)


def item_of(row: Mapping[str, Any]) -> Item:
    """Build an item of a stored row, which has no None; attributes that this version does not know are ignored."""
    return Item._make(_fields({**_DEFAULTS, **row}))
