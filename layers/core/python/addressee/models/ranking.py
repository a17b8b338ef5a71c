"""Ranked products and the item table of a bundle: item hash -> row -> item id, straight from packed arrays."""

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Sections = Mapping[str, "array[Any]"]
_OF_OTHERS = 0.1


class Scored(NamedTuple):
    """One ranked product: its score (comparable within one answer) and the number of observations behind it."""

    item_id: str
    score: float
    support: float


class ItemTable:
    """The items that a model knows; rows are sorted by `profiles.hashing.item_hash`, so no index is built at start."""

    def __init__(self, sections: Sections) -> None:
        """Read `item_hash` [n], `id_end` [n] (end of each id in `ids`), `ids` (UTF-8) and `popular`, `buyers`."""
        self.hashes: array[int] = sections["item_hash"]
        self._ends: array[int] = sections["id_end"]
        self._ids: bytes = sections["ids"].tobytes()
        self._popular: array[int] = sections["popular"]
        self._popular_support: array[int] = sections["popular_buyers"]
        self._popular_buckets: Sequence[int] = sections.get("popular_bucket", ())

    def __len__(self) -> int:
        """Count the items."""
        return len(self.hashes)

    def row(self, item_hash: int) -> int:
        """Return the row of an item hash, or -1 where the model does not know it."""
        row = bisect_left(self.hashes, item_hash)
        return row if row < len(self.hashes) and self.hashes[row] == item_hash else -1

    def item_id(self, row: int) -> str:
        """Return the item id of a row."""
        start = self._ends[row - 1] if row else 0
        return self._ids[start : self._ends[row]].decode()

    def popular(self, k: int, spend: Sequence[float] = ()) -> list[Scored]:
        """Return the `k` items with the most recent buyers (at most as many as the bundle holds).

        With what a person spends by `category_bucket`, buyers count by the share of their item's bucket, and a tenth
        whatever it is; an item without a category counts that tenth.
        """
        places: Sequence[int] = range(len(self._popular))
        total = sum(spend)
        if total > 0 and self._popular_buckets:
            shares = [_OF_OTHERS + spent / total for spent in spend] + [_OF_OTHERS]
            last = len(spend)
            worth = [
                -buyers * shares[min(bucket, last)]
                for buyers, bucket in zip(self._popular_support, self._popular_buckets, strict=True)
            ]
            places = sorted(places, key=worth.__getitem__)
        return [
            Scored(self.item_id(self._popular[at]), float(self._popular_support[at]), float(self._popular_support[at]))
            for at in places[:k]
        ]


def confidence(support: float, half_support: float) -> float:
    """Turn a number of observations into [0, 1): n / (n + half), so that `half_support` observations give one half.

    It is the weight that a mean of n observations gets against a prior worth `half_support` of them (empirical Bayes
    shrinkage); it orders and cuts, it is not a probability.
    """
    return support / (support + half_support)
