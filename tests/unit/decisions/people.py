"""People, items and models for the tests of this folder."""

from addressee.decisions.champions import Champions
from addressee.decisions.person import Person
from addressee.models.ranking import Scored
from addressee.profiles.hashing import item_hash
from addressee.profiles.items import Item
from addressee.profiles.state import DAY_MS, State
from tests.fakes.decisions import ToldRecommender, ToldScorer, ToldSegmenter

TODAY = 20_000
NOW = TODAY * DAY_MS + 9 * 3_600_000
SUBJECT = "0123456789abcdef0123456789abcdef"


def state(**given: object) -> State:
    """Make a state that was seen yesterday; `bought` maps item ids to days ago, `cart` names items."""
    bought = {item_hash(item): TODAY - ago for item, ago in given.pop("bought", {}).items()}
    cart = {item_hash(item): (1 << 16) | 1 for item in given.pop("cart", ())}
    return State(**{"bought": bought, "cart": cart, "last_seen_ms": NOW - DAY_MS, "first_seen_ms": 1, **given})


def willing(**given: object) -> Person:
    """Make somebody who granted consent long ago."""
    return Person(**{"subject": SUBJECT, "granted": True, "granted_at_ms": 1, "state": state(), **given})


def scored(*items: str, support: float = 10.0) -> list[Scored]:
    """Rank the items in their order."""
    return [Scored(item, float(len(items) - place), support) for place, item in enumerate(items)]


def champions(**given: object) -> Champions:
    """Make one model of every role; `buy_again`, `discover`, `popular`, `segment` are item ids, best first."""
    popular = scored(*given.get("popular", ()))
    told = {
        kind: ToldRecommender(scored(*given[kind], support=given.get("support", 10.0)), popular)
        for kind in ("buy_again", "discover", "next_product")
        if kind in given
    }
    segmenters = {"rfm_tiers": ToldSegmenter(scored(*given["segment"]), popular)} if "segment" in given else {}
    return Champions(told, {"buys_in_7_days": ToldScorer()}, segmenters, {"discover": "2024-10-03-abc"})


class Shop:
    """A catalogue that sells every item in stock, save those it was told otherwise, and counts what is read."""

    def __init__(self, *items: Item, missing: tuple[str, ...] = ()) -> None:
        """Stock the shelves."""
        self.items = {item.item_id: item for item in items}
        self.missing = missing
        self.reads: list[int] = []

    def get_many(self, item_ids: list[str]) -> dict[str, Item]:
        """Read items by id."""
        self.reads.append(len(item_ids))
        return {
            each: self.items.get(each, Item(each, category="food")) for each in item_ids if each not in self.missing
        }
