"""Names for segments that a marketer understands: when people buy, and what sets them apart, in two words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from addressee.models.tables import Floats

PLAIN = 0.3
"""Below so many standard deviations from everybody a segment is like everybody."""
PROSPECTS = 0.5
"""From this share of people without an order on, a segment is one of prospects."""


class Wording(NamedTuple):
    """A word, and the features whose mean distance from everybody, in standard deviations, it tells; minus: low."""

    word: str
    features: tuple[str, ...]


PACE: Sequence[Wording] = (
    Wording("lapsed", ("recency_days", "overdue")),
    Wording("active", ("-recency_days", "-seen_recency_days")),
    Wording("frequent", ("orders_30d", "orders_90d")),
    Wording("occasional", ("-orders_30d", "-orders_90d")),
    Wording("new", ("-customer_days", "-tenure_days")),
    Wording("longstanding", ("customer_days", "tenure_days")),
    Wording("rising", ("orders_trend",)),
    Wording("evening", ("evening_share",)),
    Wording("weekend", ("weekend_share",)),
)
"""How they buy: the first word."""
TRAIT: Sequence[Wording] = (
    Wording("big_baskets", ("basket_mean", "basket_largest", "items_per_order")),
    Wording("small_baskets", ("-basket_mean", "-basket_largest", "-items_per_order")),
    Wording("big_spenders", ("revenue_90d", "monetary_total")),
    Wording("small_spenders", ("-revenue_90d", "-monetary_total")),
    Wording("browsers", ("views_30d", "views_90d")),
    Wording("cart_fillers", ("carts_30d", "cart_items")),
    Wording("mail_clickers", ("clicks_30d", "clicks_90d")),
    Wording("mail_readers", ("opens_30d", "opens_90d")),
    Wording("bargain_hunters", ("-unit_price_mean", "-unit_price_90d")),
    Wording("premium_buyers", ("unit_price_mean", "unit_price_90d")),
    Wording("variety_seekers", ("distinct_items", "-category_concentration")),
    Wording("one_category_buyers", ("category_concentration", "category_top_share")),
    Wording("returners", ("refund_share",)),
)
"""What they are: the second word."""
VISITORS = frozenset({"browsers", "cart_fillers", "mail_clickers", "mail_readers"})
"""What somebody can be who has not bought yet."""
_PLAIN_PACE, _PLAIN_TRAIT, _PROSPECT = "steady", "shoppers", "prospective"


def named(
    profiles: Floats, features: Sequence[str], size: Sequence[int], without_order: Floats, kept: Sequence[str]
) -> list[str]:
    """Return a name for each of k segments, no two alike; `kept` are names of before, empty where there is none.

    `profiles` [k, m] are means of the `features` in standard deviations from everybody. The largest chooses first.
    """
    names = list(kept)
    for index in sorted(range(len(names)), key=lambda at: (-size[at], at)):
        if not names[index]:
            profile = dict(zip(features, profiles[index].tolist(), strict=True))
            names[index] = _free(_proposals(profile, prospects=bool(without_order[index] >= PROSPECTS)), names)
    return names


def defining(profile: Floats, features: Sequence[str], *, most: int) -> list[tuple[str, float]]:
    """Return the features in which a segment differs most from everybody, by how many standard deviations."""
    order = np.argsort(-np.abs(np.round(profile, 9)), kind="stable")[:most]
    return [(features[at], round(float(profile[at]), 3)) for at in order]


def _proposals(profile: Mapping[str, float], *, prospects: bool) -> Iterator[str]:
    """Yield names, the one that tells most first."""
    pace = [(0.0, _PROSPECT)] if prospects else _strong(PACE, profile, _PLAIN_PACE)
    told = [each for each in TRAIT if not prospects or each.word in VISITORS]
    trait = _strong(told, profile, _PLAIN_TRAIT)
    pairs = [(one + other, first, second) for one, first in pace for other, second in trait]
    for _, first, second in sorted(pairs, key=lambda pair: -pair[0]):
        yield f"{first}_{second}"


def _strong(wordings: Sequence[Wording], profile: Mapping[str, float], plain: str) -> list[tuple[float, str]]:
    """Return the words that tell of something, and a plain one that tells nothing."""
    told = [(_strength(each, profile), each.word) for each in wordings]
    return [*(each for each in told if each[0] >= PLAIN), (0.0, plain)]


def _strength(wording: Wording, profile: Mapping[str, float]) -> float:
    signs = [(name.removeprefix("-"), -1.0 if name.startswith("-") else 1.0) for name in wording.features]
    known = [sign * profile[name] for name, sign in signs if name in profile]
    return round(sum(known) / len(known), 9) if known else 0.0


def _free(proposals: Iterator[str], taken: Sequence[str]) -> str:
    """Return the first name that is free; the first with a number where none is."""
    tried: list[str] = []
    for name in proposals:
        if name not in taken:
            return name
        tried.append(name)
    return next(f"{tried[0]}_{number}" for number in range(2, len(taken) + 2) if f"{tried[0]}_{number}" not in taken)
