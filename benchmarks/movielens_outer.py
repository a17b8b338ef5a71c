"""One outer split of MovieLens: 75 % of each person's ratings to learn and choose from, 25 % to judge by, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np

from addressee.models.generators.blend import FittedBlend
from addressee.models.generators.content import Content
from addressee.models.generators.generator import Fitted, Linear, Recipe, Scores
from addressee.models.generators.hidden import Hidden, hide
from addressee.models.generators.lists import diverse, top_items
from addressee.models.generators.stack import Stack
from addressee.models.list_metrics import (
    average_precision_of,
    coverage,
    diversity_of,
    hits_of,
    ndcg_of,
    precision_of,
    recall_of,
    reciprocal_rank_of,
)
from addressee.models.tables import Floats, Indices
from benchmarks.movielens import load
from benchmarks.movielens_contest import Slim, prepare

K = 10
OUTER_SHARE, INNER_SHARE, INNER_PARTS = 0.25, 0.1, 4
SERVED_NEIGHBOURS = 200
MMR_TRADE, MMR_POOL = 0.8, 50


@dataclass(frozen=True)
class Outcome:
    """A split's figures: `people[name][metric]` is [users], `lists[name][metric]` one figure, `seconds` of CPU."""

    people: Mapping[str, Mapping[str, Floats]]
    lists: Mapping[str, Mapping[str, float]]
    seconds: Mapping[str, float]
    chosen: Mapping[str, str]


def examine(seed: int, folder: Path) -> Outcome:
    """Split, choose on hidden parts of the training data, fit on all of it, and ask each contestant once."""
    data = load(folder)
    rng = np.random.default_rng(seed)
    outer = hide(data.rated, share=OUTER_SHARE, rng=rng, about=data.about)
    parts = [hide(outer.kept, share=INNER_SHARE, rng=rng, about=data.about) for _ in range(INNER_PARTS)]
    contest = prepare(parts, seed=seed)
    recipes: dict[str, Recipe] = {name: tuned.recipe for name, tuned in contest.best.items()}
    recipes |= {"blend": contest.blend, "linear_blend": contest.linear, "hybrid": contest.hybrid}
    recipes["slim"] = Slim()
    fitted, seconds = dict[str, Fitted](), dict[str, float]()
    for name, recipe in recipes.items():
        begun = process_time()
        fitted[name] = _fit(recipe, outer, parts, seed=seed)
        seconds[name] = process_time() - begun
    fitted["served"] = _served(fitted["linear_blend"])
    lists = {name: top_items(outer.answers(each), k=K, seen=outer.rows) for name, each in fitted.items()}
    alike = Content().fit(outer.kept, rng=rng, about=data.about)
    similarity = alike.block(0, alike.size)
    lists["hybrid_mmr"] = _diversified(outer, outer.answers(fitted["hybrid"]), similarity)
    people = {name: _of_people(outer, each) for name, each in lists.items()}
    whole = {name: _of_lists(each, similarity) for name, each in lists.items()}
    return Outcome(people, whole, seconds, {name: str(recipe) for name, recipe in recipes.items()})


def _fit(recipe: Recipe, outer: Hidden, parts: Sequence[Hidden], *, seed: int) -> Fitted:
    rng = np.random.default_rng(seed)
    if isinstance(recipe, Stack):
        return recipe.fit_on(outer.kept, parts, rng=rng, about=outer.about)
    return recipe.fit(outer.kept, rng=rng, about=outer.about)


def _served(blend: Fitted) -> Fitted:
    """Return the linear blend as a bundle serves it: few neighbours of each item, and one sum."""
    if not isinstance(blend, FittedBlend):
        raise TypeError(type(blend).__name__)
    return Linear(blend.item_item(top=SERVED_NEIGHBOURS))


def _diversified(outer: Hidden, scores: Scores, similarity: Scores) -> Indices:
    pool = top_items(scores, k=MMR_POOL, seen=outer.rows)
    return np.stack(
        [diverse(items, -np.arange(len(items), dtype=np.float64), similarity, k=K, trade=MMR_TRADE) for items in pool]
    )


def _of_people(outer: Hidden, lists: Indices) -> dict[str, Floats]:
    relevant = outer.hidden[outer.asked]
    hits, wanted = hits_of(lists, relevant), np.diff(relevant.indptr)
    return {
        "ndcg_at_10": ndcg_of(hits, wanted),
        "precision_at_10": precision_of(hits),
        "recall_at_10": recall_of(hits, wanted),
        "map_at_10": average_precision_of(hits, wanted),
        "mrr_at_10": reciprocal_rank_of(hits),
    }


def _of_lists(lists: Indices, similarity: Scores) -> dict[str, float]:
    return {
        "coverage": coverage(lists, len(similarity)),
        "diversity": float(diversity_of(lists, similarity).mean()),
    }
