"""Generated training tables with a known truth: tastes, favourites, rates of buying, people who fade away.

And mails to them (`generated_mails.py`): people differ in how and when they click, and half of them buy for a mail.
"""

from dataclasses import replace

import numpy as np

from addressee.models.tables import BUYS, HORIZON_DAYS, LAPSES, Interactions, Items, Metadata, Now, People, Tables
from addressee.profiles.measures import NEVER_DAYS
from tests.models.generated_mails import PULL, generate_sends, generate_trials, nature

AS_OF_DAY = 20_000
FIRST_DAY = AS_OF_DAY - 250
CUT_DAYS = tuple(AS_OF_DAY - 7 * weeks for weeks in (24, 20, 16, 12, 8, 7, 6, 5, 4, 3, 2, 1))
FEATURES = (
    "recency_days",
    "orders_total",
    "orders_30d",
    "orders_90d",
    "revenue_90d",
    "customer_days",
    "mood",
    "basket_mean",
    "category_code",
    "age_years",
    "language_code",
    "country_code",
)
YEAR_CUT_DAYS = tuple(AS_OF_DAY - 7 * weeks for weeks in (39, 26, 20, 16, 13, 8, 4, 1))
"""Cut-offs of a longer history: those a quarter, two and three ago are among them."""
TASTES = 6
ITEMS_PER_TASTE = 20
UNSOLD_PER_TASTE = 2
CATEGORIES, RELUCTANT = 6, 3
"""Codes of favourite categories, and the one whose buyers are slow to buy again: neither end of the codes."""
COUNTRIES, REGIONS = 60, 6
"""Codes of countries, more than are told apart one by one; half of the people of a region speak its language."""
FEATURE_HASH = "f" * 64
WORDS = (
    "oat milk cream dairy",
    "sofa lamp oak chair",
    "trail boot rain tent",
    "novel crime poem atlas",
    "drill saw nail timber",
    "rose seed soil spade",
)
"""What the catalogue says of the items of each taste; the item's own name stands before."""


def generate(
    seed: int = 0,
    *,
    people: int = 500,
    first_day: int = FIRST_DAY,
    cut_days: tuple[int, ...] = CUT_DAYS,
    pull: float = PULL,
) -> Tables:
    """Return tables of people who each like one taste, buy a few favourites again and again, and many fade away.

    Two thirds of an order are favourites, a third is anything of the person's taste. Rates and amounts differ between
    people; from some day on, one in two waits half as long again after each order. Labels are drawn from
    `chance_to_buy`, which needs two features.
    """
    rng = np.random.default_rng(seed)
    interactions = _purchases(rng, people, first_day)
    items = _items(np.random.default_rng([seed, 4]))
    parts = [(day, _features(interactions, people, day, rng)) for day in cut_days]
    known = [np.isin(np.arange(people), interactions.until(day).subject) for day in cut_days]
    examples = People(
        features=np.concatenate([features[rows] for (_, features), rows in zip(parts, known, strict=True)]),
        subject=np.concatenate([np.flatnonzero(rows) for rows in known]).astype(np.int32),
        cut_day=np.repeat(np.array(cut_days, np.int32), [rows.sum() for rows in known]),
        labels={},
        known={},
    )
    now = _features(interactions, people, AS_OF_DAY, rng)
    natures, mood = nature(people, seed=seed), FEATURES.index("mood")
    moods = np.random.default_rng([seed, 5])

    def then(day: int):
        seen = np.unique(interactions.until(day).subject)
        return seen, _features(interactions, people, day, moods)[seen]

    return Tables(
        metadata=Metadata("2024-10-04", AS_OF_DAY, first_day, FEATURES, FEATURE_HASH, cut_days, {"subjects": people}),
        subjects=tuple(f"{number:032x}" for number in range(people)),
        items=items,
        people=_labelled(examples, rng),
        interactions=interactions,
        now=Now(now, now[:, 0] < 28),
        sends=generate_sends(natures, then, mood, as_of_day=AS_OF_DAY, seed=seed, pull=pull),
        trials=generate_trials(then, mood, as_of_day=AS_OF_DAY, seed=seed),
        groups={"age_group": natures.age_group, "gender": natures.gender},
    )


def _items(rng: np.random.Generator) -> Items:
    """Return the items of each taste, and at the end some that nobody bought yet; words tell the taste."""
    sold = [(f"taste-{taste}-item-{item:02d}", taste) for taste in range(TASTES) for item in range(ITEMS_PER_TASTE)]
    unsold = [(f"unsold-{taste}-{item}", taste) for taste in range(TASTES) for item in range(UNSOLD_PER_TASTE)]
    ids, tastes = zip(*sold, *unsold, strict=True)
    texts = (
        f"{name}\n{' '.join(rng.choice(WORDS[taste].split(), 3))}" for name, taste in zip(ids, tastes, strict=True)
    )
    return Items(ids, ("",) * len(ids), tuple(texts), tuple(rng.integers(100, 2_000, len(ids)).tolist()))


def _purchases(rng: np.random.Generator, people: int, first_day: int) -> Interactions:
    rows = []
    for subject in range(people):
        taste = rng.integers(TASTES)
        favourites = taste * ITEMS_PER_TASTE + rng.choice(ITEMS_PER_TASTE, 4, replace=False)
        fades = rng.integers(first_day, AS_OF_DAY) if rng.random() < 0.5 else AS_OF_DAY + 1
        starts = first_day + rng.integers(0, 40)
        gap, price = rng.gamma(3.0, 3.0) + 1.0, int(rng.integers(100, 2_000))
        day = starts + rng.exponential(gap)
        while day < AS_OF_DAY + 1:
            liked = rng.choice(favourites, 2, replace=False)
            other = taste * ITEMS_PER_TASTE + int(ITEMS_PER_TASTE * rng.random() ** 1.5)
            rows += [(subject, int(day), item, price) for item in sorted({*liked.tolist(), other})]
            gap *= 1.5 if day > fades else 1.0
            day += rng.exponential(gap)
    subject, day, item, amount = np.array(rows).T
    basket = np.cumsum(np.diff(subject, prepend=-1) + np.diff(day, prepend=-1) != 0) - 1
    columns = {"subject": subject, "item": item, "basket": basket, "day": day, "received_day": day}
    return Interactions(
        **{name: values.astype(np.int32) for name, values in columns.items()},
        quantity=np.ones(len(rows), np.int64),
        amount_minor_units=amount.astype(np.int64),
    )


def _categories(people: int) -> np.ndarray:
    """Return each person's favourite category, from a stream of its own; of some nobody knows it."""
    return np.random.default_rng([people, 6]).integers(0, CATEGORIES + 1, people).astype(np.float64)


def _ages(people: int) -> np.ndarray:
    """Return what people declared, from a stream of its own; a fifth declared nothing, and it says nothing."""
    rng = np.random.default_rng([people, 7])
    return np.where(rng.random(people) < 0.2, np.nan, rng.integers(18, 90, people).astype(np.float64))


def _places(people: int) -> np.ndarray:
    """Return everybody's language and country, from a stream of its own; they say nothing."""
    rng = np.random.default_rng([people, 8])
    country, spoken = rng.integers(1, COUNTRIES + 1, people), rng.integers(1, REGIONS + 1, people)
    language = np.where(rng.random(people) < 0.5, 1 + country % REGIONS, spoken)
    return np.column_stack([language, country]).astype(np.float64)


def _features(interactions: Interactions, people: int, day: int, rng: np.random.Generator):
    known = interactions.until(day)
    last, first = np.full(people, -(10**6)), np.full(people, 10**6)
    np.maximum.at(last, known.subject, known.day)
    np.minimum.at(first, known.subject, known.day)
    orders = {
        days: np.bincount(known.subject, 0.5 ** ((day - known.day) / days) / 3, minlength=people) for days in (30, 90)
    }
    orders_total = np.bincount(known.subject, minlength=people) / 3
    revenue = np.bincount(known.subject, known.amount_minor_units, minlength=people)
    spent = np.bincount(known.subject, known.amount_minor_units * 0.5 ** ((day - known.day) / 90), minlength=people)
    return np.column_stack(
        [
            np.minimum(day - last + 0.5, NEVER_DAYS),
            orders_total,
            orders[30],
            orders[90],
            spent,
            np.where(first < 10**6, day - first + 0.5, NEVER_DAYS),
            rng.normal(size=people),
            revenue / np.maximum(orders_total, 1.0),
            _categories(people),
            _ages(people),
            _places(people),
        ]
    )


def chance_to_buy(features: np.ndarray) -> np.ndarray:
    """Return the planted truth: the chance grows with the mood, falls with the recency, and in one category."""
    mood, recency = features[:, FEATURES.index("mood")], np.log1p(features[:, FEATURES.index("recency_days")])
    reluctant = features[:, FEATURES.index("category_code")] == RELUCTANT
    return 1.0 / (1.0 + np.exp(-(1.2 * mood - 1.2 * (recency - 2.3) - 1.5 * reluctant)))


def _labelled(examples: People, rng: np.random.Generator) -> People:
    """Draw the labels from the planted chance; a lapse has the chance that no purchase has."""
    chance = chance_to_buy(examples.features)
    labels = {BUYS: rng.random(len(chance)) < chance, LAPSES: rng.random(len(chance)) >= chance}
    everybody = np.ones(len(chance), np.bool_)
    known = {name: everybody & (examples.cut_day + HORIZON_DAYS[name] <= AS_OF_DAY) for name in labels}
    return replace(examples, labels=labels, known=known)
