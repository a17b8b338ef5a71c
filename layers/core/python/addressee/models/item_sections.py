"""The item table of a bundle, written: the arrays that `ranking.ItemTable` reads."""

from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from addressee.models.ranking import Sections
from addressee.models.tables import Indices, Interactions, Ints, Items
from addressee.profiles.hashing import CATEGORY_BUCKETS, category_bucket, item_hash

POPULAR_DAYS = 28
POPULAR_ITEMS = 200


@dataclass(frozen=True)
class Rows:
    """The items that a model knows: `item` [rows] indexes `Items`, in the order of `item_hash`; `row` is its inverse.

    `row` is [items], -1 for an item that is left out. Where two ids share a hash, the one with more buyers stays.
    """

    item: Indices
    row: Indices
    hashes: Ints


def known_rows(items: Items, buyers: Ints, *, least_buyers: int) -> Rows:
    """Choose the items with at least `least_buyers` buyers ([items]) and order them by hash."""
    chosen = np.flatnonzero(buyers >= max(least_buyers, 1))
    hashes = hash_items(items)[chosen]
    order = np.lexsort((chosen, -buyers[chosen], hashes))
    first = np.diff(hashes[order], prepend=-1) != 0
    item = chosen[order][first].astype(np.int32)
    row = np.full(len(items.ids), -1, np.int32)
    row[item] = np.arange(len(item), dtype=np.int32)
    return Rows(item, row, hashes[order][first])


def hash_items(items: Items) -> Ints:
    """Return `item_hash` of every item."""
    return _hashes(items.ids)


@lru_cache(maxsize=2)
def _hashes(ids: tuple[str, ...]) -> Ints:
    """Hash each id; a run fits and asks on the same items several times."""
    hashes = np.array([item_hash(item_id) for item_id in ids], np.int64)
    hashes.setflags(write=False)
    return hashes


def count_buyers(purchases: Interactions, items: int) -> Ints:
    """Count the different people who bought each item."""
    _, item = distinct_pairs(purchases.subject, purchases.item, items)
    return np.bincount(item, minlength=items).astype(np.int64)


def distinct_pairs(left: Indices, right: Indices, width: int) -> tuple[Ints, Ints]:
    """Return each pair (left, right) once, sorted; `right` is below `width`. Sorting beats `np.unique` on integers."""
    keys = np.sort(left.astype(np.int64) * max(width, 1) + right)
    keys = keys[np.diff(keys, prepend=-1) != 0]
    return keys // max(width, 1), keys % max(width, 1)


def most_bought(purchases: Interactions, rows: Rows, *, day: int, k: int) -> tuple[Indices, Ints]:
    """Return the `k` rows with the most buyers in the `POPULAR_DAYS` days up to `day`, and how many; ties by row."""
    lately = purchases.where(purchases.day > day - POPULAR_DAYS)
    buyers = count_buyers(lately, len(rows.row))[rows.item]
    top = np.argsort(-buyers, kind="stable")[:k]
    top = top[buyers[top] > 0]
    return top.astype(np.int32), buyers[top]


def item_table(items: Items, rows: Rows, purchases: Interactions, *, day: int) -> dict[str, "array[Any]"]:
    """Return the item table's sections, with what is popular at the end of `day`."""
    ids = [items.ids[index].encode() for index in rows.item]
    popular, buyers = most_bought(purchases, rows, day=day, k=POPULAR_ITEMS)
    return {
        "item_hash": packed("I", rows.hashes),
        "id_end": packed("I", np.cumsum([len(each) for each in ids], dtype=np.int64)),
        "ids": array("B", b"".join(ids)),
        "popular": packed("I", popular),
        "popular_buyers": packed("I", buyers),
        "popular_bucket": array("B", (_bucket(items.categories[rows.item[row]]) for row in popular)),
    }


def _bucket(category: str) -> int:
    """Return a category's bucket, the one behind the last for none."""
    return category_bucket(category) if category else CATEGORY_BUCKETS


def packed(typecode: str, values: "np.ndarray[Any, Any]") -> "array[Any]":
    """Turn a numpy array into the standard library's, as `packed.pack` takes it."""
    out: array[Any] = array(typecode)
    out.frombytes(np.ascontiguousarray(values, dtype=np.dtype(typecode)).tobytes())
    return out


def numbers(sections: Sections, name: str) -> "np.ndarray[Any, Any]":
    """View a section as numpy, without copying."""
    values = sections[name]
    return np.frombuffer(values, dtype=np.dtype(values.typecode)) if len(values) else np.empty(0, values.typecode)


def rows_of(sections: Sections, items: Items) -> Indices:
    """Return the model's row of each of `items` (of other tables, perhaps), -1 where it does not know it."""
    known, asked = numbers(sections, "item_hash").astype(np.int64), hash_items(items)
    if not len(known):
        return np.full(len(asked), -1, np.int32)
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[place] == asked, place, -1).astype(np.int32)
