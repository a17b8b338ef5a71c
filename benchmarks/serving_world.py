"""A simulated shop for suite `serving`: 5,000 items, models fitted to its purchases, one regular customer."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from addressee.adapters.dynamo import to_item
from addressee.adapters.dynamo_scores import body_bytes
from addressee.models.bundle import Bundle, seal
from addressee.models.kind import Kind
from addressee.models.kinds import kind_of
from addressee.models.packed import pack
from addressee.models.tables import BUYS, LAPSES, Floats, Interactions, Items, Metadata, Now, People, Tables
from addressee.profiles.features import CATEGORICAL, FEATURE_HASH, FEATURE_NAMES
from addressee.profiles.hashing import item_hash
from addressee.profiles.packing import pack as pack_state
from addressee.profiles.sections import BOUGHT
from addressee.profiles.state import DAY_MS, State

ITEMS = 5_000
CANDIDATES = 100
LEVELS = 12
TODAY = 20_484
NOW_MS = TODAY * DAY_MS + 36_000_000
AS_OF = "2026-01-30"
BUCKET = "models"
SERVED = ("buy_again", "discover", "buys_in_7_days", "lapses_in_28_days", "rfm_tiers")
KEY = "a key of this benchmark"
SUBJECT = "0" * 32


@dataclass(frozen=True)
class World:
    """What both stacks read: bundles by kind, the person's rows and the items' rows (plain Python values)."""

    bundles: tuple[Bundle, ...]
    rows: tuple[dict[str, Any], ...]
    items: dict[str, dict[str, Any]]

    def objects(self) -> dict[str, bytes]:
        """Lay the bundles and their pointer out as S3 objects, by `/bucket/key`."""
        versions = {each.kind: {"champion": each.version} for each in self.bundles}
        files = {
            f"/{BUCKET}/models/{each.kind}/{each.version}/{name}": body
            for each in self.bundles
            for name, body in each.files.items()
        }
        return {f"/{BUCKET}/models/champions.json": json.dumps(versions).encode(), **files}


def make_world(seed: int = 7, *, trees: Sequence[str] = ()) -> World:
    """Make the shop and fit five models, those in `trees` with boosted trees; the same seed makes the same ones."""
    rng = Random(seed)  # noqa: S311  # simulated data
    names, tables = item_names(), shop_tables()
    bundles = tuple(_bundle(kind_of(name), tables, boosted=name in trees) for name in SERVED)
    return World(
        bundles,
        _rows(names, rng, {each.kind: each.version for each in bundles}),
        {name: _item(name, rng) for name in names},
    )


def rows_of_another(world: World, seed: int) -> tuple[dict[str, Any], ...]:
    """Make the rows of one more customer, with a history of their own."""
    versions = {each.kind: each.version for each in world.bundles}
    return _rows(list(world.items), Random(seed), versions)  # noqa: S311  # simulated data


def item_names() -> list[str]:
    """Return the ids of the shop's items."""
    return [f"item-{number:05d}" for number in range(ITEMS)]


def _bundle(kind: Kind, tables: Tables, *, boosted: bool) -> Bundle:
    """Fit the preferred recipe on all days; whether it beats its floor is no question of speed."""
    recipe = next(each for each in kind.recipes() if not boosted or each.get("model") in {"trees", "stack"})
    fitted = kind.fit(tables, until=TODAY, recipe=recipe, rng=np.random.default_rng(7))
    about = {
        "recipe": dict(recipe),
        "family": fitted.family,
        "features": list(FEATURE_NAMES) if kind.uses_features else [],
        "feature_hash": FEATURE_HASH if kind.uses_features else "",
        "settings": dict(fitted.settings),
    }
    return seal(kind.name, AS_OF, {"serving.bin": pack(fitted.sections)}, about)


def shop_tables() -> Tables:
    """Make training tables: 2,000 people, 160 purchases each in half a year, popular items more often."""
    rng, names = np.random.default_rng(7), item_names()
    people, purchases, first_day = 2_000, 160, TODAY - 180
    subjects = tuple(f"{number:032x}" for number in range(people))
    count = people * purchases
    items = np.minimum(rng.exponential(ITEMS / 6, count).astype(np.int32), ITEMS - 1)
    days = np.sort(rng.integers(first_day, TODAY, (people, purchases)), axis=1).ravel().astype(np.int32)
    cuts = tuple(range(first_day + 60, TODAY, 30))
    counts = {"people": people, "purchases": count}
    return Tables(
        metadata=Metadata(AS_OF, TODAY, first_day, FEATURE_NAMES, FEATURE_HASH, cuts, counts),
        subjects=subjects,
        items=Items(tuple(names), tuple("food" for _ in names)),
        people=_examples(rng, people, cuts),
        interactions=Interactions(
            subject=np.repeat(np.arange(people, dtype=np.int32), purchases),
            item=items,
            basket=np.arange(count, dtype=np.int32),
            day=days,
            received_day=days,
            quantity=np.ones(count, np.int64),
            amount_minor_units=np.full(count, 199, np.int64),
        ),
        now=Now(_features(rng, people), np.ones(people, np.bool_)),
    )


def _features(rng: np.random.Generator, rows: int) -> Floats:
    """Draw skewed numbers, and codes where a feature stands for categories."""
    features = rng.lognormal(size=(rows, len(FEATURE_NAMES)))
    codes = [FEATURE_NAMES.index(name) for name in CATEGORICAL]
    features[:, codes] = rng.integers(0, LEVELS, (rows, len(codes)))
    return features


def _examples(rng: np.random.Generator, people: int, cuts: tuple[int, ...]) -> People:
    rows = people * len(cuts)
    labels = (BUYS, LAPSES)
    return People(
        features=_features(rng, rows),
        subject=np.tile(np.arange(people, dtype=np.int32), len(cuts)),
        cut_day=np.repeat(np.array(cuts, np.int32), people),
        labels={label: rng.random(rows) < 0.5 for label in labels},  # noqa: PLR2004  # a coin
        known={label: np.ones(rows, np.bool_) for label in labels},
    )


def _item(name: str, rng: Random) -> dict[str, Any]:
    price = rng.randrange(99, 9_999)
    url = f"https://shop.example.com/{name}"
    return {
        "item_id": name,
        "title": f"Title of {name}",
        "category": f"category {rng.randrange(24)}",
        "price_minor_units": price,
        "currency": "EUR",
        "in_stock": rng.randrange(20) > 0,
        "url": url,
        "image": f"{url}.jpg",
        "updated_at_ms": NOW_MS - DAY_MS,
    }


def _rows(names: list[str], rng: Random, versions: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """Make a person's rows, each as its function writes it: scores have six digits."""
    bought = rng.sample(names, BOUGHT)
    state = State(
        bought={item_hash(name): TODAY - rng.randrange(30, 300) for name in bought},
        hour_of_week=bytearray(rng.randrange(9) for _ in range(168)),
        active_days=rng.getrandbits(184),
        orders=60,
        items=700,
        revenue_minor_units=250_000,
        first_seen_ms=NOW_MS - 300 * DAY_MS,
        last_seen_ms=NOW_MS - DAY_MS,
        first_order_ms=NOW_MS - 300 * DAY_MS,
        last_order_ms=NOW_MS - 30 * DAY_MS,
    )
    half = CANDIDATES // 2
    candidates = {
        use: sorted(
            ((name, float(f"{5 * rng.random():.6g}"), float(rng.randrange(20, 90))) for name in chosen),
            key=lambda each: -each[1],
        )
        for use, chosen in (("buy_again", bought[:half]), ("discover", sorted(set(names) - set(bought))[:half]))
    }
    scores = {
        "as_of": AS_OF,
        "segments": {"rfm_tiers": "loyal"},
        "scores": {"buys_in_7_days": 0.5},
        "candidates": candidates,
        "versions": versions,
    }
    consent = {"granted": True, "at": NOW_MS - 200 * DAY_MS, "id": "a", "proof": "simulated", "source": "simulated"}
    return (
        {"subject": SUBJECT, "part": "consent", "c_email": consent},
        {"subject": SUBJECT, "part": "person", "user_id": "anna", "address": "anna@example.com"},
        {"subject": SUBJECT, "part": "scores", "body": body_bytes(scores)},
        {"subject": SUBJECT, "part": "state", "version": 9, "packed": pack_state(state)},
        {"subject": SUBJECT, "part": "touches", "body": b"[]"},
        {"subject": SUBJECT, "part": "traits", "t_time_zone": {"v": "Europe/Berlin", "at": 1, "id": "a"}},
    )


def typed(row: dict[str, Any]) -> dict[str, Any]:
    """Write a row in DynamoDB's JSON form: bytes as base64."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in to_item(row).items()
    }
