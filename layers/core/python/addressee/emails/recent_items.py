"""`RecentItems`: the catalogue, read once for many mails that go out together and show much the same."""

from collections.abc import Callable, Mapping, Sequence

from addressee.decisions.ports import Catalogue
from addressee.profiles.items import Item


class RecentItems:
    """A `Catalogue` that remembers for some seconds what it read: a product may be sold out for as long unnoticed.

    Threads may share it; at worst two of them read the same item.
    """

    def __init__(self, catalogue: Catalogue, *, seconds: float, clock: Callable[[], float]) -> None:
        """Wrap a catalogue; `clock` is seconds, monotonic."""
        self._catalogue, self._seconds, self._clock = catalogue, seconds, clock
        self._known: dict[str, Item | None] = {}
        self._until = clock() + seconds

    def get_many(self, item_ids: Sequence[str]) -> Mapping[str, Item]:
        """Read items by id; those that do not exist are absent, which is remembered too. A fault flies."""
        if self._clock() >= self._until:
            self._known, self._until = {}, self._clock() + self._seconds
        known = self._known
        missing = [item_id for item_id in item_ids if item_id not in known]
        if missing:
            found = self._catalogue.get_many(missing)
            known.update({item_id: found.get(item_id) for item_id in missing})
        return {item_id: item for item_id in item_ids if (item := known[item_id]) is not None}
